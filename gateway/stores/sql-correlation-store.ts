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
  };
}

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
    }));
  }

  async keep(correlation: Correlation): Promise<void> {
    const { patientId, homeCommunityId, remotePatientId, expiresAt } = correlation;
    const told = {
      remote_patient_id: remotePatientId.id,
      remote_assigning_authority: remotePatientId.assigningAuthority,
      expires_at: expiresAt.getTime(),
    };
    await this.#database.write(async (queries: Writes<Tables>) => {
      await queries
        .deleteFrom('correlation')
        .where('expires_at', '<=', this.#now().getTime())
        .execute();
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
}
