import { fieldText, segmentsOf } from '../../profiles/formats/hl7v2.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { MllpLink, messageOf, saidIn } from '../support/mllp.ts';
import { regionOids, World } from '../support/world.ts';

const oids = regionOids(1);
const CHARTS = `EAST&${oids.chartNumbers}&ISO`;

const msh = (event: string, id: string, at = '20250401093000') =>
  `MSH|^~\\&|HIS|EAST|PIXMGR|REGION|${at}||${event}|${id}|P|2.5||||||UNICODE UTF-8`;
const HANAKO = '試験^花子^^^^^L^I~シケン^ハナコ^^^^^L^P';
const feed = (
  id: string,
  chart: string,
  { birth = '19700101', name = HANAKO, trigger = 'A08', at = '20250401093000' } = {},
) =>
  messageOf(
    msh(`ADT^${trigger}^ADT_A01`, id, at).replace('|2.5|', '|2.3.1|'),
    'EVN||20250401093000',
    `PID|||${chart}^^^${CHARTS}||${name}||${birth}|F`,
    'PV1||O',
  );

describe('A feed over the wire, a second time and for another person', () => {
  let world: World;
  let link: MllpLink;

  beforeAll(async () => {
    world = await World.start({
      hospital: {
        transactions: ['ITI-8', 'ITI-21', 'ITI-44'],
        mllp: { senders: [{ application: 'HIS', facility: 'EAST' }] },
      },
      listen: { mllps: { host: '127.0.0.1', patientIdentity: 0 } },
      settings: {
        assigningAuthorities: [
          { oid: oids.affinityDomain, name: 'regional id', namespace: 'REGION' },
          { oid: oids.chartNumbers, name: 'east charts', namespace: 'EAST' },
        ],
      },
    });
    link = await MllpLink.open(world.gateway().mllpUrl('patient-identity') ?? '', world.tls());
  });

  afterAll(async () => {
    link.close();
    await world.stop();
  });

  let queries = 0;
  const birthOf = async (chart: string) => {
    queries += 1;
    const id = `Q-${queries}`;
    const answer = await link.ask(
      messageOf(
        msh('QBP^Q22^QBP_Q21', id),
        `QPD|IHE PDQ Query|tag-${id}|@PID.3.1^${chart}~@PID.3.4.2^${oids.chartNumbers}`,
        'RCP|I|10^RD',
      ),
    );
    const births = segmentsOf(answer, 'PID').map((pid) => fieldText(pid, 7));
    return births.length === 1 ? births[0] : births;
  };

  it('an old A08 that is sent again does not undo a newer one, and is acknowledged again (MSH-3, MSH-4, MSH-10)', async () => {
    const old = feed('M-1', 'V-1');
    expect(saidIn(await link.ask(old)).code).toBe('AA');
    expect(saidIn(await link.ask(feed('M-2', 'V-1', { birth: '19700107' }))).code).toBe('AA');
    expect(await birthOf('V-1')).toBe('19700107');
    // The queue of a sender may write MSH-7 anew.
    const again = saidIn(await link.ask(feed('M-1', 'V-1', { at: '20250401120000' })));
    expect(again).toMatchObject({ code: 'AA', answers: 'M-1' });
    expect(await birthOf('V-1')).toBe('19700107');
    // The same id for something else is something else.
    await link.ask(feed('M-1', 'V-1', { birth: '19700117' }));
    expect(await birthOf('V-1')).toBe('19700117');
  });

  it('the same holds for ITI-44 by caller, wsa:MessageID and body', async () => {
    const url = world.url('patient-identity');
    const messageId = 'urn:uuid:5b1e0000-0000-4000-8000-00000000f144';
    const old = world.feed('V-2');
    const revised = {
      ...world.feed('V-2'),
      kind: 'revise' as const,
      demographics: { ...old.demographics, birthTime: '19700107' },
    };
    await world.exchange(ITI_44, url, old, { messageId });
    await world.exchange(ITI_44, url, revised);
    const before = await birthOf('V-2');
    expect(before).toBe('19700107');
    const { response } = await world.exchange(ITI_44, url, old, { messageId });
    expect(response).toMatchObject({ code: 'CA' });
    expect(await birthOf('V-2')).toBe(before);
  });

  it('another person under the chart number is refused with AE and 205, and nothing changes', async () => {
    await link.ask(feed('M-5', 'V-5'));
    const other = { birth: '19450816', name: '見本^次郎^^^^^L^I~ミホン^ジロウ^^^^^L^P' };
    const said = saidIn(await link.ask(feed('M-6', 'V-5', other)));
    expect(said).toMatchObject({ code: 'AE', answers: 'M-6' });
    expect(said.errors.join()).toMatch(/205&Duplicate key identifier&HL70357/);
    expect(said.errors.join()).not.toMatch(/見本|19450816/);
    expect(await birthOf('V-5')).toBe('19700101');
    expect(await world.recordsOf('ITI-8')).toContainEqual(
      expect.objectContaining({ outcome: expect.not.stringMatching(/^(?:0|success)$/i) }),
    );
  });
});
