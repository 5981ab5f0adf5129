import { join } from 'node:path';
import type { IdentityReader, SourceRecord } from '../../actors/patient-identity/identity-store.ts';
import { openDatabase } from '../../gateway/stores/database.ts';
import { SqlIdentityStore } from '../../gateway/stores/sql-identity-store.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { Region } from '../../scripts/federation.ts';
import { PROOF } from '../support/proof-region.ts';
import type { TwoLevels } from './two-levels.ts';

/** The chart number of a patient. */
export function chartId(number: number): PatientId {
  return { id: `C-${number}`, assigningAuthority: PROOF.chartNumbers };
}

/** What only this version of this patient says. */
export function markOf(number: number, version: number): string {
  return `tel:+81-${number}-${version}`;
}

/** What one level knows of a regional id: what was said of it, first to last, and by which it was subsumed. */
interface Story {
  readonly said: readonly string[];
  readonly mergedInto?: string;
}

type Stories = ReadonlyMap<string, Story>;

/**
 * Holds the databases of both against each other; neither runs any more.
 *
 * @param acknowledged values, and `merge` with the number of the patient who is no longer there
 */
export async function findingsAbove(
  { region, service }: TwoLevels,
  acknowledged: readonly string[],
): Promise<{ readonly findings: readonly string[]; readonly above: number }> {
  const below = await lookInto(region, storiesBelow);
  const above = await lookInto(service, storiesAbove);
  const findings: string[] = [];
  for (const id of new Set([...below.keys(), ...above.keys()])) {
    const [wanted, found] = [below.get(id), above.get(id)].map(textOf);
    if (wanted !== found) findings.push(`${id}: the region has ${wanted}, the service ${found}`);
  }
  const known = new Set([...below.values()].flatMap(({ said }) => said));
  const merged = [...below.values()].filter(({ mergedInto }) => mergedInto !== undefined).length;
  const merges = acknowledged.filter((one) => one.startsWith('merge'));
  for (const one of acknowledged) {
    if (!merges.includes(one) && !known.has(one))
      findings.push(`${one} was acknowledged, and lost`);
  }
  if (merged < merges.length) findings.push(`${merges.length} merges acknowledged, ${merged} done`);
  const messages = [...above.values()].map(
    ({ said, mergedInto }) => said.length + (mergedInto === undefined ? 0 : 1),
  );
  return { findings, above: messages.reduce((sum, one) => sum + one, 0) };
}

function textOf(story: Story | undefined): string {
  return story === undefined ? 'nothing' : JSON.stringify(story);
}

async function lookInto<Result>(
  { folder }: Region,
  work: (records: IdentityReader) => Promise<Result>,
): Promise<Result> {
  const file = join(folder, 'var', 'kakehashi.db');
  const database = await openDatabase({ file, now: () => new Date() });
  try {
    return await new SqlIdentityStore(database).look(work);
  } finally {
    await database.close();
  }
}

/** Every record is of one chart, and came under a regional id of its own first. */
async function storiesBelow(records: IdentityReader): Promise<Stories> {
  const stories = new Map<string, Story>();
  for (const record of await everyRecord(records)) {
    const { homeRegionalId } = record;
    const state = await records.regionalIdState(homeRegionalId);
    stories.set(homeRegionalId, await storyOf(record, state?.mergedInto, records));
  }
  return stories;
}

/** Every record is of one regional id. */
async function storiesAbove(records: IdentityReader): Promise<Stories> {
  const stories = new Map<string, Story>();
  for (const record of await everyRecord(records)) {
    for (const { id, mergedInto } of await records.everyIdOf([record.number])) {
      stories.set(id, await storyOf(record, mergedInto, records));
    }
  }
  return stories;
}

async function everyRecord(records: IdentityReader): Promise<readonly SourceRecord[]> {
  const all: SourceRecord[] = [];
  for (let number = 1; ; number += 1) {
    const [record] = await records.recordsWith([number]);
    if (!record) return all;
    all.push(record);
  }
}

async function storyOf(
  { number }: SourceRecord,
  mergedInto: string | undefined,
  records: IdentityReader,
): Promise<Story> {
  const said = (await records.versionsOf(number)).map(
    ({ demographics }) => demographics.telecoms?.[0]?.value ?? '',
  );
  return { said, ...(mergedInto === undefined ? {} : { mergedInto }) };
}
