import {
  linkPatients,
  mergePatients,
  unlinkPatients,
  unmergePatients,
} from '../../../actors/patient-identity/steward.ts';
import { StewardRefusal } from '../../../actors/patient-identity/stewarding.ts';
import type { Subscription } from '../../../actors/patient-identity/subscriptions.ts';
import {
  reissueWideAreaId,
  resolveWideArea,
  retireWideAreaId,
} from '../../../actors/patient-identity/wide-area-keeping.ts';
import type { Database } from '../../../gateway/stores/database.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { ITI_8 } from '../../../profiles/pix/iti-8.ts';
import { ITI_9 } from '../../../profiles/pix/iti-9.ts';
import { ITI_45 } from '../../../profiles/pix/iti-45.ts';
import {
  AWideAreaService,
  INSURANCE,
  INTERNAL,
  type NetworkName,
  ofNetwork,
  regional,
  WIDE_AREA,
} from '../../support/a-wide-area-service.ts';
import { refusalsIn } from '../../support/an-identity-actor.ts';
import { describeOnBothDatabases } from '../../support/databases.ts';
import { aPatientIdentityFeed, aPerson, aPixQuery } from '../../support/hl7v3-builders.ts';
import { aCaller } from '../../support/world-of-actors.ts';

const steward = { by: '担当 一郎', reason: 'asked both networks' };
const E1 = regional('east', 'E-1');
const W1 = regional('west', 'W-1');
const S1 = regional('south', 'S-1');
const UNKNOWN_PATIENT = [
  {
    code: '204',
    location:
      '/PRPA_IN201309UV02/controlActProcess/queryByParameter/parameterList/patientIdentifier/value',
  },
];
const UNKNOWN_SOURCE = [
  {
    code: '204',
    location:
      '/PRPA_IN201309UV02/controlActProcess/queryByParameter/parameterList/dataSource/value',
  },
];
const stranger = {
  demographics: aPerson({
    names: [{ family: '見本', given: ['次郎'], representation: 'IDE' }],
    birthTime: '19480101',
    addresses: [],
    telecoms: [],
  }),
};

