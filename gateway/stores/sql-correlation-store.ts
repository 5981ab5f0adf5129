import type {
  Correlation,
  CorrelationStore,
} from '../../actors/initiating-gateway/correlation-store.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { Database, Reads, Writes } from './database.ts';

interface Tables {
  correlation: {
    patient_id: string;
    assigning_authority: string;
    home_community_id: string;
    remote_patient_id: string;
    remote_assigning_authority: string;
    /** Milliseconds since 1970. */
    expires_at: number;
    /** 1 or 0. */
    is_health_data_locator: number;
  };
  correlation_forgotten: {
    patient_id: string;
    assigning_authority: string;
    /** Milliseconds since 1970. */
    forgotten_at: number;
  };
}

/** Nobody asks for longer than this. */
const LONGEST_ASKING_MS = 3_600_000;

/** Correlations in the process's database. Those that have expired go whenever one is kept. */
export class SqlCorrelationStore implements CorrelationStore {
  readonly #database: Database;
  readonly #now: () => Date;

  constructor(database: Database, now: () => Date) {
    this.#database = database;
    this.#now = now;
  }

  async find({ id, assigningAuthority }: PatientId, now: Date): Promise<readonly Correlation[]> {
    const rows = await this.#database.read((queries: Reads<Tables>) =>
      queries
        .selectFrom('correlation')
        .selectAll()
        .where('patient_id', '=', id)
        .where('assigning_authority', '=', assigningAuthority)
        .where('expires_at', '>', now.getTime())
        .orderBy('home_community_id')
        .execute(),
    );
    return rows.map((row) => ({
      patientId: { id: row.patient_id, assigningAuthority: row.assigning_authority },
      homeCommunityId: row.home_community_id,
      remotePatientId: {
        id: row.remote_patient_id,
        assigningAuthority: row.remote_assigning_authority,
      },
      expiresAt: new Date(row.expires_at),
      isHealthDataLocator: row.is_health_data_locator === 1,
    }));
  }

  async keep(correlation: Correlation): Promise<void> {
    const { patientId, homeCommunityId, remotePatientId, expiresAt, isHealthDataLocator, askedAt } =
      correlation;
    const told = {
      remote_patient_id: remotePatientId.id,
      remote_assigning_authority: remotePatientId.assigningAuthority,
      expires_at: expiresAt.getTime(),
      is_health_data_locator: isHealthDataLocator ? 1 : 0,
    };
    await this.#database.write(async (queries: Writes<Tables>) => {
      await queries
        .deleteFrom('correlation')
        .where('expires_at', '<=', this.#now().getTime())
        .execute();
      if (askedAt !== undefined && (await forgottenSince(queries, patientId, askedAt))) return;
      await queries
        .insertInto('correlation')
        .values({
          patient_id: patientId.id,
          assigning_authority: patientId.assigningAuthority,
          home_community_id: homeCommunityId,
          ...told,
        })
        .onConflict((conflict) =>
          conflict
            .columns(['patient_id', 'assigning_authority', 'home_community_id'])
            .doUpdateSet(told),
        )
        .execute();
    });
  }

  async forget({ id, assigningAuthority }: PatientId, homeCommunityId?: string): Promise<void> {
    await this.#database.write(async (queries: Writes<Tables>) => {
      const ofPatient = queries
        .deleteFrom('correlation')
        .where('patient_id', '=', id)
        .where('assigning_authority', '=', assigningAuthority);
      if (homeCommunityId !== undefined) {
        await ofPatient.where('home_community_id', '=', homeCommunityId).execute();
        return;
      }
      await ofPatient.execute();
      const now = this.#now().getTime();
      await queries
        .deleteFrom('correlation_forgotten')
        .where('forgotten_at', '<', now - LONGEST_ASKING_MS)
        .execute();
      await queries
        .insertInto('correlation_forgotten')
        .values({ patient_id: id, assigning_authority: assigningAuthority, forgotten_at: now })
        .onConflict((conflict) =>
          conflict
            .columns(['patient_id', 'assigning_authority'])
            .doUpdateSet({ forgotten_at: now }),
        )
        .execute();
    });
  }
}

async function forgottenSince(
  queries: Reads<Tables>,
  { id, assigningAuthority }: PatientId,
  askedAt: Date,
): Promise<boolean> {
  const row = await queries
    .selectFrom('correlation_forgotten')
    .select('forgotten_at')
    .where('patient_id', '=', id)
    .where('assigning_authority', '=', assigningAuthority)
    .executeTakeFirst();
  return row !== undefined && row.forgotten_at >= askedAt.getTime();
}
