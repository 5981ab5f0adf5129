import { withAssignedIds } from '../../actors/document-registry/assigned-ids.ts';
import type { RegistryObject } from '../../profiles/formats/ebxml.ts';
import { openDatabase } from '../../gateway/stores/database.ts';
import { SqlRegistryStore } from '../../gateway/stores/sql-registry-store.ts';
import { benchPatient } from './bench-region.ts';
import { Dice, submissionsOf } from './scale-generator.ts';

/** Submissions that share one change. */
const A_CHANGE = 500;
const FILL_SEED = 1;

/**
 * Fills the SQLite file of a region that does not run, through the registry's own store and in large changes: ten entries for
 * each of so many patients, the same ones every time. Not by ITI-42: what comes to lie in the tables is the same, for ids are
 * assigned by the registry's own function. The patients are made known to the registry alone, as no query and no submission
 * asks Patient Identity.
 */
export async function fillStore(file: string, patients: number): Promise<void> {
  const now = () => new Date();
  const database = await openDatabase({ file, now });
  try {
    const store = new SqlRegistryStore(database);
    await store.change(async (writer) => {
      for (let n = 0; n < patients; n += 1) await writer.addPatient(benchPatient(n));
    });
    const dice = new Dice(FILL_SEED);
    // Two digits stay free for the further sets of patients of a registry that grows.
    const uuid = () => dice.uuid().replace(/^(?<random>.{6})../, '$<random>00');
    const issue = { now, uuid };
    let waiting: RegistryObject[] = [];
    const keep = async () => {
      const objects = waiting;
      waiting = [];
      await store.change((writer) => writer.add(objects));
    };
    let submissions = 0;
    for (const { objects } of submissionsOf(patients, dice)) {
      waiting.push(...withAssignedIds(objects, issue));
      submissions += 1;
      if (submissions % A_CHANGE === 0) await keep();
    }
    await keep();
  } finally {
    await database.close();
  }
}
