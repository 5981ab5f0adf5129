import { request as httpsRequest } from 'node:https';
import { connect } from 'node:tls';
import { jest } from '@jest/globals';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import type { Fault } from '../../profiles/refusal.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { findDocuments, getAll, getDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { eventually, expectFailure } from '../support/expectations.ts';
import {
  faultIn,
  handMadeMtom,
  readMessage,
  simpleSoap,
  type WireMessage,
  wireMessageOf,
} from '../support/messages.ts';
import { aProvision, aRegistration, freshOid, octets } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const MOST_ENVELOPE = 262_144;
const MOST_DOCUMENT = 100_000;
const CHART = 'BAD-INPUT-4711';
const bytes = octets('The body of a letter that no title repeats.');
const { homeCommunityId, repositoryUniqueId } = regionOids(1);

/** The fault's code and subcodes, from the outside in, each with its prefix. */
function codesOf({ fault, subcodes }: Fault): string[] {
  return [fault, ...subcodes.map(({ prefix, name }) => `${prefix}:${name}`)];
}

describe('what is badly made', () => {
  let world: World;
  let registry: string;
  let repository: string;
  let patientId: PatientId;

  beforeAll(async () => {
    world = await World.start({
      settings: {
        limits: {
          envelopeBytes: MOST_ENVELOPE,
          documentBytes: MOST_DOCUMENT,
          bytesBeforeEnvelope: 10_000,
          idleMs: 60_000,
        },
      },
    });
    registry = world.url('document-registry');
    repository = world.url('document-repository');
    patientId = await world.patient(CHART);
  });

  afterAll(() => world.stop());

  it('is closed where it is no HTTP, such as two lengths of one body, with an alert that names the peer', async () => {
    const alerts = (await world.alerts()).length;
    const { hostname, port } = new URL(registry);
    const socket = connect({ ...world.tls(), host: hostname, port: Number(port) }, () =>
      socket.write(
        'POST /document-registry HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n' +
          'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n',
      ),
    );
    socket.on('error', () => {});
    let answered = '';
    socket.on('data', (chunk) => {
      answered += chunk;
    });
    await new Promise((resolve) => socket.on('close', resolve));

    expect(answered).not.toContain('200 OK');
    await eventually(async () => (await world.alerts()).length === alerts + 1);
    expect(JSON.stringify((await world.alerts()).at(-1))).toMatch(/east-hospital.*no HTTP: HPE_/);
  });

  /** What is stored, registered and spooled: nothing that is refused may change it. */
  const everything = async () => ({
    objects: (
      await world.exchange(
        ITI_18,
        registry,
        getAll({ patientId, status: ['Approved', 'Deprecated'] }),
      )
    ).response.objects.length,
    spool: await world.filesIn('spool'),
    documents: await world.filesIn('documents'),
  });

  /** Sends what has to be answered by a fault; the trail tells of it as the transaction's, or, where none was recognised, as a security alert. */
  const refused = async (
    url: string,
    message: Pick<WireMessage, 'body' | 'contentType'>,
    recorded?: string,
  ) => {
    const before = await everything();
    const records = (await world.audit()).length;
    const raw = await world.post(url, message.body, { contentType: message.contentType });
    const fault = await faultIn(raw);
    expect(raw.status).toBe(fault.fault === 'Sender' ? 400 : 500);
    expect(fault.context.trim()).not.toBe('');
    const written = (await world.audit()).slice(records);
    if (recorded === undefined) {
      expect(written).toHaveLength(1);
      expect(written[0]).toContain('csd-code="110126"');
    } else {
      expect(written.length).toBeGreaterThan(0);
      for (const record of written) {
        expect(record).toContain(`csd-code="${recorded}"`);
        expect(record).toContain('EventOutcomeIndicator="8"');
      }
    }
    expect(await everything()).toEqual(before);
    return { fault, raw };
  };

  const query = () => wireMessageOf(ITI_18, findDocuments({ patientId }), registry);
  const bent = async (bend: (envelope: string) => string) => {
    const { envelope, contentType } = await query();
    const changed = bend(envelope);
    expect(changed).not.toBe(envelope);
    return { contentType, body: Buffer.from(changed) };
  };

  describe('as an envelope', () => {
    it.each([
      ['that is not XML', 'patient=4711&name=taro'],
      ['that is empty', ''],
      ['that is cut', '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:'],
      ['that is not UTF-8', Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0xfe, 0x3c, 0x2f, 0x61, 0x3e])],
    ])('%s is a Sender fault', async (_what, text) => {
      const body = Buffer.from(text as string);
      const { fault } = await refused(registry, { contentType: 'application/soap+xml', body });
      expect(fault.fault).toBe('Sender');
    });

    it('with a DOCTYPE is a Sender fault, whatever it declares', async () => {
      const doctype = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>';
      const message = await bent((xml) => xml.replace('?>', `?>${doctype}`));
      const { fault, raw } = await refused(registry, message);
      expect(fault.fault).toBe('Sender');
      expect(raw.body.toString()).not.toContain('root:');
    });

    it.each([['application/soap+xml; charset=UTF-8'], ['text/xml; charset=UTF-8']])(
      'of SOAP 1.1 is a VersionMismatch that names SOAP 1.2, sent as %s',
      async (contentType) => {
        const { body } = await bent((xml) =>
          xml.replaceAll(
            'http://www.w3.org/2003/05/soap-envelope',
            'http://schemas.xmlsoap.org/soap/envelope/',
          ),
        );
        const { fault, raw } = await refused(registry, { contentType, body });
        expect(fault.fault).toBe('VersionMismatch');
        expect(raw.body.toString()).toContain('SupportedEnvelope');
      },
    );

    it('of SOAP 1.2 under another media type is a Sender fault', async () => {
      const { body } = await query();
      const { fault } = await refused(registry, { contentType: 'text/xml', body });
      expect(fault.fault).toBe('Sender');
    });

    it('with an action that nobody here knows is wsa:ActionNotSupported, with the action', async () => {
      const message = await bent((xml) => xml.replace(/:RegistryStoredQuery</, ':NoSuchThing<'));
      const { fault, raw } = await refused(registry, message);
      expect(codesOf(fault)).toEqual(['Sender', 'wsa:ActionNotSupported']);
      expect(raw.body.toString()).toContain('ProblemAction');
      const { root } = await readMessage(raw);
      expect(JSON.stringify(root.name)).toContain('Envelope');
    });

    it('with an action of another endpoint is wsa:ActionNotSupported', async () => {
      const { fault } = await refused(repository, await query());
      expect(codesOf(fault)).toEqual(['Sender', 'wsa:ActionNotSupported']);
    });

    it('with an action that contradicts its body is a Sender fault, and recorded', async () => {
      const message = await bent((xml) =>
        xml.replace(/:RegistryStoredQuery</, ':RegisterDocumentSet-b<'),
      );
      const { fault } = await refused(registry, message, 'ITI-42');
      expect(fault.fault).toBe('Sender');
    });

    it('that links patients (PRPA_IN201303UV02) has an action that is not supported', async () => {
      const url = world.url('patient-identity');
      const { envelope, contentType } = await wireMessageOf(ITI_44, world.feed(CHART), url);
      const body = Buffer.from(envelope.replaceAll('PRPA_IN201301UV02', 'PRPA_IN201303UV02'));
      const { fault } = await refused(url, { contentType, body });
      expect(codesOf(fault)).toEqual(['Sender', 'wsa:ActionNotSupported']);
    });

    it.each(['Action', 'MessageID'])(
      'without wsa:%s is wsa:MessageAddressingHeaderRequired, and names it',
      async (header) => {
        const message = await bent((xml) =>
          xml.replace(new RegExp(`<wsa:${header}[ >].*?</wsa:${header}>`), ''),
        );
        const { fault, raw } = await refused(registry, message);
        expect(codesOf(fault)).toEqual(['Sender', 'wsa:MessageAddressingHeaderRequired']);
        expect(raw.body.toString()).toContain(`wsa:${header}</wsa:ProblemHeaderQName>`);
      },
    );

    it('with a header that must be understood and is not is a MustUnderstand fault that names it', async () => {
      const header = '<x:Odd xmlns:x="urn:example:odd" soap:mustUnderstand="true">1</x:Odd>';
      const message = await bent((xml) => xml.replace('</soap:Header>', `${header}</soap:Header>`));
      const { fault, raw } = await refused(registry, message);
      expect(fault.fault).toBe('MustUnderstand');
      expect(raw.body.toString()).toMatch(/NotUnderstood xmlns:h="urn:example:odd" qname="h:Odd"/);
    });

    it.each(['ReplyTo', 'FaultTo'])(
      'with a %s that is not anonymous is wsa:OnlyAnonymousAddressSupported',
      async (header) => {
        const other = `<wsa:${header}><wsa:Address>https://127.0.0.1/elsewhere</wsa:Address></wsa:${header}>`;
        const message = await bent((xml) =>
          xml
            .replace(new RegExp(`<wsa:${header}>.*?</wsa:${header}>`), '')
            .replace('</soap:Header>', `${other}</soap:Header>`),
        );
        const { fault } = await refused(registry, message, 'ITI-18');
        expect(codesOf(fault)).toEqual([
          'Sender',
          'wsa:InvalidAddressingHeader',
          'wsa:OnlyAnonymousAddressSupported',
        ]);
      },
    );

    it('with a security header that must be understood is a MustUnderstand fault: XUA is not spoken', async () => {
      const wsse =
        'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
      const header = `<wsse:Security xmlns:wsse="${wsse}" soap:mustUnderstand="1"/>`;
      const message = await bent((xml) => xml.replace('</soap:Header>', `${header}</soap:Header>`));
      const { fault } = await refused(registry, message);
      expect(fault.fault).toBe('MustUnderstand');
    });

    it('with an action full of markup is told so in a message that is sound', async () => {
      const message = await bent((xml) =>
        xml.replace(/:RegistryStoredQuery</, '&lt;/soap:Text&gt;&amp;&quot;\u2028</wsa:Action><'),
      );
      const sound = Buffer.from(
        message.body.toString().replace('</wsa:Action></wsa:Action>', '</wsa:Action>'),
      );
      const { fault } = await refused(registry, { ...message, body: sound });
      expect(codesOf(fault)).toEqual(['Sender', 'wsa:ActionNotSupported']);
    });

    it.each([
      ['Shift_JIS', (xml: string) => Buffer.from(xml.replace('UTF-8', 'Shift_JIS'))],
      [
        'UTF-16',
        (xml: string) => Buffer.from(`\ufeff${xml.replace('UTF-8', 'UTF-16')}`, 'utf16le'),
      ],
    ])('in %s is a Sender fault', async (charset, encode) => {
      const { envelope } = await query();
      const body = encode(envelope);
      for (const contentType of [
        'application/soap+xml',
        `application/soap+xml; charset=${charset}`,
      ]) {
        const { fault } = await refused(registry, { contentType, body });
        expect(fault.fault).toBe('Sender');
      }
    });

    it('relates its fault to the message where that had an id', async () => {
      const { envelope, contentType, messageId } = await query();
      const body = Buffer.from(envelope.replace(/:RegistryStoredQuery</, ':NoSuchThing<'));
      const { raw } = await refused(registry, { contentType, body });
      expect(raw.body.toString()).toContain(`<wsa:RelatesTo>${messageId}</wsa:RelatesTo>`);
    });

    it.each([
      [
        'without mustUnderstand on its addressing headers',
        'action-without-must-understand',
        (xml: string) => xml.replace(' soap:mustUnderstand="true"', ''),
      ],
      [
        'without ReplyTo',
        'request-without-reply-to',
        (xml: string) => xml.replace(/<wsa:ReplyTo>.*?<\/wsa:ReplyTo>/, ''),
      ],
    ])('%s is accepted, and counted', async (_what, oddity, bend) => {
      const sample = `kakehashi_oddities_total{oddity="${oddity}"}`;
      const before = await world.metric(sample);
      const { body, contentType } = await bent(bend);
      const raw = await world.post(registry, body, { contentType });
      expect(raw.status).toBe(200);
      expect(raw.body.toString()).toContain('ResponseStatusType:Success');
      expect(await world.metric(sample)).toBe(before + 1);
    });

    it('10,000 levels deep is a Sender fault', async () => {
      const deep = `${'<d>'.repeat(10_000)}${'</d>'.repeat(10_000)}`;
      const message = await bent((xml) => xml.replace('</soap:Body>', `${deep}</soap:Body>`));
      const { fault } = await refused(registry, message);
      expect(fault.fault).toBe('Sender');
    });

    it('that is too large is a Sender fault, in either encoding', async () => {
      const { envelope, contentType } = await query();
      const large = envelope.replace(
        '<soap:Body>',
        `<!--${'x'.repeat(MOST_ENVELOPE)}--><soap:Body>`,
      );
      const simple = await refused(registry, { contentType, body: Buffer.from(large) });
      expect(simple.fault.fault).toBe('Sender');
      const mtom = await refused(repository, handMadeMtom(large, []));
      expect(mtom.fault.fault).toBe('Sender');
    });
  });

  describe('as an encoding', () => {
    it('Simple SOAP to ITI-41 and ITI-43 is a Sender fault, and recorded', async () => {
      for (const [transaction, message] of [
        [
          'ITI-41',
          await wireMessageOf(ITI_41, aProvision({ patientId, documents: [] }), repository),
        ],
        [
          'ITI-43',
          await wireMessageOf(
            ITI_43,
            { documents: [{ repositoryUniqueId, documentUniqueId: '2.999.1' }] },
            repository,
          ),
        ],
      ] as const) {
        const { fault, raw } = await refused(repository, simpleSoap(message.envelope), transaction);
        expect(fault.fault).toBe('Sender');
        expect(raw.headers['content-type']).toMatch(/^application\/soap\+xml/);
      }
    });

    it('MTOM to ITI-18 is a Sender fault, in MTOM, and recorded', async () => {
      const { envelope } = await query();
      const { fault, raw } = await refused(registry, handMadeMtom(envelope, []), 'ITI-18');
      expect(fault.fault).toBe('Sender');
      expect(raw.headers['content-type']).toMatch(/^multipart\/related/);
    });
  });

  describe('as an MTOM message', () => {
    const provision = () =>
      wireMessageOf(ITI_41, aProvision({ patientId, documents: [{ bytes }] }), repository);
    const contentId = (envelope: string) => {
      const [, id = ''] = /href="cid:([^"]+)"/.exec(envelope) ?? [];
      return decodeURIComponent(id);
    };

    it('cut anywhere is refused, and leaves nothing', async () => {
      const { body, contentType, envelope } = await provision();
      const rootStart = body.indexOf('<?xml');
      const rootEnd = rootStart + Buffer.byteLength(envelope);
      const documentStart = body.indexOf(bytes);
      const cuts = [
        [0, undefined],
        [10, undefined],
        [rootStart - 2, undefined],
        [rootStart + 100, undefined],
        [rootEnd - 1, undefined],
        [rootEnd + 4, undefined],
        [documentStart - 3, 'ITI-41'],
        [documentStart, 'ITI-41'],
        [documentStart + 5, 'ITI-41'],
        [documentStart + bytes.length, 'ITI-41'],
        [body.length - 6, 'ITI-41'],
      ] as const;
      for (const [length, recorded] of cuts) {
        const cut = { contentType, body: body.subarray(0, length) };
        const { fault } = await refused(repository, cut, recorded);
        expect([length, fault.fault]).toEqual([length, 'Sender']);
      }
    });

    it('whose connection ends inside a document leaves nothing, and is recorded', async () => {
      const { body, contentType } = await provision();
      const before = await everything();
      const recorded = (await world.auditOf('ITI-41')).length;
      const { records } = await world.recording('ITI-41', async () => {
        await abandoned(world, repository, { body: body.subarray(0, -20), contentType });
        await eventually(async () => (await world.auditOf('ITI-41')).length > recorded);
      });
      // The refusal, and that it could not be sent.
      expect(new Set(records.map(({ outcome }) => outcome))).toEqual(new Set(['8']));
      expect(await everything()).toEqual(before);
    });

    it.each([
      ['whose part is missing', (envelope: string) => handMadeMtom(envelope, [])],
      [
        'with two parts of one Content-ID',
        (envelope: string) =>
          handMadeMtom(envelope, [
            { contentId: contentId(envelope), content: bytes },
            { contentId: contentId(envelope), content: bytes },
          ]),
      ],
      [
        'whose part is named twice',
        (envelope: string) =>
          handMadeMtom(
            envelope.replace(
              /<xds:Document id="[^"]*">.*?<\/xds:Document>/,
              (whole) => `${whole}${whole.replace('id="', 'id="Twice')}`,
            ),
            [{ contentId: contentId(envelope), content: bytes }],
          ),
      ],
    ])('%s is a Sender fault, and recorded', async (_what, make) => {
      const { envelope } = await provision();
      const { fault } = await refused(repository, make(envelope), 'ITI-41');
      expect(fault.fault).toBe('Sender');
    });

    // ITI TF-3: Table 4.2.4.1-2: a MIME part whose Content-ID is not found in the metadata.
    it.each([
      ['beside the one that is', true],
      ['in the place of the one that is', false],
    ])(
      'with a part that is named by nothing, %s, is XDSMissingDocumentMetadata',
      async (_, both) => {
        const { envelope } = await provision();
        const before = await everything();
        const stray = { contentId: 'stray@test', content: 'stray' };
        const named = { contentId: contentId(envelope), content: bytes };
        const message = handMadeMtom(envelope, both ? [named, stray] : [stray]);
        const { body } = await world.post(repository, message.body, message);
        expect(body.toString()).toMatch(
          /errorCode="XDSMissingDocumentMetadata"[^>]* location="cid:stray@test"/,
        );
        expect(await everything()).toEqual(before);
      },
    );

    it('with a document that is too large is a Sender fault, and nothing of it stays', async () => {
      const large = new Uint8Array(MOST_DOCUMENT + 1);
      const message = await wireMessageOf(
        ITI_41,
        aProvision({ patientId, documents: [{ bytes }, { bytes: large }] }),
        repository,
      );
      const { fault } = await refused(repository, message, 'ITI-41');
      expect(fault.fault).toBe('Sender');
    });

    it('with too many bytes before its envelope is a Sender fault', async () => {
      const { body, contentType } = await provision();
      const preamble = Buffer.alloc(20_000, 'x');
      const message = { contentType, body: Buffer.concat([preamble, Buffer.from('\r\n'), body]) };
      const { fault } = await refused(repository, message);
      expect(fault.fault).toBe('Sender');
    });

    it('of 4 GB that is Simple SOAP is answered with the fault as soon as it is too large', async () => {
      const before = await everything();
      const { raw, sentBytes, seen } = await endlessUpload(world, registry, {
        start: octets('<a>'),
        contentType: 'application/soap+xml',
        watch: () => world.filesIn('spool'),
      });
      expect((await faultIn(raw)).fault).toBe('Sender');
      expect(sentBytes).toBeLessThan(100 * 1_048_576);
      expect(seen).toEqual([]);
      expect(await everything()).toEqual(before);
    });

    it('of 4 GB with a wrong action is answered with the fault, and writes nothing to the disk', async () => {
      const { body, contentType } = await provision();
      const text = body.toString('latin1').replace(/:ProvideAndRegisterDocumentSet-b</, ':Upload<');
      const start = Buffer.from(text.slice(0, text.lastIndexOf('\r\n--')), 'latin1');
      const before = await everything();
      const { raw, sentBytes, seen } = await endlessUpload(world, repository, {
        start,
        contentType,
        watch: () => world.filesIn('spool'),
      });
      const fault = await faultIn(raw);
      expect(codesOf(fault)).toEqual(['Sender', 'wsa:ActionNotSupported']);
      expect(raw.headers.connection).toBe('close');
      expect(sentBytes).toBeLessThan(100 * 1_048_576);
      expect(seen).toEqual([]);
      expect(await everything()).toEqual(before);
    });
  });

  describe('that its envelope already refuses', () => {
    it('is refused before a byte of its document is taken: nothing reaches the spool', async () => {
      const message = await wireMessageOf(
        ITI_41,
        aProvision({
          patientId,
          documents: [{ bytes }],
          submissionSet: { sourceId: '2.999.1.2.3.4.5' },
        }),
        repository,
      );
      const text = message.body.toString('latin1');
      const start = Buffer.from(text.slice(0, text.lastIndexOf('\r\n--')), 'latin1');
      const before = await everything();
      const { raw, sentBytes, seen } = await endlessUpload(world, repository, {
        start,
        contentType: message.contentType,
        watch: () => world.filesIn('spool'),
      });
      expect(Buffer.from(raw.body).toString('utf8')).toContain('ResponseStatusType:Failure');
      expect(sentBytes).toBeLessThan(100 * 1_048_576);
      expect(seen).toEqual([]);
      expect(await everything()).toEqual(before);
    });
  });

  describe('as HTTP', () => {
    it.each([
      ['in chunks, without a Content-Length', { 'Transfer-Encoding': 'chunked' }],
      ['after Expect: 100-continue', { Expect: '100-continue' }],
    ])('a sound message %s is taken', async (_what, headers) => {
      for (const [url, message] of [
        [registry, await query()],
        [
          repository,
          await wireMessageOf(
            ITI_41,
            aProvision({ patientId, documents: [{ bytes }] }),
            repository,
          ),
        ],
      ] as const) {
        const raw = await sentInPieces(world, url, { ...message, headers });
        const { envelope } = await readMessage(raw);
        expect(envelope).toContain('ResponseStatusType:Success');
      }
    });

    it('multipart/related without a sound boundary is a Sender fault', async () => {
      const { body } = await query();
      for (const contentType of [
        'multipart/related',
        'multipart/related; boundary=""; type="application/xop+xml"',
        'multipart/related; boundary="a"; boundary="b"',
      ]) {
        const { fault } = await refused(repository, { contentType, body });
        expect(fault.fault).toBe('Sender');
      }
    });
  });

  describe('as a pace', () => {
    afterEach(() => jest.restoreAllMocks());

    const laterBy = (ms: number) => {
      const real = performance.now.bind(performance);
      jest.spyOn(performance, 'now').mockImplementation(() => real() + ms);
    };

    it.each([
      ['a byte a second', 31_000],
      ['silence', 61_000],
    ])('%s ends with a Sender fault that says why', async (_what, ms) => {
      const { body, contentType } = await query();
      const before = await everything();
      const { raw } = await slowUpload(world, registry, {
        body: body.subarray(0, 100),
        contentType,
        meanwhile: () => laterBy(ms),
      });
      const fault = await faultIn(raw);
      expect(fault.fault).toBe('Sender');
      expect(fault.context).toMatch(ms > 60_000 ? /no byte/ : /bytes a second/);
      jest.restoreAllMocks();
      expect(await everything()).toEqual(before);
    });
  });

  describe('as a name', () => {
    it('an unknown patient in a submission is XDSUnknownPatientId, in a query an empty Success', async () => {
      const nobody = { ...patientId, id: 'nobody' };
      const before = await everything();
      const { response } = await world.exchange(
        ITI_42,
        registry,
        aRegistration({ patientId: nobody, documents: [{ bytes }] }),
      );
      expectFailure(response, { errorCode: 'XDSUnknownPatientId' });
      expect(await everything()).toEqual(before);
      const asked = await world.exchange(ITI_18, registry, findDocuments({ patientId: nobody }));
      expect(asked.response.status).toBe('Success');
    });

    it('an unknown repository is XDSUnknownRepositoryId at the document', async () => {
      const documentUniqueId = freshOid();
      const { response } = await world.exchange(ITI_43, repository, {
        documents: [{ repositoryUniqueId: '2.999.404', documentUniqueId }],
      });
      expectFailure(response, { errorCode: 'XDSUnknownRepositoryId', location: documentUniqueId });
    });

    it('an unknown community, and none, are told apart at the Initiating Gateway', async () => {
      const gateway = world.url('initiating-gateway');
      const unknown = 'urn:oid:2.999.404';
      const asked = await world.exchange(
        ITI_18,
        gateway,
        findDocuments({ patientId, home: unknown }),
      );
      expectFailure(asked.response, { errorCode: 'XDSUnknownCommunity', location: unknown });
      const byId = await world.exchange(ITI_18, gateway, getDocuments({ uniqueId: ['2.999.1'] }));
      expectFailure(byId.response, { errorCode: 'XDSMissingHomeCommunityId' });
      const retrieved = await world.exchange(ITI_43, gateway, {
        documents: [
          { homeCommunityId: unknown, repositoryUniqueId, documentUniqueId: '2.999.1.1' },
          { repositoryUniqueId, documentUniqueId: '2.999.1.2' },
          { homeCommunityId, repositoryUniqueId, documentUniqueId: '2.999.1.3' },
        ],
      });
      expectFailure(
        retrieved.response,
        { errorCode: 'XDSUnknownCommunity', location: '2.999.1.1' },
        { errorCode: 'XDSMissingHomeCommunityId', location: '2.999.1.2' },
        { errorCode: 'XDSDocumentUniqueIdError', location: '2.999.1.3' },
      );
    });
  });

  it('left no stack trace and no person’s data in the log', () => {
    expect(world.logged.length).toBeGreaterThan(50);
    const all = world.logged.join('');
    expect(all).not.toMatch(/\\n\s*at |\bnode:internal|\.ts:\d+/);
    for (const word of [CHART, '試験', 'シケン', 'MRN-9', patientId.id, 'passwd']) {
      expect(all).not.toContain(word);
    }
  });
});

