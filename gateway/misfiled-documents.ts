import type { IdentityStore } from '../actors/patient-identity/identity-store.ts';
import { activeOf } from '../actors/patient-identity/neighbourhood.ts';
import { decodeCX, encodeCX } from '../profiles/formats/datatypes.ts';
import { type PatientId, patientKey } from '../profiles/patient.ts';
import type { ControlCommands } from './control.ts';
import type { PatientUse } from './identity-operation.ts';
import type { Database } from './stores/database.ts';
import { type FiledEntry, filedEntries } from './stores/filed-entries.ts';

/** A document that is found under another patient than the one whose local id its source gave with it. */
export interface MisfiledDocument {
  readonly entryUUID: string;
  /** As CX. */
  readonly sourcePatientId: string;
  readonly filedUnder: string;
  readonly belongsTo: string;
}

/** So many objects are looked at before others have their turn. */
const OBJECTS_AT_ONCE = 500;
/** More are not listed at once: the one who asks goes on from `last`. */
const MOST_LISTED = 1_000;

export interface MisfiledOptions {
  readonly database: Database;
  readonly identities: IdentityStore;
  /** Records that an operator has seen whose documents they are. */
  readonly record: (use: PatientUse) => Promise<void>;
}

interface Asked {
  readonly after?: number;
  /** Who asks. */
  readonly by?: string;
}

/**
 * Looks for documents that a source has filed under a regional id which is not, or not any more, that of the patient whose
 * chart number it gives: after a parting, a source may still have the old one. The registry takes them, for the standard does
 * not hold sourcePatientId against the feed; a person has to look at them, and the source to correct them (ITI-57).
 */
export class MisfiledDocuments {
  readonly #options: MisfiledOptions;

  constructor(options: MisfiledOptions) {
    this.#options = options;
  }

  /** As a control command; it takes and gives plain JSON. What is found is recorded before it is shown. */
  get commands(): ControlCommands {
    return {
      'patient.misfiled': async (input) => {
        const { after = 0, by = 'operator' } = (input ?? {}) as Asked;
        const found = await this.find(after);
        const ids = found.misfiled.flatMap((one) => [
          one.sourcePatientId,
          one.filedUnder,
          one.belongsTo,
        ]);
        const patients = [...new Set(ids)].map((id) => decodeCX(id));
        await this.#options.record({ deed: 'misfiled', by, action: 'R', patients });
        return found;
      },
    };
  }

  /** @param after go on behind this object; `last` is absent when all were looked at */
  async find(
    after: number,
  ): Promise<{ readonly misfiled: readonly MisfiledDocument[]; readonly last?: number }> {
    const misfiled: MisfiledDocument[] = [];
    let at = after;
    while (misfiled.length < MOST_LISTED) {
      const { entries, last } = await filedEntries(this.#options.database, at, OBJECTS_AT_ONCE);
      if (last === undefined) return { misfiled };
      misfiled.push(...(await this.#misfiledAmong(entries)));
      at = last;
    }
    return { misfiled, last: at };
  }

  async #misfiledAmong(entries: readonly FiledEntry[]): Promise<readonly MisfiledDocument[]> {
    const charts = new Map<string, PatientId>();
    for (const { sourcePatientId } of entries) {
      if (sourcePatientId) charts.set(patientKey(sourcePatientId), sourcePatientId);
    }
    const owners = await this.#options.identities.look(async (records) => {
      const found = new Map<string, string>();
      for (const [key, chart] of charts) {
        // A number that was given up is the one's for whom it was.
        const state = await records.idState(chart);
        const [record] = state ? await activeOf([state.record], records) : [];
        if (record) found.set(key, record.regionalId);
      }
      return found;
    });
    return entries.flatMap(({ entryUUID, patientId, sourcePatientId }) => {
      const owner = sourcePatientId && owners.get(patientKey(sourcePatientId));
      // Nobody knows whose it is: not to be told.
      if (owner === undefined || !sourcePatientId || owner === patientId.id) return [];
      return [
        {
          entryUUID,
          sourcePatientId: encodeCX(sourcePatientId),
          filedUnder: encodeCX(patientId),
          belongsTo: encodeCX({ id: owner, assigningAuthority: patientId.assigningAuthority }),
        },
      ];
    });
  }
}
