import { jest } from '@jest/globals';
import { once } from 'node:events';
import { frameMllp } from '../../profiles/formats/mllp.ts';
import { encodeText, ISO_IR87 } from '../../profiles/formats/hl7v2-charsets.ts';
import { MllpListener } from '../../gateway/inbound/mllp-listener.ts';
import { ITI_30 } from '../../profiles/pix/iti-30.ts';
import { ITI_8 } from '../../profiles/pix/iti-8.ts';
import { certificatesOf } from '../../scripts/certificate-texts.ts';
import { breakTrail } from '../support/broken-trail.ts';
import { eventually } from '../support/expectations.ts';
import { MllpLink, messageOf, saidIn } from '../support/mllp.ts';
import { regionOids, World } from '../support/world.ts';

const oids = regionOids(1);
const CHARTS = `EAST&${oids.chartNumbers}&ISO`;
const REGION = `REGION&${oids.affinityDomain}&ISO`;
const TRANSACTIONS = ['ITI-8', 'ITI-9', 'ITI-21', 'ITI-30', 'ITI-44', 'ITI-45', 'ITI-47'];

const msh = (
  event: string,
  id: string,
  { version = '2.5', charset = 'UNICODE UTF-8', sender = 'HIS|EAST' } = {},
) =>
  `MSH|^~\\&|${sender}|PIXMGR|REGION|20250401093000||${event}|${id}|P|${version}||||||${charset}`;
const feed = (
  id: string,
  chart: string,
  { trigger = 'A04', version = '2.3.1', birth = '19700101', sender = 'HIS|EAST' } = {},
) =>
  messageOf(
    msh(`ADT^${trigger}^ADT_A01`, id, { version, sender }),
    'EVN||20250401093000',
    `PID|||${chart}||試験^花子^^^^^L^I~シケン^ハナコ^^^^^L^P||${birth}|F`,
    'PV1||O',
  );
const pixQuery = (id: string, chart: string, wanted = '') =>
  messageOf(msh('QBP^Q23^QBP_Q21', id), `QPD|IHE PIX Query|tag-${id}|${chart}${wanted}`, 'RCP|I');

