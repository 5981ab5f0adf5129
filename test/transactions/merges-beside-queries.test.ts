import { askControl } from '../../gateway/control.ts';
import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { ITI_51 } from '../../profiles/xds/iti-51.ts';
import { findDocumentsForMultiplePatients } from '../../profiles/xds/multi-patient-query-builders.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { aPixQuery } from '../support/hl7v3-builders.ts';
import { faultsOf, type Move, type Sight } from '../support/patient-history.ts';
import { aRegistration, freshOid, octets } from '../support/region-documents.ts';
import { ADMINISTRATOR } from '../support/region-updates.ts';
import { aPersonOf, regionOids, World } from '../support/world.ts';

const ROUNDS = 6;
const oids = regionOids(1);

describe('The checker of a history', () => {
  const thing = { first: 'A', places: ['A', 'B'] } as const;
  const move = { from: 10, to: 20, place: 'B' };
  const sight = (from: number, to: number, place: string, isThere: boolean) => ({
    from,
    to,
    place,
    isThere,
  });

  it.each([
    ['nowhere at rest', [sight(1, 2, 'A', false)]],
    ['at two places at rest', [sight(1, 2, 'A', true), sight(3, 4, 'B', true)]],
    ['still at the old place when the move was acknowledged', [sight(21, 22, 'A', true)]],
    ['at the new place, then at the old one', [sight(11, 12, 'B', true), sight(13, 14, 'A', true)]],
    ['nowhere during a move', [sight(11, 12, 'A', false), sight(13, 14, 'B', false)]],
  ])('finds a thing that was %s', (_what, sights) => {
    expect(faultsOf(thing, [move], sights)).toHaveLength(1);
  });

  it('finds nothing in what can have been', () => {
    const sights = [
      sight(1, 2, 'A', true),
      sight(11, 15, 'B', false),
      sight(12, 16, 'B', true),
      sight(14, 19, 'A', false),
      sight(21, 22, 'B', true),
    ];
    expect(faultsOf(thing, [move], sights)).toEqual([]);
  });
});

describe('Merges and queries at the same time', () => {
  let world: World;
  let one: PatientId;
  let other: PatientId;
  const chart = (id: string): PatientId => ({ id, assigningAuthority: oids.chartNumbers });
  const documents = {
    own: [freshOid(), freshOid()],
    moving: [freshOid(), freshOid(), freshOid()],
  };

  const file = async (uniqueId: string, patientId: PatientId, source: PatientId) => {
    const entry = { sourcePatientId: encodeCX(source) };
    const { response } = await world.exchange(
      ITI_42,
      world.url('document-registry'),
      aRegistration({ patientId, documents: [{ bytes: octets(uniqueId), uniqueId, entry }] }),
    );
    expect(response.status).toBe('Success');
  };

  beforeAll(async () => {
    world = await World.start({ systems: [ADMINISTRATOR] });
    one = await world.patient('M-1', 'east', aPersonOf('one'));
    other = await world.patient('M-2', 'east', aPersonOf('other'));
    for (const uniqueId of documents.own) await file(uniqueId, one, chart('M-1'));
    for (const uniqueId of documents.moving) await file(uniqueId, other, chart('M-2'));
  });

  afterAll(() => world.stop());

  const timed = async <Result>(work: () => Promise<Result>) => {
    const from = performance.now();
    const result = await work();
    return { from, to: performance.now(), result };
  };
  const merge = async () => {
    const { response } = await world.exchange(ITI_44, world.url('patient-identity'), {
      kind: 'merge',
      surviving: chart('M-1'),
      subsumed: chart('M-2'),
      names: [],
      transmission: world.transmission(),
      custodian: oids.chartNumbers,
    });
    expect(response).toEqual({ code: 'CA', details: [] });
  };
  const unmerge = () =>
    askControl(world.folder(), 'patient.unmerge', { id: encodeCX(chart('M-2')), by: '担当' });
  const uniqueIdsIn = (objects: readonly { readonly uniqueId?: string }[]) =>
    objects.flatMap(({ uniqueId }) => uniqueId ?? []).sort();

  /** Whatever is asked of one patient shows all of the documents that move, or none of them. */
  async function watch(patientId: PatientId, sights: Sight[], isOver: () => boolean) {
    while (!isOver()) {
      const { from, to, result } = await timed(() =>
        world.exchange(ITI_18, world.url('document-registry'), findDocuments({ patientId })),
      );
      const found = uniqueIdsIn(result.response.objects);
      const moving = documents.moving.filter((uniqueId) => found.includes(uniqueId));
      expect([0, documents.moving.length]).toContain(moving.length);
      expect(found.filter((uniqueId) => documents.own.includes(uniqueId))).toHaveLength(
        patientId.id === one.id ? documents.own.length : 0,
      );
      sights.push({ from, to, place: patientId.id, isThere: moving.length > 0 });
    }
  }

  /** One query for both patients shows every document once. */
  async function watchBoth(isOver: () => boolean): Promise<number> {
    let asked = 0;
    const query = findDocumentsForMultiplePatients({ patientIds: [one, other] });
    while (!isOver()) {
      const url = world.url('document-registry');
      const { response } = await world.exchange(ITI_51, url, query, { as: 'administrator' });
      expect(uniqueIdsIn(response.objects)).toEqual([...documents.own, ...documents.moving].sort());
      asked += 1;
    }
    return asked;
  }

  /** The subsumed number is unknown or its own patient's, and never another's. */
  async function watchIds(isOver: () => boolean) {
    while (!isOver()) {
      const { response } = await world.exchange(
        ITI_45,
        world.url('patient-identity'),
        aPixQuery({
          transmission: world.transmission(),
          patientIdentifier: chart('M-2'),
          dataSources: [],
        }),
      );
      const isUnknown = response.details.some(({ code }) => code === '204');
      expect(isUnknown ? [] : response.ids).toEqual(isUnknown ? [] : [other]);
    }
  }

  it('no query sees a document under two patients, or under none', async () => {
    const moves: Move[] = [];
    const sights: Sight[] = [];
    let isOver = false;
    const over = () => isOver;
    const readers = [
      watch(one, sights, over),
      watch(other, sights, over),
      watch(one, sights, over),
      watchIds(over),
    ];
    const both = watchBoth(over);
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { from, to } = await timed(merge);
        moves.push({ from, to, place: one.id });
        const back = await timed(unmerge);
        moves.push({ from: back.from, to: back.to, place: other.id });
      }
    } finally {
      isOver = true;
    }
    await Promise.all(readers);
    expect(await both).toBeGreaterThan(0);
    expect(sights.length).toBeGreaterThan(ROUNDS);
    expect(faultsOf({ first: other.id, places: [one.id, other.id] }, moves, sights)).toEqual([]);
  });
});
