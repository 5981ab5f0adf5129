import { decodeCX } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import { slotValues } from '../../profiles/xds/metadata-xml.ts';
import { objectOfText } from '../../profiles/xds/registry-object-text.ts';
import type { Database, Reads } from './database.ts';
import { type RegistryTables, TEXT_COLUMNS, textOfRow } from './registry-rows.ts';

/** A DocumentEntry as far as it says whose it is. */
export interface FiledEntry {
  /** The store's own, counting up in the order of submission. */
  readonly number: number;
  readonly entryUUID: string;
  /** Under whom it is found. */
  readonly patientId: PatientId;
  /** The local id that its source gave with it; absent where there is none that can be read. */
  readonly sourcePatientId?: PatientId;
}

/** Some of what is registered. */
export interface FiledEntries {
  readonly entries: readonly FiledEntry[];
  /** From where to go on; absent at the end. */
  readonly last?: number;
}

/** DocumentEntries in the order of submission among at most `most` objects after a number. */
export async function filedEntries(
  database: Database,
  after: number,
  most: number,
): Promise<FiledEntries> {
  return await database.read(async (queries: Reads<RegistryTables>) => {
    const rows = await queries
      .selectFrom('registry_object')
      .select([...TEXT_COLUMNS, 'number', 'kind', 'entry_uuid', 'patient_authority', 'patient_id'])
      .where('number', '>', after)
      .orderBy('number')
      .limit(most)
      .execute();
    const entries = rows.flatMap((row): readonly FiledEntry[] => {
      const { number, entry_uuid: entryUUID, patient_authority, patient_id: id } = row;
      if (patient_authority === null || id === null || row.kind !== 'DocumentEntry') return [];
      const [text] = slotValues(objectOfText(textOfRow(row)), 'sourcePatientId');
      const sourcePatientId = text === undefined ? undefined : idIn(text);
      const patientId = { id, assigningAuthority: patient_authority };
      return [{ number, entryUUID, patientId, ...(sourcePatientId ? { sourcePatientId } : {}) }];
    });
    const last = rows.at(-1)?.number;
    return { entries, ...(last === undefined ? {} : { last }) };
  });
}

function idIn(text: string): PatientId | undefined {
  try {
    return decodeCX(text);
  } catch (error) {
    if (refusalsOf(error)) return undefined;
    throw error;
  }
}