describe('HL7 v2 over MLLP', () => {
  let world: World;
  const links: MllpLink[] = [];

  beforeAll(async () => {
    world = await World.start({
      hospital: {
        transactions: TRANSACTIONS,
        mllp: {
          senders: [
            { application: 'HIS', facility: 'EAST' },
            { application: 'EHR', facility: 'CLINIC' },
          ],
          loopback: true,
        },
      },
      listen: {
        mllps: { host: '127.0.0.1', patientIdentity: 0, documentRegistry: 0 },
        mllp: { patientIdentity: 0 },
      },
      settings: {
        assigningAuthorities: [
          { oid: oids.affinityDomain, name: 'regional id', namespace: 'REGION' },
          { oid: oids.chartNumbers, name: 'east charts', namespace: 'EAST' },
        ],
      },
      systems: [
        {
          name: 'stranger',
          institution: '9990000000',
          regions: [],
          assigningAuthorities: [],
          transactions: [],
        },
      ],
    });
  });

  afterEach(() => {
    for (const link of links.splice(0)) link.close();
  });
  afterAll(() => world.stop());

  const open = async (
    actor: 'patient-identity' | 'document-registry' = 'patient-identity',
    as = 'east-hospital',
  ) => {
    const link = await MllpLink.open(world.gateway().mllpUrl(actor) ?? '', world.tls(as));
    links.push(link);
    return link;
  };
  const openPlain = async () => {
    const link = await MllpLink.open(world.gateway().mllpUrl('patient-identity', 'mllp') ?? '');
    links.push(link);
    return link;
  };

  it('takes a feed and answers a query, both in the words of the Framework', async () => {
    const link = await open();
    expect(saidIn(await link.ask(feed('F-1', `V-1^^^${CHARTS}`)))).toEqual({
      code: 'AA',
      answers: 'F-1',
      errors: [],
      status: [],
      patients: [],
      event: 'ACK^A04',
    });
    const said = saidIn(await link.ask(pixQuery('Q-1', `V-1^^^${CHARTS}`, `|^^^${REGION}`)));
    expect(said).toMatchObject({
      code: 'AA',
      answers: 'Q-1',
      errors: [],
      status: ['QAK|tag-Q-1|OK'],
    });
    expect(said.event).toBe('RSP^K23^RSP_K23');
    expect(said.patients).toHaveLength(1);
    expect(said.patients[0]).toMatch(
      new RegExp(
        `^PID\\|\\|\\|[^~|^]+\\^\\^\\^REGION&${oids.affinityDomain}&ISO\\|\\|~\\^\\^\\^\\^\\^\\^S$`,
      ),
    );
  });

  it('answers the six cases of a PIX query', async () => {
    const link = await open();
    await link.ask(feed('F-2', `V-2^^^${CHARTS}`));
    const ask = async (id: string, chart: string, wanted?: string) =>
      saidIn(await link.ask(pixQuery(id, chart, wanted)));
    expect(await ask('C-2', `V-2^^^${CHARTS}`, `|^^^${CHARTS}`)).toMatchObject({
      code: 'AA',
      errors: [],
      status: ['QAK|tag-C-2|NF'],
      patients: [],
    });
    expect(await ask('C-3', `nobody^^^${CHARTS}`)).toMatchObject({
      code: 'AE',
      errors: ['ERR||QPD^1^3^1^1|204^Unknown key identifier^HL70357|E'],
      status: ['QAK|tag-C-3|AE'],
      patients: [],
    });
    expect(await ask('C-4', 'V-2^^^&2.999.404&ISO')).toMatchObject({
      code: 'AE',
      errors: ['ERR||QPD^1^3^1^4|204^Unknown key identifier^HL70357|E'],
    });
    expect(
      await ask('C-5', `V-2^^^${CHARTS}`, `|^^^&2.999.404&ISO~^^^${REGION}~^^^NOWHERE`),
    ).toMatchObject({
      code: 'AE',
      errors: [
        'ERR||QPD^1^4^1|204^Unknown key identifier^HL70357|E',
        'ERR||QPD^1^4^3|204^Unknown key identifier^HL70357|E',
      ],
    });
  });

  it('repeats the query to the octet, empty parts and all', async () => {
    const link = await open();
    const qpd = `QPD|IHE PIX Query^^^|tag-e|nobody^^^${CHARTS}^^||||`;
    const answer = await link.ask(messageOf(msh('QBP^Q23^QBP_Q21', 'E-1'), qpd, 'RCP|I'));
    expect(answer.segments.map(({ text }) => text)).toContain(qpd);
  });

  it('answers several messages of one chunk in their order, and one that comes in parts', async () => {
    const link = await open();
    const ids = ['O-1', 'O-2', 'O-3', 'O-4'];
    const chunk = Buffer.concat(
      ids.map((id) =>
        frameMllp(Buffer.from(id === 'O-2' ? 'garbage' : pixQuery(id, `x^^^${CHARTS}`))),
      ),
    );
    link.socket.write(Buffer.concat([Buffer.from('noise\r\n'), chunk.subarray(0, 300)]));
    link.socket.write(chunk.subarray(300));
    const answered: (string | undefined)[] = [];
    for (const _ of ids) answered.push(saidIn(await link.next()).answers);
    expect(answered).toEqual(['O-1', '', 'O-3', 'O-4']);
  });

  it.each([
    ['200', msh('ORU^R01^ORU_R01', 'X-1'), 'AR', 'MSH^1^9^1^1', 'Unsupported message type'],
    ['201', msh('ADT^A10^ADT_A09', 'X-1'), 'AR', 'MSH^1^9^1^2', 'Unsupported event code'],
    ['201', msh('ADT^A43^ADT_A43', 'X-1'), 'AR', 'MSH^1^9^1^2', 'Unsupported event code'],
    [
      '203',
      msh('ADT^A04^ADT_A01', 'X-1', { version: '2.7' }),
      'AR',
      'MSH^1^12^1^1',
      'Unsupported version ID',
    ],
    [
      '202',
      msh('ADT^A28^ADT_A05', 'X-1').replace('|P|', '|Q|'),
      'AR',
      'MSH^1^11^1^1',
      'Unsupported processing ID',
    ],
    ['100', msh('ADT^A28^ADT_A05', 'X-1'), 'AE', 'EVN^1', 'Segment sequence error'],
    [
      '103',
      msh('ADT^A28^ADT_A05', 'X-1', { charset: 'BIG-5' }),
      'AR',
      'MSH^1^18',
      'Table value not found',
    ],
  ])(
    'refuses with %s what is wrong in the header',
    async (code, header, acknowledgement, place, words) => {
      const link = await open();
      const said = saidIn(await link.ask(messageOf(header)));
      expect(said).toMatchObject({ code: acknowledgement, answers: 'X-1' });
      expect(said.errors).toHaveLength(1);
      expect(said.errors[0]).toContain(`ERR||${place}|${code}^${words}^HL70357|E`);
    },
  );

  const feeding = ['A01', 'A04', 'A05', 'A08', 'A40'];
  const managing = ['A24', 'A28', 'A31', 'A37', 'A40', 'A47'];

  it.each([
    ['those of ITI-8, and of ITI-30 with Merge and Link/Unlink,', 'PIX Manager', '2.3.1'],
    ['those of ITI-8, and of ITI-30 with Merge and Link/Unlink,', 'PIX Manager', '2.5'],
    ['those of ITI-8', 'Document Registry', '2.3.1'],
    ['those of ITI-8', 'Document Registry', '2.5'],
  ])(
    'takes of all events of ADT %s at the port of the %s in v%s, and refuses every other with 201',
    async (_what, actor, version) => {
      const owed = actor === 'PIX Manager' ? [...feeding, ...managing] : feeding;
      const link = await open(actor === 'PIX Manager' ? 'patient-identity' : 'document-registry');
      const taken: string[] = [];
      for (let number = 1; number <= 62; number += 1) {
        const trigger = `A${String(number).padStart(2, '0')}`;
        const { structure = 'ADT_A01' } =
          [...ITI_8.wire.messages, ...ITI_30.wire.messages].find(
            (message) => message.trigger === trigger,
          ) ?? {};
        // Nothing but its header: what is owed is refused for its first segment that is missing.
        const header = msh(`ADT^${trigger}^${structure}`, trigger, { version });
        const { code, errors } = saidIn(await link.ask(messageOf(header)));
        const [error = ''] = errors;
        if (/201[&^]/.test(error) && code === 'AR') continue;
        expect([code, /100[&^]/.test(error)]).toEqual(['AE', true]);
        taken.push(trigger);
      }
      expect(taken).toEqual([...new Set(owed)].sort());
    },
  );

  it('answers v2.3.1 with an ERR of v2.3.1', async () => {
    const link = await open();
    const said = saidIn(await link.ask(feed('F-9', 'V-9^^^&2.999.404&ISO')));
    expect(said).toMatchObject({
      code: 'AE',
      errors: ['ERR|PID^1^3^204&Unknown key identifier&HL70357'],
    });
  });

  it('answers what is no message at all', async () => {
    const link = await open();
    for (const garbage of ['', 'MSH', '\r\r', 'MSH|^~\\&', '\ufeffPID|']) {
      expect(saidIn(await link.ask(garbage))).toMatchObject({ code: 'AR', answers: '' });
    }
  });

  it.each([
    ['garbage', 'garbage', '100'],
    ['a message that ends in its header', 'MSH|^~\\&|HIS|EAST', '200'],
    ['an unknown trigger', messageOf(msh('ADT^A99^ADT_A01', 'G-1')), '201'],
    ['an unknown version', messageOf(msh('ADT^A04^ADT_A01', 'G-2', { version: '9.9' })), '203'],
    [
      'an unknown character set',
      messageOf(msh('ADT^A04^ADT_A01', 'G-3', { charset: 'BIG-5' })),
      '103',
    ],
  ])(
    'records %s that a peer sends, though no transaction is asked',
    async (_what, octets, code) => {
      const link = await open();
      const before = (await world.alerts()).length;
      expect(saidIn(await link.ask(octets)).code).toBe('AR');
      const alerts = (await world.alerts()).slice(before);
      expect(alerts).toHaveLength(1);
      const description = alerts[0]?.objects[0]?.details['Alert Description'];
      expect(description).toContain(`reason: not a message of a transaction: ${code}`);
      expect(description).toContain('address: 127.0.0.1');
    },
  );

  it('reads ISO-2022-JP and answers in it, in 〓 where it cannot', async () => {
    const link = await open();
    const lines = messageOf(
      msh('ADT^A08^ADT_A01', 'J-1', { charset: '~ISO IR87||ISO 2022-1994' }),
      'EVN||20250401093000',
      `PID|0001||J-1^^^${CHARTS}||試験^高子^^^^^L^I~シケン^タカコ^^^^^L^P||19700101|F`,
      'PV1|0001|O',
    );
    expect(saidIn(await link.ask(encodeText(lines, ISO_IR87).octets))).toMatchObject({
      code: 'AA',
    });
    const again = messageOf(
      msh('ADT^A08^ADT_A01', 'J-2'),
      'EVN||20250401093000',
      `PID|||J-1^^^${CHARTS}||試験^髙子^^^^^L^I~シケン^タカコ^^^^^L^P||19700101|F`,
    );
    expect(saidIn(await link.ask(again))).toMatchObject({ code: 'AA' });
    const query = messageOf(
      msh('QBP^Q22^QBP_Q21', 'J-3', { charset: '~ISO IR87||ISO 2022-1994' }),
      'QPD|IHE PDQ Query|tag-j|@PID.5.1.1^シケン~@PID.5.2^タカコ',
      'RCP|I',
    );
    const said = saidIn(await link.ask(encodeText(query, ISO_IR87).octets));
    expect(said).toMatchObject({ code: 'AA', status: ['QAK|tag-j|OK'] });
    expect(said.patients[0]).toContain('試験^〓子^^^^^L^I~シケン^タカコ^^^^^L^P');
    expect(world.logged.join('')).toContain('PID^1^5');
  });

  it('supplies the authority that PID-3 leaves out only where the source has exactly one', async () => {
    const link = await open();
    // The hospital feeds two authorities here.
    expect(saidIn(await link.ask(feed('N-1', 'V-10'))).code).toBe('AE');
  });

  it('changes what A08 says and leaves what it does not', async () => {
    const link = await open();
    await link.ask(feed('U-1', `V-20^^^${CHARTS}`, { birth: '19700102' }));
    const update = messageOf(
      msh('ADT^A08^ADT_A01', 'U-2', { version: '2.3.1' }),
      'EVN||20250401093000',
      `PID|||V-20^^^${CHARTS}||試験^二子^^^^^L^I`,
    );
    expect(saidIn(await link.ask(update)).code).toBe('AA');
    const find = (id: string, day: string) =>
      link.ask(
        messageOf(
          msh('QBP^Q22^QBP_Q21', id),
          `QPD|IHE PDQ Query|tag-${id}|@PID.3.1^V-20~@PID.3.4.2^${oids.chartNumbers}~@PID.7^${day}`,
          'RCP|I',
        ),
      );
    expect(saidIn(await find('U-3', '19700102')).patients[0]).toMatch(/試験\^二子.*\|19700102\|F/);
    const erase = update.replace('U-2', 'U-4').replace('^I\r', '^I||""|""\r');
    expect(saidIn(await link.ask(erase)).code).toBe('AA');
    expect(saidIn(await find('U-5', '19700102')).status).toEqual(['QAK|tag-U-5|NF']);
  });

  it('leaves what A01 does not say of a patient who was registered before', async () => {
    const link = await open();
    await link.ask(feed('U-6', `V-21^^^${CHARTS}`, { birth: '19700102' }));
    const admitted = messageOf(
      msh('ADT^A01^ADT_A01', 'U-7', { version: '2.3.1' }),
      'EVN||20250401093000',
      `PID|||V-21^^^${CHARTS}||試験^花子^^^^^L^I`,
      'PV1||I',
    );
    expect(saidIn(await link.ask(admitted)).code).toBe('AA');
    const query = messageOf(
      msh('QBP^Q22^QBP_Q21', 'U-8'),
      `QPD|IHE PDQ Query|tag-U-8|@PID.3.1^V-21~@PID.3.4.2^${oids.chartNumbers}`,
      'RCP|I',
    );
    expect(saidIn(await link.ask(query)).patients[0]).toContain('|19700102|F');
  });

  it('says of an id that is refused which of several it is', async () => {
    const link = await open();
    await link.ask(feed('L-1', `L-1^^^${CHARTS}`));
    const adt = async (event: string, id: string, ...segments: string[]) =>
      saidIn(await link.ask(messageOf(msh(event, id), 'EVN||20250401093000', ...segments))).errors;
    const pid = (chart: string, name = '') => `PID|||${chart}${name}`;
    const known = `L-1^^^${CHARTS}`;
    const at = (place: string) => [expect.stringContaining(`ERR||${place}|204^`)];
    expect(await adt('ADT^A24^ADT_A24', 'L-2', pid(known), pid(`no^^^${CHARTS}`))).toEqual(
      at('PID^2^3'),
    );
    expect(await adt('ADT^A37^ADT_A37', 'L-3', pid(known), pid('x^^^&2.999.404&ISO'))).toEqual(
      at('PID^2^3^1^4'),
    );
    await link.ask(feed('L-4', `L-4^^^${CHARTS}`, { birth: '19710101' }));
    await link.ask(feed('L-6', `L-6^^^${CHARTS}`));
    const mrg = (id: string) => `MRG|${id}^^^${CHARTS}`;
    expect(await adt('ADT^A40^ADT_A39', 'L-7', pid(known, '||試験^花子'), mrg('L-6'))).toEqual([]);
    expect(await adt('ADT^A47^ADT_A30', 'L-8', pid(`L-6^^^${CHARTS}`), mrg('L-1'))).toEqual(
      at('PID^1^3^1^1'),
    );
    // Ids of other authorities are passed over: what is wrong is that the two are two patients'.
    const both = `x^^^&2.999.404&ISO~${known}~L-4^^^${CHARTS}`;
    expect(await adt('ADT^A28^ADT_A05', 'L-5', pid(both, '||試験^花子'))).toEqual(
      at('PID^1^3^2^1'),
    );
  });

  it('merges, and answers the same message again as it did at first', async () => {
    const link = await open();
    await link.ask(feed('M-1', `V-30^^^${CHARTS}`, { birth: '19700103' }));
    await link.ask(feed('M-2', `V-31^^^${CHARTS}`, { birth: '19700103' }));
    const merge = messageOf(
      msh('ADT^A40^ADT_A39', 'M-3', { version: '2.3.1' }),
      'EVN||20250401093000',
      `PID|||V-30^^^${CHARTS}||試験^花子`,
      `MRG|V-31^^^${CHARTS}`,
    );
    expect(saidIn(await link.ask(merge)).code).toBe('AA');
    expect(saidIn(await link.ask(merge)).code).toBe('AA');
    expect(saidIn(await link.ask(merge.replace('M-3', 'M-4')))).toMatchObject({
      code: 'AE',
      errors: ['ERR|MRG^1^1^204&Unknown key identifier&HL70357'],
    });
    expect(saidIn(await link.ask(pixQuery('M-5', `V-31^^^${CHARTS}`))).code).toBe('AE');
  });

  it('says of a merge which of the two it cannot take, and of a number that is somebody else’s which it is', async () => {
    const link = await open();
    for (const [number, id] of ['V-35', 'V-36', 'V-37'].entries()) {
      await link.ask(feed(`W-${number}`, `${id}^^^${CHARTS}`, { birth: `1971010${number + 1}` }));
    }
    const at = async (event: string, id: string, ...segments: string[]) =>
      saidIn(
        await link.ask(
          messageOf(msh(event, id, { version: '2.3.1' }), 'EVN||20250401093000', ...segments),
        ),
      ).errors;
    const merge = (id: string, surviving: string, subsumed: string) =>
      at('ADT^A40^ADT_A39', id, `PID|||${surviving}||試験^花子`, `MRG|${subsumed}`);
    const chart = (id: string) => `${id}^^^${CHARTS}`;
    const unknown = (segment: string) => [`ERR|${segment}^204&Unknown key identifier&HL70357`];
    expect(await merge('W-4', chart('nobody'), chart('V-35'))).toEqual(unknown('PID^1^3'));
    expect(await merge('W-5', chart('V-35'), chart('nobody'))).toEqual(unknown('MRG^1^1'));
    expect(await merge('W-6', 'x^^^&2.999.404&ISO', 'y^^^&2.999.404&ISO')).toEqual(
      unknown('PID^1^3'),
    );
    expect(await merge('W-7', chart('V-35'), chart('V-36'))).toEqual([]);
    expect(await merge('W-8', chart('V-36'), chart('V-35'))).toEqual(unknown('PID^1^3'));
    expect(await merge('W-9', chart('V-37'), chart('V-36'))).toEqual(unknown('MRG^1^1'));
    expect(
      await at('ADT^A08^ADT_A01', 'W-10', `PID|||${chart('V-37')}||別人^太郎^^^^^L^I||19301231|M`),
    ).toEqual(['ERR|PID^1^3^205&Duplicate key identifier&HL70357']);
  });

  it('closes a peer that the directory does not list before a frame, and writes whose certificate it was into one security alert', async () => {
    const before = (await world.alerts()).length;
    const fed = (await world.auditOf('ITI-8')).length;
    const stranger = await MllpLink.open(
      world.gateway().mllpUrl('patient-identity') ?? '',
      world.tls('stranger'),
    );
    links.push(stranger);
    // It has sent nothing: who it is is judged at the handshake, not with its first message.
    await expect(stranger.next()).rejects.toThrow(/closed/);

    await eventually(async () => (await world.alerts()).length > before);
    const file = world.federation.systems.get('stranger')?.certificateFile ?? '';
    const [certificate] = await certificatesOf(file);
    const alerts = (await world.alerts()).slice(before);
    expect(alerts).toMatchObject([
      {
        ...{ event: '110113', type: '110126', action: 'E', outcome: '8' },
        objects: [{ id: certificate?.subject.text, type: '2/13' }],
      },
    ]);
    const description = alerts[0]?.objects[0]?.details['Alert Description'];
    expect(description).toContain('unlisted');
    expect(description).toContain('address: 127.0.0.1');
    expect(description).toContain(`fingerprint: ${certificate?.fingerprint}`);
    expect(await world.auditOf('ITI-8')).toHaveLength(fed);
  });

  it('refuses a sending application that the entry of the certificate does not name', async () => {
    const link = await open();
    const said = saidIn(await link.ask(feed('S-2', `V-41^^^${CHARTS}`, { sender: 'HIS|OTHER' })));
    expect(said).toMatchObject({ code: 'AR', answers: 'S-2' });
    expect(saidIn(await link.ask(pixQuery('S-3', `V-41^^^${CHARTS}`))).code).toBe('AE');
  });

  it('knows a peer on the loopback by MSH-3 and MSH-4, and refuses any other', async () => {
    const link = await openPlain();
    expect(saidIn(await link.ask(feed('L-1', `V-50^^^${CHARTS}`)))).toMatchObject({ code: 'AA' });
    expect(
      saidIn(await link.ask(feed('L-2', `V-51^^^${CHARTS}`, { sender: 'HIS|NOBODY' }))),
    ).toMatchObject({ code: 'AR' });
  });

  it('feeds the Document Registry at its own port', async () => {
    const link = await open('document-registry');
    const said = saidIn(await link.ask(feed('D-1', `R-500^^^${REGION}`)));
    expect(said).toMatchObject({ code: 'AA', answers: 'D-1' });
    expect(saidIn(await link.ask(feed('D-2', `V-60^^^${CHARTS}`))).code).toBe('AE');
    // What A08 tells is not the registry's to keep, and it takes it all the same (ITI TF-2: 3.8.4.1.3.2).
    const revised = feed('D-5', `V-60^^^${CHARTS}`, { trigger: 'A08' });
    expect(saidIn(await link.ask(revised))).toMatchObject({ code: 'AA', answers: 'D-5' });
    // ITI-64 is a matter of the actors of one community: no peer moves a patient's documents by A43.
    const moved = messageOf(
      msh('ADT^A43^ADT_A43', 'D-4'),
      'EVN||20250401093000',
      `PID|||R-500^^^${REGION}~V-60^^^${CHARTS}||試験^花子`,
      `MRG|R-501^^^${REGION}~V-60^^^${CHARTS}`,
    );
    const refused = saidIn(await link.ask(moved));
    expect(refused).toMatchObject({ code: 'AR', answers: 'D-4' });
    expect(refused.errors.join('')).toContain('|MSH^1^9^1^2|201^');
    expect(saidIn(await link.ask(pixQuery('D-3', `V-60^^^${CHARTS}`)))).toMatchObject({
      code: 'AR',
    });
  });

  it('records a feed and a query, with MSH-10, the parties and the query itself', async () => {
    const link = await open();
    const fed = await world.recording('ITI-8', () => link.ask(feed('A-1', `V-80^^^${CHARTS}`)));
    expect(fed.records).toHaveLength(1);
    expect(fed.records[0]).toMatchObject({ event: '110110', action: 'C', outcome: '0' });
    const participants = JSON.stringify(fed.records[0]);
    expect(participants).toContain('EAST|HIS');
    expect(participants).toContain('REGION|PIXMGR');
    expect(fed.records[0]?.objects[0]).toMatchObject({ details: { 'MSH-10': 'A-1' } });
    const asked = await world.recording('ITI-9', () =>
      link.ask(pixQuery('A-2', `nobody^^^${CHARTS}`)),
    );
    expect(asked.records[0]).toMatchObject({ event: '110112', action: 'E', outcome: '8' });
    expect(JSON.stringify(asked.records[0])).toContain('QPD|IHE PIX Query|tag-A-2|');
    expect(asked.records[0]?.objects.at(-1)).toMatchObject({ details: { 'MSH-10': 'A-2' } });
  });

  it('records a merge as an update and a deletion, and the whole of a long MSH-10', async () => {
    const link = await open();
    for (const id of ['A-3', 'A-4']) await link.ask(feed(id, `${id}^^^${CHARTS}`));
    const controlId = 'A-5-0123456789-0123456789';
    const merge = messageOf(
      msh('ADT^A40^ADT_A39', controlId, { version: '2.3.1' }),
      'EVN||20250401093000',
      `PID|||A-3^^^${CHARTS}||試験^花子||不明|?`,
      `MRG|A-4^^^${CHARTS}`,
    );
    const merged = await world.recording('ITI-8', () => link.ask(merge));
    expect(merged.records).toMatchObject([
      { action: 'U', outcome: '0', objects: [{ details: { 'MSH-10': controlId } }] },
      { action: 'D', outcome: '0', objects: [{ details: { 'MSH-10': controlId } }] },
    ]);
    expect(merged.records.map(({ objects }) => JSON.stringify(objects).includes('A-4^'))).toEqual([
      false,
      true,
    ]);
  });

  it('links, parts and corrects by ITI-30', async () => {
    const link = await open();
    const adt = (event: string, id: string, ...segments: string[]) =>
      link.ask(messageOf(msh(event, id), 'EVN||20250401093000', ...segments));
    const pid = (id: string, more = '') => `PID|||${id}^^^${CHARTS}${more}`;
    const others = async (id: string) =>
      saidIn(await link.ask(pixQuery(`${id}-${performance.now()}`, `${id}^^^${CHARTS}`)));
    const regionalOf = async (id: string) =>
      /\|([^|^~]+)\^\^\^REGION/.exec((await others(id)).patients[0] ?? '')?.[1];
    for (const [number, id] of ['E-1', 'E-2'].entries()) {
      const person = `||試験^${number}子^^^^^L^I||1980010${number + 1}|F`;
      expect(saidIn(await adt('ADT^A28^ADT_A05', `I-${id}`, pid(id, person))).code).toBe('AA');
    }
    expect(await regionalOf('E-1')).not.toBe(await regionalOf('E-2'));
    expect(saidIn(await adt('ADT^A24^ADT_A24', 'I-3', pid('E-1'), pid('E-2')))).toMatchObject({
      code: 'AA',
      event: 'ACK^A24^ACK',
    });
    expect(await regionalOf('E-1')).toBe(await regionalOf('E-2'));
    expect(saidIn(await adt('ADT^A37^ADT_A37', 'I-4', pid('E-1'), pid('E-2'))).code).toBe('AA');
    expect(await regionalOf('E-1')).not.toBe(await regionalOf('E-2'));
    const before = await regionalOf('E-1');
    expect(
      saidIn(await adt('ADT^A47^ADT_A30', 'I-5', pid('E-9'), `MRG|E-1^^^${CHARTS}`)).code,
    ).toBe('AA');
    expect(await regionalOf('E-9')).toBe(before);
    expect((await others('E-1')).code).toBe('AE');
    for (const [event, ...segments] of [
      ['ADT^A24^ADT_A24', pid('E-2'), pid('nobody')],
      ['ADT^A47^ADT_A30', pid('E-2'), `MRG|nobody^^^${CHARTS}`],
    ] as const) {
      expect(saidIn(await adt(event, 'I-6', ...segments))).toMatchObject({ code: 'AE' });
    }
    expect(saidIn(await adt('ADT^A24^ADT_A24', 'I-7', pid('E-2')))).toMatchObject({
      code: 'AE',
      errors: [expect.stringContaining('ERR||PID^2|100^')],
    });
  });

  it('answers a peer that has closed its half, and then closes', async () => {
    const link = await openPlain();
    link.socket.end(frameMllp(Buffer.from(pixQuery('H-1', `x^^^${CHARTS}`))));
    expect(saidIn(await link.next()).answers).toBe('H-1');
    await once(link.socket, 'close');
  });
});

