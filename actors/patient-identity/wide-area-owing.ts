import type { Demographics, InsuranceMembership, PatientId } from '../../profiles/patient.ts';
import type { Issue } from '../../profiles/transaction.ts';
import type { IdentityReader, IdentityWriter, SourceRecord } from './identity-store.ts';
import { comparableInsurance } from './matching/insurance.ts';
import type { ToldPerson } from './wide-area-outbox.ts';

/** The wide-area id service that a region feeds. */
export interface WideAreaAbove {
  /** As the directory names it. */
  readonly service: string;
  /** OID of it as the receiver of HL7 V3 messages; without it, of ourselves. */
  readonly device?: string;
  /** OID of the domain in which it takes insurances; without it, it is told of none. */
  readonly insuranceDomain?: string;
}

/** What is owed is written down in the change that it tells of. */
export interface Owing {
  readonly records: IdentityWriter;
  readonly issue: Issue;
  readonly affinityDomain: string;
  readonly above: WideAreaAbove;
}

/** More insurances of one patient are not told. */
const MOST_INSURANCES = 8;

/**
 * Writes down what a wide-area id service does not know yet of a regional id: an add where it knows nothing, a revise where
 * she has changed, and for an id that was subsumed a merge, the surviving one first. What it was told before is not told again,
 * so the same regional id may be looked at any number of times. An id that comes back into use after a merge is an add once
 * more, by which the service undoes the merge.
 *
 * @returns how many messages were written down
 * @see ITI TF-2: 3.44
 */
export async function oweRegionalId(regionalId: string, owing: Owing): Promise<number> {
  const { records } = owing;
  const state = await records.regionalIdState(regionalId);
  if (state?.mergedInto !== undefined) return await oweMerge(regionalId, state.mergedInto, owing);
  return await owePatient(regionalId, owing);
}

/** The same for several, where a wide-area id service is fed at all. */
export async function oweRegionalIds(
  regionalIds: readonly string[],
  { above, ...owing }: Omit<Owing, 'above'> & Partial<Pick<Owing, 'above'>>,
): Promise<void> {
  if (!above) return;
  for (const id of regionalIds) await oweRegionalId(id, { ...owing, above });
}

/**
 * Of her records, the one that was revised last speaks for her, of those that came under this regional id first: she must not
 * become another person above because somebody was linked to her.
 */
async function owePatient(regionalId: string, owing: Owing): Promise<number> {
  const { records, above } = owing;
  const { service } = above;
  const group = await records.recordsOf([regionalId]);
  const speaker = group.find((one) => one.homeRegionalId === regionalId) ?? group[0];
  if (!speaker) return 0;
  const person = personOf(speaker, group, above);
  const last = await records.lastTold(regionalId, service, person);
  if (last === 'same') return 0;
  await owe(last === 'never' ? 'add' : 'revise', { ids: [regionalId], person }, owing);
  await records.rememberTold(regionalId, service, person);
  return 1;
}

/** Of one that the service does not know, it need not know by which it was subsumed. */
async function oweMerge(subsumed: string, mergedInto: string, owing: Owing): Promise<number> {
  const { records, above } = owing;
  if ((await records.lastTold(subsumed, above.service)) === 'never') return 0;
  const surviving = await survivorOf(mergedInto, records);
  const before = await owePatient(surviving, owing);
  if ((await records.lastTold(surviving, above.service)) === 'never') return before;
  await owe('merge', { ids: [surviving, subsumed] }, owing);
  await records.rememberTold(subsumed, above.service);
  return before + 1;
}

async function survivorOf(regionalId: string, records: IdentityReader): Promise<string> {
  let at = regionalId;
  for (;;) {
    const next = (await records.regionalIdState(at))?.mergedInto;
    if (next === undefined) return at;
    at = next;
  }
}

async function owe(
  kind: 'add' | 'revise' | 'merge',
  { ids, person }: { readonly ids: readonly string[]; readonly person?: ToldPerson },
  { records, issue, affinityDomain, above: { service } }: Owing,
): Promise<void> {
  const regional = ids.map((id): PatientId => ({ id, assigningAuthority: affinityDomain }));
  const what = { service, kind, ids: regional, messageId: issue.uuid() };
  await records.oweFeed(person === undefined ? what : { ...what, person }, issue.now());
}

/** The insurance is the last that any of her records has. */
function personOf(
  { demographics }: SourceRecord,
  group: readonly SourceRecord[],
  { insuranceDomain }: WideAreaAbove,
): ToldPerson {
  const insured = group.find((one) => (one.demographics.insurance ?? []).length > 0);
  const insurances = (insured?.demographics.insurance ?? []).flatMap(personalNumberOf);
  return {
    demographics: neededOf(demographics),
    otherIds:
      insuranceDomain === undefined
        ? []
        : [...new Set(insurances)]
            .slice(0, MOST_INSURANCES)
            .map((id) => ({ id, assigningAuthority: insuranceDomain })),
  };
}

/** What a wide-area id service keeps; nothing else leaves the region. */
function neededOf({
  names,
  administrativeGender,
  birthTime,
  addresses,
  telecoms,
}: Demographics): Demographics {
  return {
    names,
    ...(administrativeGender === undefined ? {} : { administrativeGender }),
    ...(birthTime === undefined ? {} : { birthTime }),
    ...(addresses === undefined ? {} : { addresses }),
    ...(telecoms === undefined ? {} : { telecoms }),
  };
}

const WRITTEN = /^[0-9]{6,8}:[^:\s]{0,40}:[^:\s]{1,40}:(?:[0-9]{2})?$/u;

/** `insurer:symbol:number:branch` of a membership that names one person; none of a household's, and none that cannot be read. */
function personalNumberOf(membership: InsuranceMembership): readonly string[] {
  const compared = comparableInsurance(membership);
  if (!compared || !(compared.isPersonal || compared.branch)) return [];
  const { insurer, symbol = '', number, branch = '' } = membership;
  const written = [insurer, symbol, number, branch].join(':').normalize('NFKC');
  return WRITTEN.test(written) ? [written] : [];
}