/** Sends a message in small pieces, under headers of its own. */
function sentInPieces(
  world: World,
  url: string,
  message: Pick<WireMessage, 'body' | 'contentType'> & { headers: Record<string, string> },
): Promise<Parameters<typeof faultIn>[0]> {
  return new Promise((resolve, reject) => {
    const { body, contentType, headers } = message;
    const isChunked = 'Transfer-Encoding' in headers;
    const outgoing = httpsRequest(url, {
      ...world.tls(),
      method: 'POST',
      agent: false,
      headers: {
        'Content-Type': contentType,
        ...(isChunked ? {} : { 'Content-Length': String(body.length) }),
        ...headers,
      },
    });
    outgoing.on('response', (answer) => {
      const chunks: Uint8Array[] = [];
      answer.on('data', (data: Uint8Array) => chunks.push(data));
      answer.on('end', () => resolve({ headers: answer.headers, body: Buffer.concat(chunks) }));
    });
    outgoing.on('error', reject);
    const send = () => {
      for (let at = 0; at < body.length; at += 1_000) {
        outgoing.write(body.subarray(at, at + 1_000));
      }
      outgoing.end();
    };
    if (isChunked) send();
    else {
      outgoing.on('continue', send);
      outgoing.flushHeaders();
    }
  });
}

