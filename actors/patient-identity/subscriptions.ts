import { type PatientId, patientKey } from '../../profiles/patient.ts';

/**
 * Who is told when the ids of a patient change. There is no message to subscribe: it is configuration.
 *
 * @see ITI TF-2: 3.10, 3.46
 */
export interface Subscription {
  /** As the directory names the consumer. */
  readonly consumer: string;
  /** OIDs of the domains whose ids it sees. */
  readonly domains: readonly string[];
  readonly wire: 'ITI-46' | 'ITI-10';
  /** OIDs of the authorities that it feeds: to a wide-area id service they say for which networks it speaks. */
  readonly assigningAuthorities?: readonly string[];
}

/** The ids of one patient. */
export type IdList = readonly PatientId[];

/**
 * What a consumer is told of a change: each list that it sees now and did not see before. So a link gives one message and a
 * parting two; a list of one id that nothing was cross-referenced with, neither before nor now, gives none.
 */
export function tidingsFor(
  { domains }: Subscription,
  { before, after }: { before: readonly IdList[]; after: readonly IdList[] },
): readonly IdList[] {
  const seen = (lists: readonly IdList[]) =>
    lists
      .map((list) => list.filter(({ assigningAuthority }) => domains.includes(assigningAuthority)))
      .filter((list) => list.length > 0);
  const seenBefore = seen(before);
  const known = new Set(seenBefore.map(nameOf));
  return seen(after).filter((list) => {
    if (known.has(nameOf(list))) return false;
    const keys = new Set(list.map(patientKey));
    const parted = seenBefore.some(
      (one) => one.length > 1 && one.some((id) => keys.has(patientKey(id))),
    );
    return list.length > 1 || parted;
  });
}

function nameOf(list: IdList): string {
  return list.map(patientKey).sort().join('\n');
}
