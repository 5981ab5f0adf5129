import { createHash } from 'node:crypto';
import { PeerFailure, type World } from '../../../actors/actor.ts';
import { documentRegistry } from '../../../actors/document-registry/index.ts';
import { feedMany } from '../../../actors/patient-identity/feed-many.ts';
import { notifyConsumers } from '../../../actors/patient-identity/notifications.ts';
import {
  answerReview,
  linkPatients,
  mergePatients,
  unlinkPatients,
  unmergePatients,
} from '../../../actors/patient-identity/steward.ts';
import type { PatientIdentityStores } from '../../../actors/patient-identity/stores.ts';
import { feedWideArea, oweSome } from '../../../actors/patient-identity/wide-area-feeding.ts';
import type { Database } from '../../../gateway/stores/database.ts';
import { SqlIdentityStore } from '../../../gateway/stores/sql-identity-store.ts';
import { SqlRegistryStore } from '../../../gateway/stores/sql-registry-store.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { ITI_44, type PatientIdentityFeed } from '../../../profiles/pix/iti-44.ts';
import { Fault, refusalsOf } from '../../../profiles/refusal.ts';
import {
  AWideAreaService,
  INSURANCE,
  ofNetwork,
  regional,
  WIDE_AREA,
} from '../../support/a-wide-area-service.ts';
import { describeOnBothDatabases } from '../../support/databases.ts';
import { aPatientIdentityFeed, aPerson } from '../../support/hl7v3-builders.ts';
import { decodeResponse, FROZEN, opened, openedXml } from '../../support/hl7v3-laws.ts';
import { aCaller, SAMPLE_COMMUNITY, WorldOfActors } from '../../support/world-of-actors.ts';

const HOSPITAL = '2.999.700.1.1';
const CLINIC = '2.999.700.1.2';
const SERVICE = 'wide-area';
const atHospital = (id: string): PatientId => ({ id, assigningAuthority: HOSPITAL });
const atClinic = (id: string): PatientId => ({ id, assigningAuthority: CLINIC });
const steward = { by: '担当 一郎' };
const JIRO = aPerson({
  names: [{ family: '見本', given: ['次郎'], representation: 'IDE', use: 'L' }],
  birthTime: '19480101',
  addresses: [],
  telecoms: [],
});

/** By birth date and name. */
const SOMEBODY_ELSE = aPerson({
  names: [{ family: '架空', given: ['花子'], representation: 'IDE', use: 'L' }],
  birthTime: '19330612',
  administrativeGender: 'F',
});

/** The region is the network that the service calls east. */
const community = {
  ...SAMPLE_COMMUNITY,
  affinityDomain: regional('east', '').assigningAuthority,
  assigningAuthorities: [regional('east', '').assigningAuthority, HOSPITAL, CLINIC],
};

type Way = 'open' | 'away' | 'deaf' | 'dying' | 'for another' | PeerFailure;