/** Sends octets and then goes away. */
function abandoned(
  world: World,
  url: string,
  { body, contentType }: { body: Uint8Array; contentType: string },
): Promise<void> {
  return new Promise((resolve) => {
    const outgoing = httpsRequest(url, {
      ...world.tls(),
      method: 'POST',
      agent: false,
      headers: { 'Content-Type': contentType, 'Content-Length': body.length + 1_000 },
    });
    outgoing.on('error', () => undefined);
    outgoing.on('close', () => resolve());
    outgoing.write(body, () => setTimeout(() => outgoing.destroy(), 50));
  });
}

interface Uploaded {
  readonly raw: Parameters<typeof faultIn>[0] & { readonly headers: { connection?: string } };
  readonly sentBytes: number;
  readonly seen: readonly string[];
}

/** Declares 4 GB, and sends until it is answered. */
function endlessUpload(
  world: World,
  url: string,
  {
    start,
    contentType,
    watch,
  }: { start: Uint8Array; contentType: string; watch: () => Promise<string[]> },
): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    const chunk = new Uint8Array(65_536);
    const seen: string[] = [];
    let sentBytes = 0;
    let answered = false;
    const outgoing = httpsRequest(url, {
      ...world.tls(),
      method: 'POST',
      agent: false,
      headers: { 'Content-Type': contentType, 'Content-Length': 4 * 1_024 ** 3 },
    });
    const more = () => {
      if (answered || outgoing.destroyed) return;
      sentBytes += chunk.length;
      void watch().then((files) => seen.push(...files));
      outgoing.write(chunk, more);
    };
    outgoing.on('response', (answer) => {
      answered = true;
      const chunks: Uint8Array[] = [];
      answer.on('data', (data: Uint8Array) => chunks.push(data));
      answer.on('error', reject);
      answer.on('end', () => {
        outgoing.destroy();
        resolve({
          raw: { headers: answer.headers, body: Buffer.concat(chunks) },
          sentBytes,
          seen,
        });
      });
    });
    outgoing.on('error', (error) => {
      if (!answered) reject(error);
    });
    outgoing.write(start, more);
  });
}

/** Sends a little, then a byte now and then, until it is answered. */
function slowUpload(
  world: World,
  url: string,
  {
    body,
    contentType,
    meanwhile,
  }: { body: Uint8Array; contentType: string; meanwhile: () => void },
): Promise<Pick<Uploaded, 'raw'>> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(url, {
      ...world.tls(),
      method: 'POST',
      agent: false,
      headers: { 'Content-Type': contentType, 'Content-Length': 10_000 },
    });
    outgoing.on('response', (answer) => {
      const chunks: Uint8Array[] = [];
      answer.on('data', (data: Uint8Array) => chunks.push(data));
      answer.on('end', () => {
        outgoing.destroy();
        resolve({ raw: { headers: answer.headers, body: Buffer.concat(chunks) } });
      });
    });
    outgoing.on('error', reject);
    outgoing.write(body, () => setTimeout(meanwhile, 200));
  });
}
