import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ANONYMOUS, NONE } from '../../profiles/formats/soap-addressing.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { Fault } from '../../profiles/refusal.ts';
import type { Transaction } from '../../profiles/transaction.ts';
import { ITI_38 } from '../../profiles/xca/iti-38.ts';
import { ITI_39 } from '../../profiles/xca/iti-39.ts';
import { ITI_55 } from '../../profiles/xcpd/iti-55.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { askControl } from '../../gateway/control.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';
import { type Arrived, CallbackEnd, changeRows, responseIn } from '../support/callback-end.ts';
import { eventually } from '../support/expectations.ts';
import { aPatientDiscovery, aTransmission } from '../support/hl7v3-builders.ts';
import { faultIn, type WireOptions, wireMessageOf } from '../support/messages.ts';
import { aProvision, octets, provide } from '../support/region-documents.ts';
import { aPersonOf, regionOids, World } from '../support/world.ts';

const east = regionOids(1);
const west = regionOids(2);
const oidOf = (urn: string) => urn.replace('urn:oid:', '');
const bytes = octets('検査結果');
const person = aPersonOf('A-1');

describe('asynchronous web services exchange by ReplyTo (ITI TF-2: Appendix V), as the one that answers', () => {
  let world: World;
  let gateway: string;
  let callback: CallbackEnd;
  let hospital: CallbackEnd;
  let patientId: PatientId;
  let document: string;

  const startCallback = () =>
    CallbackEnd.start(world.tls('west'), Number(new URL(world.url('', 'west')).port));

  beforeAll(async () => {
    world = await World.start({
      regions: 2,
      running: 0,
      settings: { asynchronous: { attempts: 2, mostWaiting: 2 } },
    });
    callback = await startCallback();
    // A hospital's system takes its answers with the certificate of its row, which here is that of a server.
    hospital = await CallbackEnd.start(world.tls('west'));
    await changeRows(world, 'east', (row) =>
      row['name'] === 'west'
        ? {
            ...row,
            callbacks: [callback.url(), callback.url('/faults'), callback.url('/east?a=b')],
          }
        : row,
    );
    await world.startRegion('east');
    gateway = world.url('responding-gateway');
    patientId = await world.patient('A-1');
    [document = ''] = await provide(world, { patientId, documents: [{ bytes }] });
  });

  beforeEach(() => {
    callback.arrived.length = 0;
    callback.posts = 0;
    callback.status = 202;
  });

  afterAll(async () => {
    await world.stop();
    await callback.stop();
    await hospital.stop();
  });

  /** Sends a request that wants its answer elsewhere; it must be taken by an empty 202. */
  const ask = async <Request, Response>(
    transaction: Transaction<Request, Response>,
    request: Request,
    { url = gateway, as = 'west', ...over }: WireOptions & { url?: string; as?: string } = {},
  ) => {
    const message = await wireMessageOf(transaction, request, url, {
      replyTo: callback.url(),
      ...over,
    });
    const { status, headers, body } = await world.send(url, message, as);
    expect([status, body.length, headers['content-type']]).toEqual([202, 0, undefined]);
    return message.messageId;
  };
  const refused = async <Request, Response>(
    transaction: Transaction<Request, Response>,
    request: Request,
    { url = gateway, as = 'west', ...over }: WireOptions & { url?: string; as?: string } = {},
  ) => {
    const message = await wireMessageOf(transaction, request, url, {
      replyTo: callback.url(),
      ...over,
    });
    const raw = await world.send(url, message, as);
    return { status: raw.status, fault: await faultIn(raw) };
  };
  const subcodes = ({ fault, subcodes: named }: Fault) => [fault, ...named.map(({ name }) => name)];
  const theAnswer = async (to = callback): Promise<Arrived> => {
    await eventually(() => to.arrived.length > 0);
    const [arrived] = to.arrived;
    if (!arrived) throw new Error('nothing arrived');
    return arrived;
  };
  const discovery = ({ from = west.homeCommunityId, to = east.homeCommunityId } = {}) =>
    aPatientDiscovery({
      transmission: aTransmission({
        sender: { device: west.device, organization: oidOf(from) },
        receiver: { device: east.device, organization: oidOf(to) },
      }),
      criteria: {
        livingSubjectName: person.names,
        livingSubjectBirthTime: { value: person.birthTime ?? '' },
        livingSubjectAdministrativeGender: person.administrativeGender,
      },
      reverseAuthority: west.affinityDomain,
    });
  const faultTo = (address: string) =>
    `<wsa:FaultTo><wsa:Address>${address}</wsa:Address></wsa:FaultTo>`;
  const query = () => findDocuments({ patientId });
  const unknown = () => findDocuments({ patientId: { ...patientId, id: 'nobody' } });
  const shownToTheOperator = async () => {
    let text = '';
    const stdout = {
      write: (written: string) => {
        text += written;
      },
    };
    const edges = { stdout, stderr: stdout, locale: 'C', stop: () => new AbortController().signal };
    await runCommandLine(['queue', 'callbacks', world.folder()], edges);
    return text;
  };
  const waiting = async () =>
    (await askControl(world.folder(), 'queue.callbacks')) as { state: string; reason?: string }[];
  const nothingWaits = async () =>
    (await waiting()).every(({ state }) => state === 'given-up') &&
    (await world.filesIn('spool')).length === 0;

  it('answers ITI-38 by a message of its own: To, MessageID, RelatesTo, and the action of the answer', async () => {
    const messageId = await ask(ITI_38, query());
    const arrived = await theAnswer();
    expect(arrived.fault).toBeUndefined();
    expect(arrived.opened).toMatchObject({
      action: 'urn:ihe:iti:2007:CrossGatewayQueryResponse',
      relatesTo: messageId,
      to: callback.url(),
    });
    expect(arrived.opened.messageId).toMatch(/^urn:uuid:/);
    expect(arrived.message.envelope).toMatch(/<wsa:To soap:mustUnderstand="true">/);
    expect(arrived.message.envelope).not.toContain('ReplyTo');
    const response = responseIn(ITI_38, arrived);
    expect(response.objects.map(({ uniqueId, home }) => [uniqueId, home])).toEqual([
      [document, east.homeCommunityId],
    ]);
    await eventually(nothingWaits);
  });

  it('records the one exchange before the answer leaves, with the ReplyTo as the asker’s userId', async () => {
    const before = (await world.recordsOf('ITI-38')).length;
    await ask(ITI_38, query());
    await theAnswer();
    const records = (await world.recordsOf('ITI-38')).slice(before);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ event: '110112', outcome: '0' });
    const [asker] = records[0]?.participants.filter(({ isRequestor }) => isRequestor) ?? [];
    expect(asker?.userId).toBe(callback.url());
  });

  it('answers ITI-39 with the document, byte for byte in MTOM', async () => {
    const wanted = {
      homeCommunityId: east.homeCommunityId,
      repositoryUniqueId: east.repositoryUniqueId,
      documentUniqueId: document,
    };
    const messageId = await ask(ITI_39, { documents: [wanted] });
    const arrived = await theAnswer();
    expect(arrived.opened.relatesTo).toBe(messageId);
    expect(arrived.message.mtom).toBe(true);
    expect(responseIn(ITI_39, arrived)).toMatchObject({ status: 'Success', errors: [] });
    expect([...arrived.message.parts.values()].map((part) => part.equals(bytes))).toEqual([true]);
  });

  it('answers ITI-55', async () => {
    const messageId = await ask(ITI_55, discovery());
    const arrived = await theAnswer();
    expect(arrived.opened.relatesTo).toBe(messageId);
    const response = responseIn(ITI_55, arrived);
    expect(response.matches).toMatchObject([{ id: patientId }]);
    expect(response.correlationTimeToLive).toBe('P7D');
  });

  describe('a system of our own community', () => {
    const [registry, repository] = ['document-registry', 'document-repository'];

    beforeAll(async () => {
      // The hospital's callback shows the certificate of west: that row is given the right, too.
      await changeRows(world, 'east', (row) =>
        row['name'] === 'east-hospital' ? { ...row, callbacks: [hospital.url()] } : row,
      );
    });

    it('is answered ITI-18 and ITI-43 only at a callback that shows its own certificate', async () => {
      const alerts = (await world.alerts()).length;
      await ask(ITI_18, query(), {
        url: world.url(registry),
        as: 'east-hospital',
        replyTo: hospital.url(),
      });
      await eventually(async () => (await world.alerts()).length > alerts);
      expect(hospital.posts).toBe(0);
      const [alert] = (await world.alerts()).slice(alerts);
      expect(alert?.objects[0]?.details['Alert Description']).toContain('unlisted');
      await eventually(async () => (await waiting()).every(({ state }) => state === 'given-up'));
      expect(hospital.posts).toBe(0);
      const counted = 'kakehashi_callback_answers_total{outcome="given-up"}';
      await eventually(async () => (await world.metric(counted)) === 1);
    });

    it('is answered them there', async () => {
      await changeRows(world, 'east', (row) =>
        row['name'] === 'east-hospital'
          ? { ...row, certificate: { ...(row['certificate'] as object), serialNumber: 'NET-2' } }
          : row,
      );
      const to = { as: 'west', replyTo: hospital.url() };
      const queried = await ask(ITI_18, query(), { url: world.url(registry), ...to });
      const found = await theAnswer(hospital);
      expect(found.opened.relatesTo).toBe(queried);
      expect(responseIn(ITI_18, found).objects).toHaveLength(1);
      hospital.arrived.length = 0;
      await ask(
        ITI_43,
        {
          documents: [{ repositoryUniqueId: east.repositoryUniqueId, documentUniqueId: document }],
        },
        { url: world.url(repository), ...to },
      );
      const retrieved = await theAnswer(hospital);
      expect([...retrieved.message.parts.values()].map((part) => part.equals(bytes))).toEqual([
        true,
      ]);
    });

    it('submits on its connection alone: a submission with a callback is refused', async () => {
      const { fault } = await refused(ITI_41, aProvision({ patientId, documents: [{ bytes }] }), {
        url: world.url(repository),
        as: 'west',
        replyTo: hospital.url(),
      });
      expect(subcodes(fault)).toEqual([
        'Sender',
        'InvalidAddressingHeader',
        'OnlyAnonymousAddressSupported',
      ]);
    });
  });

  it('compares addresses as URLs, and sends to what the message wrote', async () => {
    const port = callback.port;
    await ask(ITI_38, query(), { replyTo: `HTTPS://127.0.0.1:${port}/./replies` });
    expect((await theAnswer()).path).toBe('/replies');
  });

  it('repeats the reference parameters of the address it answers', async () => {
    const parameters =
      '<wsa:ReferenceParameters><t:ticket xmlns:t="urn:example:t">17</t:ticket></wsa:ReferenceParameters>';
    const message = await wireMessageOf(ITI_38, query(), gateway, { replyTo: callback.url() });
    const body = message.envelope.replace('</wsa:ReplyTo>', `${parameters}</wsa:ReplyTo>`);
    const raw = await world.post(gateway, body, {
      contentType: message.contentType,
      tls: world.tls('west'),
    });
    expect(raw.status).toBe(202);
    const { opened } = await theAnswer();
    const [ticket] = opened.headers.filter(({ name }) => name === 'ticket');
    expect(ticket?.children).toEqual(['17']);
    expect([...(ticket?.attributes ?? [])]).toEqual([
      ['{http://www.w3.org/2005/08/addressing}IsReferenceParameter', 'true'],
    ]);
  });

  it('refuses on the connection an ITI-55 in the name of another community: its fault would be lost at a receiver of answers', async () => {
    const records = (await world.recordsOf('ITI-55')).length;
    const { status, fault } = await refused(ITI_55, discovery({ from: 'urn:oid:2.999.404' }));
    expect(status).toBe(400);
    expect(subcodes(fault)).toEqual(['Sender', 'NotAuthorized']);
    expect((await world.recordsOf('ITI-55')).slice(records)).toMatchObject([{ outcome: '8' }]);
    expect(await nothingWaits()).toBe(true);
    expect(callback.posts).toBe(0);
  });

  it('answers an ITI-55 to another community where answers go: AE and SYN103 are its answer, no fault', async () => {
    const messageId = await ask(ITI_55, discovery({ to: 'urn:oid:2.999.404' }));
    const arrived = await theAnswer();
    expect([arrived.fault, arrived.opened.relatesTo]).toEqual([undefined, messageId]);
    const { acknowledgement, matches, details } = responseIn(ITI_55, arrived);
    expect([acknowledgement, matches]).toEqual(['AE', []]);
    expect(details.map(({ code }) => code)).toEqual(['SYN103']);
  });

  it('answers where answers go what it cannot read, in the words of the transaction', async () => {
    const { criteria: _, ...rest } = discovery();
    await ask(ITI_55, { ...rest, criteria: {} });
    const unread = responseIn(ITI_55, await theAnswer());
    expect([unread.acknowledgement, unread.details.map(({ code }) => code)]).toEqual([
      'AE',
      ['SYN100'],
    ]);
    callback.arrived.length = 0;
    const elsewhere = { homeCommunityId: 'urn:oid:2.999.404', repositoryUniqueId: '2.999.404' };
    await ask(ITI_39, { documents: [{ ...elsewhere, documentUniqueId: document }] });
    const retrieval = responseIn(ITI_39, await theAnswer());
    expect([retrieval.status, retrieval.errors.map(({ errorCode }) => errorCode)]).toEqual([
      'Failure',
      ['XDSUnknownCommunity'],
    ]);
  });

  it('counts an oddity of a request once, though the request comes the path of requests twice', async () => {
    const sample = 'kakehashi_oddities_total{oddity="action-without-must-understand"}';
    const before = await world.metric(sample);
    const message = await wireMessageOf(ITI_38, query(), gateway, { replyTo: callback.url() });
    const body = message.envelope.replace(' soap:mustUnderstand="true"', '');
    const { contentType } = message;
    const raw = await world.post(gateway, body, { contentType, tls: world.tls('west') });
    expect(raw.status).toBe(202);
    expect((await theAnswer()).opened.relatesTo).toBe(message.messageId);
    expect(await world.metric(sample)).toBe(before + 1);
  });

  it('sends a refusal in the transaction’s own form where answers go', async () => {
    const headers = faultTo(callback.url('/faults'));
    await ask(ITI_38, { ...query(), home: undefined, slots: [] }, { headers });
    const failure = await theAnswer();
    expect(failure.path).toBe('/replies');
    expect(responseIn(ITI_38, failure).status).toBe('Failure');
  });

  it('answers a patient whom nobody knows as on the connection: an empty success', async () => {
    await ask(ITI_38, unknown());
    expect(responseIn(ITI_38, await theAnswer())).toMatchObject({ status: 'Success', objects: [] });
  });

  it.each([
    ['another host', () => 'https://127.0.0.1:9/replies'],
    ['another path', () => callback.url('/replies/')],
    ['another query', () => callback.url('/east?a=c')],
    ['a scheme without TLS', () => callback.url().replace('https', 'http')],
    ['a user', () => callback.url().replace('127', 'user@127')],
    ['a fragment', () => `${callback.url()}#a`],
    ['nobody', () => NONE],
    ['what is no address', () => 'replies'],
  ])(
    'refuses on the connection a ReplyTo to %s, and sends nothing anywhere',
    async (_, address) => {
      const before = (await world.recordsOf('ITI-38')).length;
      const { status, fault } = await refused(ITI_38, query(), { replyTo: address() });
      expect(status).toBe(400);
      expect(subcodes(fault)).toEqual(['Sender', 'InvalidAddressingHeader', 'InvalidAddress']);
      const records = (await world.recordsOf('ITI-38')).slice(before);
      expect(records.map(({ outcome }) => outcome)).toEqual(['8']);
      expect(await nothingWaits()).toBe(true);
      expect(callback.posts).toBe(0);
    },
  );

  it.each([
    ['anonymous', () => ANONYMOUS, 'OnlyNonAnonymousAddressSupported'],
    ['a stranger’s', () => 'https://127.0.0.1:9/faults', 'InvalidAddress'],
  ])('refuses a FaultTo that is %s beside a ReplyTo that is not', async (_, address, subcode) => {
    const { fault } = await refused(ITI_38, query(), { headers: faultTo(address()) });
    expect(subcodes(fault)).toEqual(['Sender', 'InvalidAddressingHeader', subcode]);
    expect(callback.posts).toBe(0);
  });

  it('refuses on the connection what can be refused there: who may not call, and what is not answered', async () => {
    const notAllowed = await refused(ITI_18, query(), {
      url: world.url('document-registry'),
      action: 'urn:ihe:iti:2009:MultiPatientStoredQuery',
    });
    expect(notAllowed.fault.subcodes.map(({ name }) => name)).toEqual(['NotAuthorized']);
    const wrongAction = await refused(ITI_38, query(), { action: 'urn:example:nothing' });
    expect(subcodes(wrongAction.fault)).toEqual(['Sender', 'ActionNotSupported']);
    expect(callback.posts).toBe(0);
  });

  it('keeps as many requests as are allowed while the callback is dead, gives them up, and says so', async () => {
    const [before, given] = [
      (await waiting()).length,
      await world.metric('kakehashi_callback_answers_total{outcome="given-up"}'),
    ];
    callback.status = 503;
    await ask(ITI_38, query());
    await ask(ITI_38, query());
    const { status, fault } = await refused(ITI_38, query());
    expect([status, fault.fault]).toEqual([500, 'Receiver']);
    expect(fault.context).toContain('busy');
    expect(await world.metric('kakehashi_waiting_requests{state="given-up"}')).toBe(before);
    await eventually(async () => (await waiting()).every(({ state }) => state === 'given-up'));
    expect(callback.posts).toBe(4);
    const counted = 'kakehashi_callback_answers_total{outcome="given-up"}';
    await eventually(async () => (await world.metric(counted)) === given + 2);
    expect((await waiting()).at(-1)?.reason).toBe('the callback answered 503 without a fault');
    expect(await world.filesIn('spool')).toEqual([]);
    expect(world.logged.filter((line) => line.includes('answer-given-up'))).not.toEqual([]);
    expect(await shownToTheOperator()).toContain('the callback answered 503 without a fault');
  });

  it('sends after a restart what was answered before, and asks the directory of then', async () => {
    callback.status = 503;
    const messageId = await ask(ITI_38, query());
    await eventually(() => callback.posts > 0);
    await world.stopRegion('east');
    const recorded = (await world.recordsOf('ITI-38')).length;
    callback.status = 202;
    await world.startRegion('east');
    const arrived = await theAnswer();
    expect(arrived.opened.relatesTo).toBe(messageId);
    expect(await world.recordsOf('ITI-38')).toHaveLength(recorded);
    await eventually(nothingWaits);
  });

  it('judges anew, by the directory of then, whoever is answered after a restart; the fault goes where faults go', async () => {
    callback.status = 503;
    const headers = faultTo(callback.url('/faults'));
    const messageId = await ask(ITI_38, query(), { headers });
    await eventually(() => callback.posts > 0);
    await world.stopRegion('east');
    callback.status = 202;
    // As if the process had been killed before the answer was at rest.
    await rm(join(world.folder(), 'var', 'spool', 'answers'), { recursive: true });
    const alerts = (await world.alerts()).length;
    await changeRows(world, 'east', (row) =>
      row['name'] === 'west' ? { ...row, transactions: ['ITI-55'] } : row,
    );
    await world.startRegion('east');
    const { fault, opened, path } = await theAnswer();
    expect([path, opened.to]).toEqual(['/faults', callback.url('/faults')]);
    expect(opened.relatesTo).toBe(messageId);
    expect(fault?.subcodes.map(({ name }) => name)).toEqual(['NotAuthorized']);
    expect(await world.alerts()).toHaveLength(alerts + 1);
    await changeRows(world, 'east', (row) =>
      row['name'] === 'west' ? { ...row, transactions: ['ITI-38', 'ITI-39', 'ITI-55'] } : row,
    );
  });

  it('sends nothing to an address that has left the directory since', async () => {
    callback.status = 503;
    await ask(ITI_38, query());
    await eventually(() => callback.posts > 0);
    await world.stopRegion('east');
    const posts = callback.posts;
    callback.status = 202;
    await changeRows(world, 'east', (row) =>
      row['name'] === 'west' ? { ...row, callbacks: [callback.url('/elsewhere')] } : row,
    );
    await world.startRegion('east');
    await eventually(async () => (await waiting()).every(({ state }) => state === 'given-up'));
    expect(callback.posts).toBe(posts);
    expect((await waiting()).at(-1)?.reason).toBe(
      'the address is no callback of the partner any more',
    );
  });
});