describe('Limits of a connection', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start({
      hospital: { transactions: TRANSACTIONS },
      listen: { mllps: { host: '127.0.0.1', patientIdentity: 0 } },
      settings: { limits: { v2MessageBytes: 2_048, idleMs: 1_000 } },
    });
  });
  afterAll(() => world.stop());

  const open = () => MllpLink.open(world.gateway().mllpUrl('patient-identity') ?? '', world.tls());

  it('answers a message that is too large with AR, and closes', async () => {
    const link = await open();
    const closed = once(link.socket, 'close');
    const said = saidIn(
      await link.ask(`${msh('ADT^A04^ADT_A01', 'Z-1')}\r${'x'.repeat(1_000_000)}`),
    );
    expect(said).toMatchObject({ code: 'AR', answers: 'Z-1' });
    await closed;
  });

  it('closes a connection on which half a message came and no more', async () => {
    const link = await open();
    link.socket.write('\x0bMSH|');
    await once(link.socket, 'close');
  });

  describe('of times', () => {
    const listening = async (tookMs: number, limits: { idleMs: number; longestMs: number }) => {
      const identified = { peer: {}, stillValid: () => true };
      const listener = new MllpListener({
        actor: 'patient-identity',
        host: '127.0.0.1',
        port: 0,
        security: { kind: 'loopback', identify: () => identified as never },
        answer: async () => {
          await new Promise((resolve) => setTimeout(resolve, tookMs));
          return Buffer.from('MSH|^~\\&\rMSA|AA|1\r');
        },
        limits: { messageBytes: 2_048, ...limits },
        log: { warn() {}, error() {} } as never,
        metrics: { oddity() {} } as never,
      });
      await listener.start();
      return listener;
    };

    it('gives each message its own, though the next has always begun when one ends', async () => {
      const listener = await listening(25, { idleMs: 10_000, longestMs: 60 });
      const link = await MllpLink.open(listener.url);
      link.socket.write('\x0bMSH|');
      for (let number = 0; number < 6; number += 1) {
        link.socket.write('^~\\&\r\x1c\r\x0bMSH|');
        await link.next();
      }
      link.close();
      await listener.stop(0);
    });

    it('does not count against a peer what it is not read', async () => {
      const listener = await listening(100, { idleMs: 40, longestMs: 60_000 });
      const link = await MllpLink.open(listener.url);
      link.socket.write(`${'\x0bMSH|^~\\&\r\x1c\r'.repeat(18)}\x0bMSH|`);
      expect(saidIn(await link.next()).code).toBe('AA');
      link.close();
      await listener.stop(0);
    });
  });

  it('closes a connection that sends nothing but noise', async () => {
    const link = await open();
    link.socket.write(Buffer.alloc(100_000, 0x20));
    await once(link.socket, 'close');
  });

  it('acknowledges and shows nothing when the audit trail cannot be written', async () => {
    const link = await open();
    const chart = `T-1^^^&${oids.chartNumbers}&ISO`;
    expect(saidIn(await link.ask(feed('T-0', chart))).code).toBe('AA');
    await breakTrail(world.folder());
    expect(saidIn(await link.ask(feed('T-1', chart))).code).toBe('AR');
    const found = await link.ask(pixQuery('T-2', chart));
    expect(saidIn(found)).toMatchObject({ code: 'AR', patients: [] });
    jest.restoreAllMocks();
    link.close();
  });
});