describeOnBothDatabases('A wide-area id service', (open) => {
  let database: Database;
  let service: AWideAreaService;

  beforeEach(async () => {
    database = await open();
    service = new AWideAreaService(database);
  });

  afterEach(() => database.close());

  const refusedTo = (name: NetworkName, id: PatientId, domains: readonly string[] = []) =>
    refusalsIn(service.ask(name, id, domains));

  describe('links the regional ids that networks feed', () => {
    it('and tells each its own ids, and of the others their wide-area ids alone', async () => {
      await service.feed('east', 'E-1');
      await service.feed('west', 'W-1');
      const [east, west] = [
        await service.wideAreaIdOf('east', 'E-1'),
        await service.wideAreaIdOf('west', 'W-1'),
      ];
      expect(await service.ask('east', E1, [WIDE_AREA.west])).toEqual([west]);
      expect(await service.ask('west', W1, [WIDE_AREA.east])).toEqual([east]);
      expect(await service.ask('east', east, [E1.assigningAuthority])).toEqual([E1]);
      expect(await service.ask('east', east, [WIDE_AREA.west])).toEqual([west]);
    });

    it('and gives every network’s patient 16 digits that follow from nothing, the same at each feed', async () => {
      await service.feed('east', 'E-1');
      await service.feed('west', 'W-1');
      const all = [
        await service.wideAreaIdOf('east', 'E-1'),
        await service.wideAreaIdOf('west', 'W-1'),
      ];
      for (const { id } of all) expect(id).toMatch(/^\d{16}$/);
      expect(all[0]?.id).not.toBe(all[1]?.id);
      await service.feed('east', 'E-1', { kind: 'revise' });
      expect(await service.wideAreaIdOf('east', 'E-1')).toEqual(all[0]);
    });

    it('over HL7 v2 as over V3', async () => {
      const providerOrganization = { id: E1.assigningAuthority };
      const request = aPatientIdentityFeed({ ids: [E1], providerOrganization });
      const east = service.world.as(ofNetwork('east'));
      await east(ITI_8, 'patient-identity', request);
      await service.feed('west', 'W-1');
      const query = aPixQuery({ patientIdentifier: E1, dataSources: [WIDE_AREA.west] });
      const { ids } = await east(ITI_9, 'patient-identity', query);
      expect(ids).toEqual([await service.wideAreaIdOf('west', 'W-1')]);
      const other = aPixQuery({ patientIdentifier: W1, dataSources: [] });
      expect(await refusalsIn(east(ITI_9, 'patient-identity', other))).toEqual(UNKNOWN_PATIENT);
    });

    it('and draws again where the digits are somebody’s', async () => {
      let drawn = 0;
      const { wideArea } = service.stores;
      if (!wideArea) throw new Error('no service');
      const draws = ['1', '1', '2'];
      Object.assign(wideArea, { drawDigits: () => draws[drawn++] ?? '3' });
      await service.feed('east', 'E-1');
      await service.feed('east', 'E-2', stranger);
      expect((await service.wideAreaIdOf('east', 'E-2')).id).toBe('2');
    });

    it('and answers with no id of a person whom no rule and nobody links', async () => {
      await service.feed('east', 'E-1');
      await service.feed('west', 'W-1', stranger);
      expect(await service.ask('east', E1, [WIDE_AREA.west])).toEqual([]);
    });

    it('and tells what no domain is named for to nobody but the network whose it is', async () => {
      await service.feed('east', 'E-1');
      await service.feed('west', 'W-1');
      const own = await service.ask('east', E1);
      expect(own).toEqual([await service.wideAreaIdOf('east', 'E-1')]);
    });
  });

  describe('refuses as unknown', () => {
    beforeEach(async () => {
      await service.feed('east', 'E-1');
      await service.feed('west', 'W-1');
    });

    it('another network’s regional domain, its own internal one, and one that there is not', async () => {
      for (const domain of [W1.assigningAuthority, INTERNAL, INSURANCE, '2.999.1']) {
        expect(await refusedTo('east', E1, [domain])).toEqual(UNKNOWN_SOURCE);
      }
    });

    it('a question by another network’s regional id or wide-area id', async () => {
      const west = await service.wideAreaIdOf('west', 'W-1');
      for (const id of [W1, west, { ...west, id: '0' }, regional('east', 'E-9')]) {
        expect(await refusedTo('east', id)).toEqual(UNKNOWN_PATIENT);
      }
    });

    it('a question by the id under which the service itself knows the person', async () => {
      const record = await service.identities.look((records) => records.recordOf(E1));
      const internal = { id: record?.regionalId ?? '', assigningAuthority: INTERNAL };
      expect(internal.id).not.toBe('');
      expect(await refusedTo('east', internal)).toEqual(UNKNOWN_PATIENT);
    });

    it('whatever somebody asks who speaks for no network, an own actor too', async () => {
      for (const caller of [
        aCaller({ assigningAuthorities: [] }),
        aCaller({ assigningAuthorities: [INTERNAL, WIDE_AREA.east] }),
        aCaller({ kinds: ['own'], assigningAuthorities: [] }),
      ]) {
        const query = aPixQuery({ patientIdentifier: E1, dataSources: [] });
        const asked = service.world.as(caller)(ITI_45, 'patient-identity', query);
        expect(await refusalsIn(asked)).toEqual(UNKNOWN_PATIENT);
      }
    });

    it('a domain whose network does not tell this one', async () => {
      const told = new AWideAreaService(database, {
        networks: { west: { toldTo: ['urn:oid:2.999.703'] } },
      });
      await told.feed('south', 'S-1');
      expect(await refusalsIn(told.ask('east', E1, [WIDE_AREA.west]))).toEqual(UNKNOWN_SOURCE);
      expect(await told.ask('south', S1, [WIDE_AREA.west])).toHaveLength(1);
      expect(await told.ask('west', W1, [WIDE_AREA.west])).toHaveLength(1);
    });

    it('a feed or a merge of what is not the caller’s network’s own', async () => {
      const west = await service.wideAreaIdOf('west', 'W-1');
      const may = (id: PatientId) => {
        const caller = aCaller({ assigningAuthorities: [id.assigningAuthority] });
        const providerOrganization = { id: id.assigningAuthority };
        return service.feed('east', 'x', { ids: [id], providerOrganization }, caller);
      };
      const feeds = [
        service.feed('west', 'W-2', {}, ofNetwork('east')),
        service.merge('east', { surviving: W1, subsumed: regional('west', 'W-2') }),
        // Even where the directory would let them.
        may({ ...west, id: '1' }),
        may({ id: '1', assigningAuthority: INTERNAL }),
        may({ id: '00138057:1:187:05', assigningAuthority: INSURANCE }),
        may({ id: '1', assigningAuthority: '2.999.4' }),
      ];
      for (const fed of feeds) expect(await refusalsIn(fed)).toEqual([{ code: '204' }]);
    });

    it('an id of the affinity domain among other ids, which links nothing here', async () => {
      const record = await service.identities.look((records) => records.recordOf(E1));
      const internal = { id: record?.regionalId ?? '', assigningAuthority: INTERNAL };
      const everything = aCaller({
        assigningAuthorities: [S1.assigningAuthority, INTERNAL],
        kinds: ['own'],
      });
      await service.feed('south', 'S-1', { ...stranger, otherIds: [internal] }, everything);
      expect(await service.ask('south', S1, [WIDE_AREA.east])).toEqual([]);
    });
  });

  describe('keeps its ids through', () => {
    let east: PatientId;
    let west: PatientId;

    beforeEach(async () => {
      await service.feed('east', 'E-1');
      await service.feed('west', 'W-1');
      east = await service.wideAreaIdOf('east', 'E-1');
      west = await service.wideAreaIdOf('west', 'W-1');
    });

    it('an unlink and a link by hand', async () => {
      await unlinkPatients([E1, W1], steward, service.stewarding);
      expect(await service.ask('east', E1, [WIDE_AREA.west])).toEqual([]);
      await linkPatients([E1, W1], steward, service.stewarding);
      expect(await service.ask('east', E1, [WIDE_AREA.west])).toEqual([west]);
      expect(await service.wideAreaIdOf('east', 'E-1')).toEqual(east);
    });

    it('a merge that a network sends: the old id means the survivor, and only hers is handed out', async () => {
      await service.feed('west', 'W-2', stranger);
      const other = await service.wideAreaIdOf('west', 'W-2');
      await service.merge('west', { surviving: W1, subsumed: regional('west', 'W-2') });
      expect(await service.ask('west', other, [W1.assigningAuthority])).toEqual([W1]);
      expect(await service.ask('east', E1, [WIDE_AREA.west])).toEqual([west]);
      expect(await refusedTo('west', regional('west', 'W-2'))).toEqual(UNKNOWN_PATIENT);
      await unmergePatients(regional('west', 'W-2'), steward, service.stewarding);
      expect(await service.ask('west', other, [W1.assigningAuthority])).toEqual([
        regional('west', 'W-2'),
      ]);
      expect(await service.wideAreaIdOf('west', 'W-2')).toEqual(other);
      expect(await service.ask('east', E1, [WIDE_AREA.west])).toEqual([west]);
    });

    it('a merge that its network takes back by an add, which nothing else can say; no revision does', async () => {
      await service.feed('west', 'W-2', stranger);
      const other = await service.wideAreaIdOf('west', 'W-2');
      const subsumed = regional('west', 'W-2');
      service.world.message = { id: 'urn:uuid:1', bodyHash: 'aa' };
      await service.merge('west', { surviving: W1, subsumed });
      service.world.message = undefined;
      const SUBSUMED = [{ code: '204' }];
      expect(
        await refusalsIn(service.feed('west', 'W-2', { ...stranger, kind: 'revise' })),
      ).toEqual(SUBSUMED);
      await service.feed('west', 'W-2', { ...stranger, kind: 'add' });
      expect(await service.wideAreaIdOf('west', 'W-2')).toEqual(other);
      expect(await service.ask('east', E1, [WIDE_AREA.west])).toEqual([west]);

      // What the service's own steward has merged is not a network's to part.
      await mergePatients({ surviving: W1, subsumed }, steward, service.stewarding);
      expect(await refusalsIn(service.feed('west', 'W-2', { ...stranger, kind: 'add' }))).toEqual(
        SUBSUMED,
      );
    });

    it('a merge by the operator, which is refused for ids of the service itself', async () => {
      await service.feed('west', 'W-2', stranger);
      const subsumed = regional('west', 'W-2');
      await mergePatients({ surviving: W1, subsumed }, steward, service.stewarding);
      expect(await refusedTo('west', subsumed)).toEqual(UNKNOWN_PATIENT);
      const [a, b] = [
        { id: '1', assigningAuthority: INTERNAL },
        { id: '2', assigningAuthority: INTERNAL },
      ];
      await expect(
        mergePatients({ surviving: a, subsumed: b }, steward, service.stewarding),
      ).rejects.toThrow(StewardRefusal);
    });

    it('a re-issue: the old one still resolves, the new one is handed out, links stand', async () => {
      const { wideAreaId } = await reissueWideAreaId(west, steward, service.stewarding);
      expect(wideAreaId).toBeDefined();
      expect(wideAreaId).not.toEqual(west);
      expect(await service.ask('east', E1, [WIDE_AREA.west])).toEqual([wideAreaId]);
      expect(await service.ask('west', west, [W1.assigningAuthority])).toEqual([W1]);
      expect(await service.ask('west', west, [WIDE_AREA.east])).toEqual([east]);
      expect(await service.ask('west', W1)).toEqual([wideAreaId]);
      expect(await resolveWideArea(west, service.stores)).toMatchObject({ state: 'former' });
    });

    it('nothing, once retired: no id of hers is answered or handed out, until another is issued', async () => {
      const former = west;
      await reissueWideAreaId(W1, steward, service.stewarding);
      const current = await service.wideAreaIdOf('west', 'W-1');
      await retireWideAreaId(W1, steward, service.stewarding);
      for (const id of [W1, former, current]) {
        expect(await refusedTo('west', id)).toEqual(UNKNOWN_PATIENT);
      }
      expect(await service.ask('east', E1, [WIDE_AREA.west])).toEqual([]);
      await expect(retireWideAreaId(W1, steward, service.stewarding)).rejects.toThrow(
        'the patient has no id here any more',
      );
      await service.feed('west', 'W-1', { kind: 'revise' });
      expect(await refusedTo('west', W1)).toEqual(UNKNOWN_PATIENT);

      const { wideAreaId } = await reissueWideAreaId(W1, steward, service.stewarding);
      expect(await service.ask('east', E1, [WIDE_AREA.west])).toEqual([wideAreaId]);
      for (const id of [former, current]) {
        expect(await refusedTo('west', id)).toEqual(UNKNOWN_PATIENT);
      }
    });

    it('a retirement of the survivor, which retires what she has subsumed', async () => {
      await service.feed('west', 'W-2', stranger);
      const subsumed = regional('west', 'W-2');
      const other = await service.wideAreaIdOf('west', 'W-2');
      await service.merge('west', { surviving: W1, subsumed });
      await retireWideAreaId(other, steward, service.stewarding);
      expect(await refusedTo('west', other)).toEqual(UNKNOWN_PATIENT);
      await unmergePatients(subsumed, steward, service.stewarding);
      expect(await refusedTo('west', other)).toEqual(UNKNOWN_PATIENT);
      expect(await refusedTo('west', W1)).toEqual(UNKNOWN_PATIENT);
    });

    it('its operator resolves any of them', async () => {
      const { stores } = service;
      const communities = [
        { homeCommunityId: 'urn:oid:2.999.701', wideAreaId: east },
        { homeCommunityId: 'urn:oid:2.999.702', wideAreaId: west },
      ];
      for (const asked of [E1, east]) {
        const found = await resolveWideArea(asked, stores);
        expect(found).toEqual({ asked, regionalId: E1, state: 'current', communities });
      }
      await retireWideAreaId(west, steward, service.stewarding);
      expect(await resolveWideArea(west, stores)).toMatchObject({
        state: 'retired',
        communities: [],
      });
      expect((await resolveWideArea(E1, stores))?.communities).toEqual(communities.slice(0, 1));
      expect(await resolveWideArea({ ...west, id: '0' }, stores)).toBeUndefined();
      await expect(
        reissueWideAreaId({ ...west, id: '0' }, steward, service.stewarding),
      ).rejects.toThrow('the id is not known');
    });
  });

  describe('binds an insurance that names one person by a keyed hash alone', () => {
    const person = (over = {}) => ({
      demographics: aPerson({ birthText: 'S450101', addresses: [], telecoms: [], ...over }),
    });
    const card = { insurer: '138057', symbol: '記号１', number: '000187', branch: '5' };
    const text = (id: string) => ({ id, assigningAuthority: INSURANCE });
    /** Everything that the tables of Patient Identity hold, as text. */
    const stored = async () =>
      JSON.stringify(
        await service.identities.look(async (records) => {
          const all = [];
          for (const id of [E1, W1]) {
            const record = await records.recordOf(id);
            if (!record) continue;
            all.push(record, await records.versionsOf(record.number));
          }
          return all;
        }),
      );

    it('and links by it what name and birth date alone leave open', async () => {
      await service.feed('east', 'E-1', person({ insurance: [card] }));
      await service.feed('west', 'W-1', {
        ...person(),
        otherIds: [text('00138057:記号1:187:05')],
      });
      expect(await service.ask('east', E1, [WIDE_AREA.west])).toHaveLength(1);
      const all = await stored();
      expect(all).toContain('insuranceKeys');
      expect(all).not.toMatch(/138057|記号|187|S450101/);
    });

    it('and neither links nor keeps a household’s, or one that is written otherwise', async () => {
      const { branch: _, ...household } = card;
      await service.feed('east', 'E-1', person({ insurance: [household] }));
      await service.feed('west', 'W-1', { ...person(), otherIds: [text('00138057:記号1:187:')] });
      await service.feed('west', 'W-2', { ...person(), otherIds: [text('138057-187')] });
      expect(await service.ask('east', E1, [WIDE_AREA.west])).toEqual([]);
      expect(await stored()).not.toMatch(/138057|記号|187|insuranceKeys/);
    });

    it('and keeps late-elderly insurance, which has no branch', async () => {
      const own = { insurer: '39131234', number: '00012345' };
      await service.feed('east', 'E-1', person({ insurance: [own] }));
      await service.feed('west', 'W-1', person({ insurance: [own] }));
      expect(await service.ask('east', E1, [WIDE_AREA.west])).toHaveLength(1);
    });

    it('and leaves the binding where a later feed names no insurance', async () => {
      await service.feed('east', 'E-1', person({ insurance: [card] }));
      await service.feed('east', 'E-1', { ...person(), kind: 'revise' });
      const record = await service.identities.look((records) => records.recordOf(E1));
      expect(record?.demographics.insuranceKeys).toHaveLength(1);
    });

    it('and undoes the binding where a later feed says that there is no insurance', async () => {
      await service.feed('east', 'E-1', person({ insurance: [card] }));
      await service.feed('east', 'E-1', { ...person(), kind: 'revise', noneIn: [INSURANCE] });
      const record = await service.identities.look((records) => records.recordOf(E1));
      expect(record?.demographics.insuranceKeys).toBeUndefined();
    });

    it('and keeps nothing of an insurance without a key', async () => {
      service = new AWideAreaService(database, { isKeyed: false });
      await service.feed('east', 'E-1', person({ insurance: [card] }));
      expect(await stored()).not.toMatch(/138057|記号|187|insuranceKeys/);
    });
  });

  describe('tells subscribed networks of changes', () => {
    const subscribed = (name: NetworkName, domains: readonly string[]): Subscription => ({
      consumer: name,
      domains,
      wire: 'ITI-46',
      assigningAuthorities: ofNetwork(name).assigningAuthorities,
    });
    const every = [
      ...Object.values(WIDE_AREA),
      ...[E1, W1, S1].map(({ assigningAuthority }) => assigningAuthority),
      INTERNAL,
    ];
    /** All that waits for a consumer, in order. */
    const toldTo = async (consumer: NetworkName) => {
      const lists: (readonly PatientId[])[] = [];
      for (;;) {
        const next = (await service.identities.look((records) => records.nextNotifications())).find(
          (one) => one.consumer === consumer,
        );
        if (!next) return lists;
        lists.push(next.ids);
        await service.identities.change((records) => records.removeNotification(next.number));
      }
    };

    beforeEach(() => {
      service = new AWideAreaService(database, {
        subscriptions: (['east', 'west', 'south'] as const).map((one) => subscribed(one, every)),
      });
    });

    it('with its own ids and the others’ wide-area ids alone, whatever it has subscribed to', async () => {
      await service.feed('east', 'E-1');
      const east = await service.wideAreaIdOf('east', 'E-1');
      expect(await toldTo('east')).toEqual([[E1, east]]);
      await service.feed('west', 'W-1');
      const west = await service.wideAreaIdOf('west', 'W-1');
      expect(await toldTo('east')).toEqual([[E1, east, west]]);
      await unlinkPatients([E1, W1], steward, service.stewarding);
      expect(await toldTo('east')).toEqual([[E1, east]]);
      expect(await toldTo('south')).toEqual([]);
    });

    it('when an id is issued anew or retired, and not of people whom it does not know', async () => {
      await service.feed('east', 'E-1');
      await service.feed('west', 'W-1');
      const east = await service.wideAreaIdOf('east', 'E-1');
      await toldTo('east');
      const { wideAreaId } = await reissueWideAreaId(W1, steward, service.stewarding);
      expect(await toldTo('east')).toEqual([[E1, east, wideAreaId]]);
      await toldTo('west');
      await retireWideAreaId(W1, steward, service.stewarding);
      expect(await toldTo('east')).toEqual([[E1, east]]);
      expect(await toldTo('south')).toEqual([]);
    });

    it('when an id of its own patient is retired: she is linked with nobody any more', async () => {
      await service.feed('east', 'E-1');
      await service.feed('west', 'W-1');
      await toldTo('west');
      await retireWideAreaId(W1, steward, service.stewarding);
      expect(await toldTo('west')).toEqual([[W1]]);
      const { wideAreaId: anew } = await reissueWideAreaId(W1, steward, service.stewarding);
      const east = await service.wideAreaIdOf('east', 'E-1');
      expect(await toldTo('west')).toEqual([[W1, anew, east]]);
    });
  });
});
