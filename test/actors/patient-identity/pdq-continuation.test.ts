import type { Permission } from '../../../actors/actor.ts';
import { ITI_21, type V2DemographicsQuery } from '../../../profiles/pdq/iti-21.ts';
import { ITI_47, type QueryContinuation } from '../../../profiles/pdq/iti-47.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { AnIdentityActor, AUTHORITY, refusalsIn } from '../../support/an-identity-actor.ts';
import { aDemographicsQuery, aPerson, aTransmission } from '../../support/hl7v3-builders.ts';
import { aCaller, SHOWN } from '../../support/world-of-actors.ts';

const atHospital = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.hospital });
const criteria = { livingSubjectName: [{ family: '試験', given: [] }] };
const queryId = { root: '2.999.7', extension: 'q-1' };
const UNKNOWN = [
  {
    code: '204',
    location: '/QUQI_IN000003UV01/controlActProcess/queryContinuation/queryId',
  },
];

let actor: AnIdentityActor;

beforeEach(async () => {
  actor = await AnIdentityActor.open();
  for (let number = 1; number <= 5; number += 1) {
    await actor.feed(atHospital(String(number)), {
      demographics: aPerson({ birthTime: `19${number}00101` }),
    });
  }
});

afterEach(() => actor.close());

const ask = (initialQuantity: number | undefined, over: object = {}, permission = SHOWN) =>
  actor.pdq({ criteria, queryId, initialQuantity, ...over }, permission);

const more = (
  over: Partial<QueryContinuation> = {},
  { caller = aCaller(), permission = SHOWN as Permission } = {},
) =>
  actor.world.as(caller, permission)(ITI_47, 'patient-identity', {
    kind: 'continue',
    transmission: aTransmission(),
    queryId,
    ...over,
  });

const births = ({ matches }: Awaited<ReturnType<typeof ask>>) =>
  matches.map(({ demographics }) => demographics.birthTime);

describe('The Continuation Option of ITI-47', () => {
  it('answers no more patients than the initialQuantity, and says how many there are and remain', async () => {
    const first = await ask(2);
    expect(first).toMatchObject({ acknowledgement: 'AA', queryResponseCode: 'OK' });
    expect(first.matches).toHaveLength(2);
    expect(first.quantities).toEqual({ total: 5, remaining: 3 });
  });

  it('continues from startResultNumber with continuationQuantity, counted from 1, until nothing remains', async () => {
    const first = await ask(2);
    const second = await more({ startResultNumber: 3, continuationQuantity: 2 });
    expect(second.quantities).toEqual({ total: 5, remaining: 1 });
    const third = await more({ startResultNumber: 5, continuationQuantity: 2 });
    expect(third.quantities).toEqual({ total: 5, remaining: 0 });
    const all = births(await ask(5));
    expect([...births(first), ...births(second), ...births(third)]).toEqual(all);
    expect(new Set(all).size).toBe(5);
  });

  it('goes back where it is asked to, and beyond the end answers none of five', async () => {
    const first = await ask(2);
    expect(births(await more({ startResultNumber: 1, continuationQuantity: 2 }))).toEqual(
      births(first),
    );
    const beyond = await more({ startResultNumber: 9, continuationQuantity: 2 });
    expect(beyond).toMatchObject({ matches: [], quantities: { total: 5, remaining: 0 } });
  });

  it('goes on behind the last that was sent, with the initialQuantity, where nothing else is said', async () => {
    const first = await ask(2);
    const parts = [first, await more(), await more()];
    expect(parts.map(({ matches }) => matches.length)).toEqual([2, 2, 1]);
    expect(new Set(parts.flatMap(births)).size).toBe(5);
  });

  it('has no continuation for an answer that was whole', async () => {
    expect((await ask(5)).quantities).toBeUndefined();
    expect(await refusalsIn(more())).toEqual(UNKNOWN);
  });

  it('refuses a queryId that is unknown, somebody else’s, another device’s, or older than ten minutes', async () => {
    await ask(2);
    expect(await refusalsIn(more({ queryId: { ...queryId, extension: 'q-2' } }))).toEqual(UNKNOWN);
    expect(await refusalsIn(more({}, { caller: aCaller({ name: 'another' }) }))).toEqual(UNKNOWN);
    const transmission = aTransmission({ sender: { device: '2.999.404' } });
    expect(await refusalsIn(more({ transmission }))).toEqual(UNKNOWN);
    expect(await refusalsIn(more())).toEqual([]);
    actor.world.now = new Date(actor.world.now.getTime() + 600_000);
    expect(await refusalsIn(more())).toEqual(UNKNOWN);
  });

  it('forgets what is cancelled, and accepts the cancel of what it does not know', async () => {
    await ask(2);
    const nothing = { acknowledgement: 'AA', matches: [], details: [] };
    expect(await more({ kind: 'cancel' })).toMatchObject(nothing);
    expect(await refusalsIn(more())).toEqual(UNKNOWN);
    expect(await more({ kind: 'cancel' })).toMatchObject(nothing);
  });

  it('takes a query with the same id for a new one', async () => {
    await ask(2);
    await ask(1, { criteria: { livingSubjectBirthTime: { value: '1910' } } });
    expect(await refusalsIn(more())).toEqual(UNKNOWN);
    await ask(2);
    await ask(undefined, { criteria: { livingSubjectBirthTime: { value: '1910' } } });
    expect(await refusalsIn(more())).toEqual(UNKNOWN);
  });

  it('shows of what is left only what may be shown now', async () => {
    await ask(2);
    const hidden = await more({}, { permission: { shows: () => false } });
    expect(hidden).toMatchObject({ queryResponseCode: 'NF', matches: [] });
    expect(hidden.quantities).toBeUndefined();
  });

  it('keeps at most fifty of one caller: the oldest is forgotten', async () => {
    for (let at = 0; at <= 50; at += 1) {
      await ask(2, { queryId: { ...queryId, extension: `q-${at}` } });
    }
    const of = (at: number) => more({ queryId: { ...queryId, extension: `q-${at}` } });
    expect(await refusalsIn(of(0))).toEqual(UNKNOWN);
    expect(await refusalsIn(of(1))).toEqual([]);
    expect(await refusalsIn(of(50))).toEqual([]);
  });
});

describe('ITI-21 and ITI-47', () => {
  const v2 = (over: Partial<V2DemographicsQuery> = {}) =>
    actor.world.as(aCaller(), SHOWN)(ITI_21, 'patient-identity', {
      ...aDemographicsQuery({ criteria, queryId }),
      kind: 'query',
      asker: { application: 'APP', facility: 'FAC' },
      ...over,
    });

  it('find the same patients in the same order, in parts of the same length', async () => {
    const first = await v2({ initialQuantity: 2 });
    expect(births(first)).toEqual(births(await ask(2)));
    const pointer = first.continuation?.pointer ?? '';
    const second = await v2({ initialQuantity: 2, pointer });
    expect(births(second)).toEqual(births(await more()));
    expect(second.continuation).toMatchObject({ total: 5, remaining: 1 });
  });
});