describe('A continuation of ITI-21', () => {
  let world: World;
  let link: MllpLink;

  beforeAll(async () => {
    world = await World.start({
      hospital: { transactions: TRANSACTIONS },
      listen: { mllps: { host: '127.0.0.1', patientIdentity: 0 } },
    });
    link = await MllpLink.open(world.gateway().mllpUrl('patient-identity') ?? '', world.tls());
    for (const number of [1, 2, 3, 4, 5]) {
      const chart = `K-${number}^^^&${oids.chartNumbers}&ISO`;
      const birth = `1970010${number}`;
      expect(saidIn(await link.ask(feed(`K-${number}`, chart, { birth }))).code).toBe('AA');
    }
  });
  afterAll(async () => {
    link.close();
    await world.stop();
  });

  const ask = (
    id: string,
    { tag = 'tag', pointer = '', sender = 'HIS|EAST', name = 'シケン' } = {},
  ) =>
    link.ask(
      messageOf(
        msh('QBP^Q22^QBP_Q21', id, { sender }),
        `QPD|IHE PDQ Query|${tag}|@PID.5.1.1^${name}`,
        'RCP|I|2^RD',
        ...(pointer === '' ? [] : [`DSC|${pointer}|I`]),
      ),
    );
  const pointerIn = (answer: Awaited<ReturnType<typeof ask>>) =>
    answer.segments.find(({ name }) => name === 'DSC')?.text.split('|')[1] ?? '';

  it('comes in blocks that add up, the last without DSC', async () => {
    const first = await ask('B-1');
    expect(saidIn(first).status).toEqual(['QAK|tag|OK|IHE PDQ Query|5|2|3']);
    const second = await ask('B-2', { pointer: pointerIn(first) });
    expect(saidIn(second).status).toEqual(['QAK|tag|OK|IHE PDQ Query|5|2|1']);
    const third = await ask('B-3', { pointer: pointerIn(second) });
    expect(saidIn(third).status).toEqual(['QAK|tag|OK|IHE PDQ Query|5|1|0']);
    expect(pointerIn(third)).toBe('');
    const patients = [first, second, third].flatMap((answer) => saidIn(answer).patients);
    expect(new Set(patients).size).toBe(5);
  });

  it('goes on behind the pointer where RCP-2 is left out, and begins not anew', async () => {
    const pointer = pointerIn(await ask('D-1'));
    const rest = await link.ask(
      messageOf(
        msh('QBP^Q22^QBP_Q21', 'D-2'),
        'QPD|IHE PDQ Query|tag|@PID.5.1.1^シケン',
        'RCP|I',
        `DSC|${pointer}|I`,
      ),
    );
    expect(saidIn(rest).status).toEqual(['QAK|tag|OK|IHE PDQ Query|5|3|0']);
    expect(saidIn(rest).patients).toHaveLength(3);
  });

  it('is refused to another sender, for another tag or query, and when it is not known', async () => {
    const pointer = pointerIn(await ask('P-1'));
    for (const over of [
      { sender: 'HIS|OTHER' },
      { tag: 'other' },
      { name: 'ホカ' },
      { pointer: 'unknown-2' },
    ]) {
      expect(saidIn(await ask('P-2', { pointer, ...over }))).toMatchObject({
        code: 'AE',
        errors: ['ERR||DSC^1^1|204^Unknown key identifier^HL70357|E'],
      });
    }
    expect(saidIn(await ask('P-3', { pointer })).code).toBe('AA');
  });

  it('ends with QCN^J01, which succeeds for an unknown tag too', async () => {
    const pointer = pointerIn(await ask('C-1'));
    const cancel = (id: string, tag: string) =>
      link.ask(messageOf(msh('QCN^J01^QCN_J01', id), `QID|${tag}|IHE PDQ Query`));
    expect(saidIn(await cancel('C-2', 'tag'))).toMatchObject({
      code: 'AA',
      answers: 'C-2',
      status: [],
      event: 'ACK^J01^ACK',
    });
    expect(saidIn(await ask('C-3', { pointer })).code).toBe('AE');
    expect(saidIn(await cancel('C-4', 'never')).code).toBe('AA');
  });

  it('is over after ten minutes', async () => {
    const pointer = pointerIn(await ask('T-1'));
    world.skewMs = 601_000;
    expect(saidIn(await ask('T-2', { pointer })).code).toBe('AE');
    world.skewMs = 0;
  });
});
