import type { PatientId } from '../../profiles/patient.ts';
import { unmergeCharts } from './chart-merge.ts';
import type { Change } from './regroup.ts';

/**
 * At a wide-area id service: undoes the merge of regional ids that a network has in use again. A network undoes a merge of its
 * own, and neither ITI-44 nor ITI-8 has a message for that: what it can say is that the id is a patient's again, by an add. Only
 * a merge that a message told is undone so; what the service's own steward has merged, a steward must part.
 *
 * In a region nothing is undone: there a source's add of a subsumed number is a mistake.
 */
export async function takeBack(
  ids: readonly PatientId[],
  by: string,
  change: Change,
): Promise<void> {
  if (!change.wideArea) return;
  for (const id of ids) {
    const merge = await change.records.mergeOf(id);
    if (merge?.message === undefined) continue;
    await unmergeCharts(id, { by, reason: 'the network has it in use again' }, change);
  }
}