describeOnBothDatabases('A region that feeds a wide-area id service', (open) => {
  let databases: Database[];
  let service: AWideAreaService;
  let world: WorldOfActors;
  let identities: SqlIdentityStore;
  let stores: PatientIdentityStores;
  /** What the service was sent, in order. */
  let sent: PatientIdentityFeed[];
  let way: Way;

  beforeEach(async () => {
    databases = [await open(), await open()];
    const [own, theirs] = databases as [Database, Database];
    service = new AWideAreaService(theirs);
    world = new WorldOfActors();
    identities = new SqlIdentityStore(own);
    sent = [];
    way = 'open';
    use({ service: SERVICE, device: '2.999.600.7', insuranceDomain: INSURANCE });
    world.add(documentRegistry, { registry: new SqlRegistryStore(own), community });
  });

  afterEach(async () => {
    for (const database of databases) await database.close();
  });

  /** From here on the region feeds this service, or none. */
  const use = (above?: PatientIdentityStores['above']) => {
    stores = { identities, community, ...(above === undefined ? {} : { above }) };
  };
  const own = (): World => {
    const seen = world.seenBy(aCaller({ name: 'gateway', kinds: ['own'] }));
    return {
      ...seen,
      ask: async (transaction, destination, request, options) => {
        if (typeof destination === 'string') {
          return await seen.ask(transaction, destination, request, options);
        }
        expect([transaction.id, destination]).toEqual(['ITI-44', { system: SERVICE }]);
        const feed = request as PatientIdentityFeed;
        if (way === 'away') throw new PeerFailure('transient', 'away', { peer: SERVICE });
        if (way instanceof PeerFailure) throw way;
        sent.push(feed);
        const body = ITI_44.request.encode(feed).xml;
        const bodyHash = createHash('sha256').update(body).digest('hex');
        service.world.message = { id: options?.messageId ?? '', bodyHash };
        const answer = await service.world
          .as(ofNetwork(way === 'for another' ? 'west' : 'east'))(ITI_44, 'patient-identity', feed)
          .catch((error: unknown) => {
            const refusals = refusalsOf(error);
            if (!refusals) throw error;
            const said = ITI_44.refusal(refusals, openedXml(body), FROZEN);
            return decodeResponse(ITI_44, opened(said));
          })
          .finally(() => {
            service.world.message = undefined;
          });
        if (way === 'dying') throw new Error('the process died here');
        if (way === 'deaf') throw new PeerFailure('ambiguous', 'no answer', { peer: SERVICE });
        return answer as never;
      },
    };
  };
  const stewarding = () => ({ stores, world: own() });
  const register = (id: PatientId, over: Parameters<typeof aPatientIdentityFeed>[0] = {}) =>
    feedMany(
      [
        aPatientIdentityFeed({
          ids: [id],
          providerOrganization: { id: id.assigningAuthority },
          ...over,
        }),
      ],
      stores,
      own(),
    );
  const regionalIdOf = async (id: PatientId): Promise<PatientId> => {
    const record = await identities.look((records) => records.recordOf(id));
    return regional('east', record?.regionalId ?? '?');
  };
  const round = () => feedWideArea(stores, own());
  const owed = () => identities.look((records) => records.owedTo(SERVICE));
  const kinds = () => sent.map(({ kind }) => kind);
  const later = (ms: number) => {
    world.now = new Date(world.now.getTime() + ms);
  };
  /** The wide-area id of one of the region's ids; undefined where the service does not know it. */
  const knownAbove = async (id: PatientId) =>
    (await service.ask('east', id, [WIDE_AREA.east]).catch(() => [undefined]))[0];
  const versionsAbove = (id: PatientId) =>
    service.identities.look(async (records) => {
      const record = await records.recordOf(id);
      return record ? (await records.versionsOf(record.number)).length : 0;
    });

  it('tells of a new patient what the service needs to know her again, and nothing else', async () => {
    const demographics = aPerson({
      multipleBirthOrderNumber: 2,
      birthText: 'S450101',
      insurance: [
        { insurer: '06138057', symbol: '記号', number: '1870871', branch: '05' },
        { insurer: '06138057', symbol: '記号', number: '999' },
      ],
    });
    await register(atHospital('1'), { demographics });
    expect(await owed()).toMatchObject({ waiting: 1, refused: 0, attempts: 0 });
    expect(await round()).toEqual({ delivered: 1, refused: [] });
    const id = await regionalIdOf(atHospital('1'));
    expect(sent).toMatchObject([
      {
        kind: 'add',
        ids: [id],
        otherIds: [{ id: '06138057:記号:1870871:05', assigningAuthority: INSURANCE }],
        providerOrganization: { id: community.affinityDomain },
        transmission: { receiver: { device: '2.999.600.7' } },
      },
    ]);
    const [told] = sent;
    expect(Object.keys(told?.kind === 'add' ? told.demographics : {}).sort()).toEqual(
      ['addresses', 'administrativeGender', 'birthTime', 'names', 'telecoms'].sort(),
    );
    expect(JSON.stringify(sent)).not.toContain(HOSPITAL);
    expect((await knownAbove(id))?.assigningAuthority).toBe(WIDE_AREA.east);
    expect(await owed()).toEqual({ waiting: 0, refused: 0, attempts: 0 });
  });

  it('tells of no insurance where the service takes none', async () => {
    use({ service: SERVICE });
    const insurance = [{ insurer: '39131156', number: '1870871' }];
    await register(atHospital('1'), { demographics: aPerson({ insurance }) });
    await round();
    expect(sent).toMatchObject([{ otherIds: [] }]);
    use({ service: SERVICE, insuranceDomain: INSURANCE });
    await register(atHospital('1'), { demographics: { ...JIRO, ...aPerson(), insurance } });
    await oweSome({ after: '', isAgain: false }, stores, own());
    await round();
    expect(sent[1]).toMatchObject({ kind: 'revise', otherIds: [{ id: '39131156::1870871:' }] });
  });

  it('tells that an insurance has ended, and the service unbinds it', async () => {
    const card = [{ insurer: '39131156', number: '1870871' }];
    await register(atHospital('1'), { demographics: aPerson({ insurance: card }) });
    await round();
    const id = await regionalIdOf(atHospital('1'));
    const keysAbove = async () =>
      (await service.identities.look((records) => records.recordOf(id)))?.demographics
        .insuranceKeys;
    expect(await keysAbove()).toHaveLength(1);
    await register(atHospital('1'), { demographics: aPerson({ insurance: [] }) });
    await round();
    expect(sent[1]).toMatchObject({ kind: 'revise', otherIds: [], noneIn: [INSURANCE] });
    expect(await keysAbove()).toBeUndefined();
  });

  it('tells a revision that says something new, and is silent where nothing has changed', async () => {
    await register(atHospital('1'));
    await register(atHospital('1'));
    await register(atClinic('1'));
    await round();
    expect(kinds()).toEqual(['add']);
    const moved = aPerson({ addresses: [{ city: '松江市' }] });
    await register(atClinic('1'), { demographics: moved });
    await round();
    expect(sent[1]).toMatchObject({
      kind: 'revise',
      demographics: { addresses: [{ city: '松江市' }] },
    });
    expect(await versionsAbove(await regionalIdOf(atHospital('1')))).toBe(2);
  });

  it('has the feed acknowledged while the service is away, and delivers once it is back, in order', async () => {
    way = 'away';
    expect(await register(atHospital('1'))).toMatchObject([{ kind: 'added' }]);
    await register(atHospital('2'), { demographics: JIRO });
    expect(await round()).toEqual({ delivered: 0, refused: [], failedAttempts: 1 });
    expect(await round()).toEqual({ delivered: 0, refused: [] });
    later(1_000);
    expect(await round()).toMatchObject({ failedAttempts: 2 });
    way = 'open';
    expect(await round()).toMatchObject({ delivered: 0 });
    expect(await owed()).toMatchObject({ waiting: 2, attempts: 2 });
    later(2_000);
    expect(await round()).toEqual({ delivered: 2, refused: [] });
    expect(sent.map((one) => (one.kind === 'merge' ? [] : one.ids[0]))).toEqual([
      await regionalIdOf(atHospital('1')),
      await regionalIdOf(atHospital('2')),
    ]);
  });

  it('sends the very same message when the answer was lost, and the service does it once', async () => {
    await register(atHospital('1'));
    await register(atHospital('2'), { demographics: JIRO });
    await round();
    await mergePatients(
      { surviving: atHospital('1'), subsumed: atHospital('2') },
      steward,
      stewarding(),
    );
    await register(atHospital('1'), { demographics: aPerson({ telecoms: [] }) });
    way = 'deaf';
    for (let lost = 0; lost < 3; lost += 1) {
      expect(await round()).toMatchObject({ refused: [], failedAttempts: lost + 1 });
      later(600_000);
    }
    way = 'open';
    expect(await round()).toEqual({ delivered: 2, refused: [] });
    expect(kinds()).toEqual(['add', 'add', 'merge', 'merge', 'merge', 'merge', 'revise']);
    expect(await versionsAbove(await regionalIdOf(atHospital('1')))).toBe(2);
  });

  it('delivers once what a process that died had sent and not settled', async () => {
    await register(atHospital('1'));
    way = 'dying';
    await expect(round()).rejects.toThrow('died');
    // Another process over the same database.
    identities = new SqlIdentityStore(databases[0] as Database);
    use(stores.above);
    way = 'open';
    expect(await round()).toEqual({ delivered: 1, refused: [] });
    expect(await versionsAbove(await regionalIdOf(atHospital('1')))).toBe(1);
  });

  it('has regional ids that become one merged at the service, and parted again with their old wide-area ids', async () => {
    await register(atHospital('1'));
    await register(atClinic('2'), { demographics: JIRO });
    const [first, second] = [
      await regionalIdOf(atHospital('1')),
      await regionalIdOf(atClinic('2')),
    ];
    await round();
    const before = [await knownAbove(first), await knownAbove(second)];
    await linkPatients([atHospital('1'), atClinic('2')], steward, stewarding());
    await round();
    expect(sent.at(-1)).toMatchObject({ kind: 'merge', surviving: first, subsumed: second });
    expect(await knownAbove(second)).toBeUndefined();

    await unlinkPatients([atHospital('1'), atClinic('2')], steward, stewarding());
    await round();
    expect(sent.at(-1)).toMatchObject({ kind: 'add', ids: [second], demographics: JIRO });
    expect([await knownAbove(first), await knownAbove(second)]).toEqual(before);
    expect(await owed()).toMatchObject({ waiting: 0, refused: 0 });
  });

  it('tells of a merge of chart numbers and of its undoing', async () => {
    await register(atHospital('1'));
    await register(atHospital('2'), { demographics: JIRO });
    const second = await regionalIdOf(atHospital('2'));
    const ids = { surviving: atHospital('1'), subsumed: atHospital('2') };
    await mergePatients(ids, steward, stewarding());
    await round();
    expect(kinds()).toEqual(['add', 'add', 'merge']);
    await unmergePatients(ids.subsumed, steward, stewarding());
    await round();
    expect(kinds().slice(3)).toEqual(['add']);
    expect(await regionalIdOf(ids.subsumed)).toEqual(second);
    expect(await knownAbove(second)).toBeDefined();
  });

  it('lets what the service refuses wait for a person, and goes on with the others', async () => {
    await register(atHospital('1'));
    await round();
    const id = await regionalIdOf(atHospital('1'));
    const revise = async (city: string) => {
      later(1_000);
      await register(atHospital('1'), { demographics: aPerson({ addresses: [{ city }] }) });
    };
    const refused = () => identities.look((records) => records.owedFeeds(SERVICE, 'refused', 9));
    way = 'for another';
    await revise('松江市');
    expect(await round()).toEqual({ delivered: 0, refused: ['204'] });
    way = 'open';
    await register(atHospital('2'), { demographics: JIRO });
    expect(await round()).toEqual({ delivered: 1, refused: [] });
    expect(await owed()).toMatchObject({ waiting: 0, refused: 1 });
    expect(await refused()).toMatchObject([{ kind: 'revise', ids: [id], refusedFor: '204' }]);
    expect(await versionsAbove(id)).toBe(1);

    expect(await identities.change((records) => records.reopenFeeds(SERVICE))).toBe(1);
    expect(await round()).toEqual({ delivered: 1, refused: [] });
    expect([await refused(), await versionsAbove(id)]).toEqual([[], 2]);

    // A later one of the same patient that is taken overtakes what was refused.
    way = 'for another';
    await revise('出雲市');
    await round();
    way = 'open';
    await revise('浜田市');
    await round();
    expect([await refused(), await versionsAbove(id)]).toEqual([[], 3]);
  });

  it('lets a patient wait whom the service holds for another (205), and goes on with the others', async () => {
    await register(atHospital('1'));
    await round();
    expect(await register(atHospital('1'), { demographics: SOMEBODY_ELSE })).toMatchObject([
      { code: '205' },
    ]);
    // The region's steward takes it for a correction; the service has a steward of its own.
    const [review] = await identities.look((records) => records.openReviews(0, 9));
    const answer = { number: review?.number ?? 0, isAccepted: true };
    await answerReview(answer, steward, stewarding());
    await register(atHospital('2'), {
      demographics: aPerson({ birthTime: '19330101', addresses: [], telecoms: [] }),
    });
    expect(await round()).toEqual({ delivered: 1, refused: ['205'] });
    expect(await owed()).toMatchObject({ waiting: 0, refused: 1 });
  });

  it('forgets what was refused of an id that is given up, or in use again: tried again it would undo that', async () => {
    await register(atHospital('1'));
    await register(atClinic('2'), { demographics: JIRO });
    await round();
    const second = await regionalIdOf(atClinic('2'));
    const both = [atHospital('1'), atClinic('2')] as const;
    const tryAgain = async () => {
      await identities.change((records) => records.reopenFeeds(SERVICE));
      await round();
    };
    way = 'for another';
    await oweSome({ after: '', isAgain: true }, stores, own());
    expect((await round()).refused).toEqual(['204', '204']);
    way = 'open';
    await linkPatients(both, steward, stewarding());
    await round();
    await tryAgain();
    expect(await knownAbove(second)).toBeUndefined();

    await unlinkPatients(both, steward, stewarding());
    await round();
    await linkPatients(both, steward, stewarding());
    way = 'for another';
    expect((await round()).refused).toContain('204');
    way = 'open';
    await unlinkPatients(both, steward, stewarding());
    await round();
    await tryAgain();
    expect(await knownAbove(second)).toBeDefined();
    expect(await owed()).toMatchObject({ waiting: 0, refused: 0 });
  });

  it('lets the records of a patient speak that were hers first, whoever is linked to her later', async () => {
    await register(atHospital('1'));
    later(1_000);
    await register(atClinic('2'), { demographics: JIRO });
    await linkPatients([atHospital('1'), atClinic('2')], steward, stewarding());
    await round();
    expect(kinds()).toEqual(['add', 'add', 'merge']);
    const [first] = sent;
    expect(first).toMatchObject({ demographics: { names: aPerson().names } });
  });

  it.each([
    ['a fault of the service', new Fault('Receiver', 'down'), 'waits'],
    [
      'a fault that turns us away',
      new Fault('Sender', 'no', {
        subcodes: [{ namespace: 'x', prefix: 'x', name: 'NotAuthorized' }],
      }),
      'waits',
    ],
    ['a fault of this message', new Fault('Sender', 'unreadable'), 'refused'],
  ])('keeps %s from blocking for ever, or waits for its end', async (_what, cause, ends) => {
    await register(atHospital('1'));
    way = new PeerFailure('permanent', 'fault', { peer: SERVICE, cause });
    const fed = await round();
    expect(fed.refused).toEqual(ends === 'refused' ? ['soap:Sender'] : []);
    expect(await owed()).toMatchObject(
      ends === 'refused' ? { waiting: 0, refused: 1 } : { waiting: 1, refused: 0, attempts: 1 },
    );
  });

  it('writes down nobody where no service is fed, and everybody once when it is switched on later', async () => {
    use();
    await register(atHospital('1'));
    await register(atHospital('2'), { demographics: JIRO });
    expect(await owed()).toMatchObject({ waiting: 0 });
    expect(await round()).toEqual({ delivered: 0, refused: [] });
    use({ service: SERVICE });
    const begin = { after: '', isAgain: false };
    expect(await oweSome(begin, stores, own())).toEqual({ looked: 2, owed: 2, waiting: 2 });
    expect(await oweSome(begin, stores, own())).toEqual({ looked: 2, owed: 0, waiting: 2 });
    await round();
    expect(kinds()).toEqual(['add', 'add']);
    expect(await oweSome({ ...begin, isAgain: true }, stores, own())).toMatchObject({ owed: 2 });
  });

  it('goes through all regional ids some at a time, and looks at nobody while much waits', async () => {
    await identities.change(async (records) => {
      for (let id = 100; id < 160; id += 1) await records.putRegionalId(`${id}`);
    });
    const first = await oweSome({ after: '', isAgain: false }, stores, own());
    expect(first).toEqual({ after: '149', looked: 50, owed: 0, waiting: 0 });
    const rest = await oweSome({ after: '149', isAgain: false }, stores, own());
    expect(rest).toEqual({ looked: 10, owed: 0, waiting: 0 });
    await identities.change(async (records) => {
      const ids = [regional('east', '100')];
      const feed = { service: SERVICE, kind: 'merge', ids, messageId: 'x' } as const;
      for (let count = 0; count < 1_000; count += 1) await records.oweFeed(feed, world.now);
    });
    const waits = { after: '', looked: 0, owed: 0, waiting: 1_000 };
    expect(await oweSome({ after: '', isAgain: false }, stores, own())).toEqual(waits);
  });

  it('keeps what it owes apart from the notifications in the same outbox', async () => {
    await register(atHospital('1'));
    await notifyConsumers(stores, own());
    expect(await owed()).toMatchObject({ waiting: 1 });
    const queues = await identities.look((records) => records.queuesOfConsumers());
    expect(queues).toEqual([]);
    await identities.change((records) =>
      records.addNotification({ consumer: SERVICE, ids: [], messageId: 'y' }, world.now),
    );
    expect(await owed()).toMatchObject({ waiting: 1 });
    await round();
    expect(sent).toHaveLength(1);
  });

  it('tells of what became one while the feed was switched off', async () => {
    await register(atHospital('1'));
    await register(atClinic('2'), { demographics: JIRO });
    await round();
    const second = await regionalIdOf(atClinic('2'));
    use();
    await linkPatients([atHospital('1'), atClinic('2')], steward, stewarding());
    use({ service: SERVICE });
    await oweSome({ after: '', isAgain: false }, stores, own());
    await round();
    expect(sent.at(-1)).toMatchObject({ kind: 'merge', subsumed: second });
    expect(kinds().filter((kind) => kind === 'merge')).toHaveLength(1);
  });
});
