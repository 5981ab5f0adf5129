import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { XmlDocument, XsdValidator, xmlCleanupInputProvider } from 'libxml2-wasm';
import { xmlRegisterFsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs';
import { createClientAsync } from 'soap';
import type { ActorName } from '../../../actors/actor.ts';
import { type DescribedActor, WsdlLibrary } from '../../../gateway/inbound/wsdl.ts';
import { CATALOGUE } from '../../../profiles/catalogue.ts';
import { childNamed, elementsOf, parseXml, serializeXml } from '../../../profiles/formats/xml.ts';
import type { SoapMessage } from '../../../profiles/transaction.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const FILES = join(ROOT, 'profiles/wsdl');
const XDS_B = 'urn:ihe:iti:xds-b:2007';
const QUERY = 'urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0';
const RMD = 'urn:ihe:iti:rmd:2017';
const LCM = 'urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0';

type Row = readonly [id: string, mtom: 'never' | 'both', ...messages: SoapMessage[]];

/** As the tables of the Framework say it, independently of the catalogue. */
function iti(action: string, namespace: string, name: string, year = 2007): SoapMessage {
  const urn = `urn:ihe:iti:${year}:${action}`;
  return { action: urn, replyAction: `${urn}Response`, body: { namespace, name } };
}

function submission(action: string, year: number): SoapMessage {
  return iti(action, LCM, 'SubmitObjectsRequest', year);
}

function hl7(name: string, reply: string, suffix = ''): SoapMessage {
  return {
    action: `urn:hl7-org:v3:${name}${suffix}`,
    replyAction: `urn:hl7-org:v3:${reply}${suffix}`,
    body: { namespace: 'urn:hl7-org:v3', name },
  };
}

const FEED: Row = [
  'ITI-44',
  'never',
  hl7('PRPA_IN201301UV02', 'MCCI_IN000002UV01'),
  hl7('PRPA_IN201302UV02', 'MCCI_IN000002UV01'),
  hl7('PRPA_IN201304UV02', 'MCCI_IN000002UV01'),
];
const STORED_QUERY: Row = [
  'ITI-18',
  'never',
  iti('RegistryStoredQuery', QUERY, 'AdhocQueryRequest'),
];
const RETRIEVE: Row = [
  'ITI-43',
  'both',
  iti('RetrieveDocumentSet', XDS_B, 'RetrieveDocumentSetRequest'),
];
const RESTRICTED_UPDATE: Row = ['ITI-92', 'never', submission('RestrictedUpdateDocumentSet', 2018)];

const ANSWERED: Readonly<Record<ActorName, readonly Row[]>> = {
  'document-registry': [
    STORED_QUERY,
    ['ITI-42', 'never', submission('RegisterDocumentSet-b', 2007)],
    FEED,
    ['ITI-51', 'never', iti('MultiPatientStoredQuery', QUERY, 'AdhocQueryRequest', 2009)],
    ['ITI-57', 'never', submission('UpdateDocumentSet', 2010)],
    [
      'ITI-61',
      'never',
      {
        ...submission('RegisterOnDemandDocumentEntry', 2010),
        replyAction: 'urn:ihe:iti:2010:RegisterOnDemandDocumentResponse',
      },
    ],
    ['ITI-62', 'never', iti('DeleteDocumentSet', LCM, 'RemoveObjectsRequest', 2010)],
    [
      'ITI-64',
      'never',
      {
        action: 'urn:x-kakehashi:document-registry:PatientIdChange',
        replyAction: 'urn:x-kakehashi:document-registry:PatientIdChangeResponse',
        body: { namespace: 'urn:x-kakehashi:document-registry', name: 'PatientIdChangeRequest' },
      },
    ],
    RESTRICTED_UPDATE,
  ],
  'document-repository': [
    [
      'ITI-41',
      'both',
      iti('ProvideAndRegisterDocumentSet-b', XDS_B, 'ProvideAndRegisterDocumentSetRequest'),
    ],
    RETRIEVE,
    ['ITI-86', 'never', iti('RemoveDocuments', RMD, 'RemoveDocumentsRequest', 2017)],
  ],
  'patient-identity': [
    FEED,
    ['ITI-45', 'never', hl7('PRPA_IN201309UV02', 'PRPA_IN201310UV02')],
    [
      'ITI-47',
      'never',
      hl7('PRPA_IN201305UV02', 'PRPA_IN201306UV02'),
      {
        action: 'urn:hl7-org:v3:QUQI_IN000003UV01_Continue',
        replyAction: 'urn:hl7-org:v3:PRPA_IN201306UV02',
        body: { namespace: 'urn:hl7-org:v3', name: 'QUQI_IN000003UV01' },
      },
      {
        action: 'urn:hl7-org:v3:QUQI_IN000003UV01_Cancel',
        replyAction: 'urn:hl7-org:v3:MCCI_IN000002UV01',
        body: { namespace: 'urn:hl7-org:v3', name: 'QUQI_IN000003UV01_Cancel' },
      },
    ],
  ],
  'initiating-gateway': [
    STORED_QUERY,
    RETRIEVE,
    ['ITI-46', 'never', hl7('PRPA_IN201302UV02', 'MCCI_IN000002UV01')],
    RESTRICTED_UPDATE,
  ],
  'responding-gateway': [
    ['ITI-38', 'never', iti('CrossGatewayQuery', QUERY, 'AdhocQueryRequest')],
    ['ITI-39', 'both', iti('CrossGatewayRetrieve', XDS_B, 'RetrieveDocumentSetRequest')],
    [
      'ITI-55',
      'never',
      hl7('PRPA_IN201305UV02', 'PRPA_IN201306UV02', ':CrossGatewayPatientDiscovery'),
    ],
    [
      'ITI-56',
      'never',
      iti('PatientLocationQuery', 'urn:ihe:iti:xcpd:2009', 'PatientLocationQueryRequest', 2009),
    ],
    RESTRICTED_UPDATE,
  ],
};

function anActor(name: ActorName, rows: readonly Row[] = ANSWERED[name]): DescribedActor {
  return {
    name,
    answers: rows.map(([id, mtom, ...messages]) => ({
      transaction: { id, wire: { kind: 'soap', mtom, messages } },
    })),
  };
}

const NAMES = Object.keys(ANSWERED) as ActorName[];
const ACTORS = NAMES.map((name) => anActor(name));
const WSDL = new URLSearchParams('wsdl');

function textOf(library: WsdlLibrary, actor: ActorName, query: string): string | undefined {
  return library.serve(actor, new URLSearchParams(query), 'https://gw.example.jp:8443/x')?.body;
}

describe('the WSDLs, held against what is answered', () => {
  it('offer what every actor answers, and nothing else', async () => {
    await expect(new WsdlLibrary(ACTORS).checkAtStart()).resolves.toBeUndefined();
  });

  it('offer what the catalogue says of those transactions', async () => {
    const actors = NAMES.map((name) => ({
      name,
      answers: ANSWERED[name].flatMap(([id]) =>
        CATALOGUE.filter((transaction) => transaction.id === id).map((transaction) => ({
          transaction,
        })),
      ),
    }));

    await expect(new WsdlLibrary(actors).checkAtStart()).resolves.toBeUndefined();
  });

  it('stop the start when an actor answers what they do not offer', async () => {
    const extra: Row = [
      'ITI-51',
      'never',
      iti('MultiPatientStoredQuery', QUERY, 'AdhocQueryRequest'),
    ];
    const actor = anActor('document-registry', [...ANSWERED['document-registry'], extra]);

    await expect(new WsdlLibrary([actor]).checkAtStart()).rejects.toThrow(
      'document-registry.wsdl does not offer urn:ihe:iti:2007:MultiPatientStoredQuery',
    );
  });

  it('stop the start when they offer what an actor does not answer', async () => {
    const actor = anActor('document-repository', [RETRIEVE]);

    await expect(new WsdlLibrary([actor]).checkAtStart()).rejects.toThrow(
      'which /document-repository does not answer',
    );
  });

  it.each([
    ['the action of a request', 'wsam:Action="urn:ihe:iti:2007:RetrieveDocumentSet"'],
    ['the action of a response', 'wsam:Action="urn:ihe:iti:2007:RetrieveDocumentSetResponse"'],
    ['the action of a binding', 'soapAction="urn:ihe:iti:2007:RetrieveDocumentSet"'],
    ['a payload element', 'element="xds:RetrieveDocumentSetRequest"'],
  ])('stop the start when %s differs', async (_, text) => {
    const directory = mkdtempSync(join(tmpdir(), 'kakehashi-wsdl-'));
    for (const name of readdirSync(FILES)) {
      const original = readFileSync(join(FILES, name), 'utf8');
      writeFileSync(
        join(directory, name),
        original.replace(
          text,
          text.replace('RetrieveDocumentSet', 'ProvideAndRegisterDocumentSet'),
        ),
      );
    }

    const library = new WsdlLibrary([anActor('document-repository')], directory);
    await expect(library.checkAtStart()).rejects.toThrow('differ');
    rmSync(directory, { recursive: true });
  });

  it('stop the start when a file is missing', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kakehashi-wsdl-'));
    writeFileSync(
      join(directory, 'document-registry.wsdl'),
      readFileSync(join(FILES, 'document-registry.wsdl')),
    );

    const library = new WsdlLibrary([anActor('document-registry')], directory);
    await expect(library.checkAtStart()).rejects.toThrow(
      'document-registry-port-type.wsdl is not in profiles/wsdl',
    );
    rmSync(directory, { recursive: true });
  });
});

describe('a WSDL page', () => {
  const library = new WsdlLibrary(ACTORS);

  it('gives the address that the request came in on, for the services and for every import', () => {
    const text = textOf(library, 'responding-gateway', 'wsdl');

    expect(text).toContain('<wsoap12:address location="https://gw.example.jp:8443/x"/>');
    expect(text).toContain('location="https://gw.example.jp:8443/x?wsdl=responding-gateway-xcpd"');
    expect(text).not.toContain('gateway.example.jp');
  });

  it('escapes the address', () => {
    const page = library.serve('document-registry', WSDL, 'https://a/?"&<');

    expect(page?.body).toContain('location="https://a/?&quot;&amp;&lt;"');
  });

  it('has one service a port type', () => {
    const text = textOf(library, 'patient-identity', 'WSDL') ?? '';

    expect(text.match(/<wsdl:service /g)).toHaveLength(2);
  });

  it.each(['wsdl=pix-manager', 'xsd=hl7-v3', 'xsd=../../package', 'wsdl=nothing', 'x=wsdl', ''])(
    'is not served to an actor that does not import it (%s)',
    (query) => {
      expect(textOf(library, 'document-repository', query)).toBeUndefined();
    },
  );

  it('is not served for an actor that does not run here', () => {
    const alone = new WsdlLibrary([anActor('document-registry')]);

    expect(textOf(alone, 'document-repository', 'wsdl')).toBeUndefined();
  });
});

describe('node-soap, as a client that nobody here wrote', () => {
  const library = new WsdlLibrary(ACTORS);
  let server: Server;
  let base = '';

  beforeAll(async () => {
    server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', base);
      const page = library.serve(pathname.slice(1) as ActorName, searchParams, base + pathname);
      response.writeHead(page ? 200 : 404, { 'Content-Type': page?.contentType ?? 'text/plain' });
      response.end(page?.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it.each([
    [
      'document-registry',
      {
        DocumentRegistry_Service: [
          'DocumentRegistry_DeleteDocumentSet',
          'DocumentRegistry_MultiPatientStoredQuery',
          'DocumentRegistry_PRPA_IN201301UV02',
          'DocumentRegistry_PRPA_IN201302UV02',
          'DocumentRegistry_PRPA_IN201304UV02',
          'DocumentRegistry_PatientIdChange',
          'DocumentRegistry_RegisterDocumentSet-b',
          'DocumentRegistry_RegisterOnDemandDocumentEntry',
          'DocumentRegistry_RegistryStoredQuery',
          'DocumentRegistry_RestrictedUpdateDocumentSet',
          'DocumentRegistry_UpdateDocumentSet',
        ],
      },
    ],
    [
      'document-repository',
      {
        DocumentRepository_RMD_Service: ['DocumentRepository_RemoveDocuments'],
        DocumentRepository_Service: [
          'DocumentRepository_ProvideAndRegisterDocumentSet-b',
          'DocumentRepository_RetrieveDocumentSet',
        ],
      },
    ],
    [
      'patient-identity',
      {
        PDSupplier_Service: [
          'PDSupplier_PRPA_IN201305UV02',
          'PDSupplier_QUQI_IN000003UV01_Cancel',
          'PDSupplier_QUQI_IN000003UV01_Continue',
        ],
        PIXManager_Service: [
          'PIXManager_PRPA_IN201301UV02',
          'PIXManager_PRPA_IN201302UV02',
          'PIXManager_PRPA_IN201304UV02',
          'PIXManager_PRPA_IN201309UV02',
        ],
      },
    ],
    [
      'initiating-gateway',
      {
        InitiatingGateway_Service: [
          'InitiatingGateway_RegistryStoredQuery',
          'InitiatingGateway_RestrictedUpdateDocumentSet',
          'InitiatingGateway_RetrieveDocumentSet',
        ],
        PIXConsumer_Service: ['PIXConsumer_PRPA_IN201302UV02'],
      },
    ],
    [
      'responding-gateway',
      {
        RespondingGateway_Service: [
          'RespondingGateway_CrossGatewayQuery',
          'RespondingGateway_CrossGatewayRetrieve',
          'RespondingGateway_RestrictedUpdateDocumentSet',
        ],
        RespondingGateway_XCPD_Service: [
          'RespondingGateway_PRPA_IN201305UV02',
          'RespondingGateway_PatientLocationQuery',
        ],
      },
    ],
  ])('loads /%s?wsdl and finds its operations', async (actor, expected) => {
    const client = await createClientAsync(`${base}/${actor}?wsdl`);

    const services = client.describe() as Record<string, Record<string, object>>;
    const found = Object.entries(services).map(([service, ports]) => [
      service,
      Object.values(ports)
        .flatMap((port) => Object.keys(port))
        .sort(),
    ]);
    expect(Object.fromEntries(found)).toEqual(expected);
  });
});

describe('the schemas beside the WSDLs', () => {
  const SAMPLES = join(ROOT, '../shared/samples/document-sharing');
  const samples = existsSync(SAMPLES)
    ? readdirSync(SAMPLES).filter((name) =>
        /^iti(18|38|39|4[123]).*(?<!INVALID|TEMPLATE)\.(soap|body)\.xml$/.test(name),
      )
    : [];
  const SCHEMA_OF: Readonly<Record<string, string>> = {
    [QUERY]: 'query.xsd',
    [LCM]: 'lcm.xsd',
    [XDS_B]: 'xds-b.xsd',
    'urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0': 'rs.xsd',
  };

  beforeAll(() => xmlRegisterFsInputProviders());
  afterAll(() => xmlCleanupInputProvider());

  it.each(readdirSync(FILES).filter((name) => name.endsWith('.xsd')))(
    'are schemas (%s)',
    (name) => {
      expect(() => validatorOf(name).dispose()).not.toThrow();
    },
  );

  (samples.length > 0 ? it.each(samples) : it.skip.each(['']))(
    'take what others send (%s)',
    (name) => {
      const root = parseXml(readFileSync(join(SAMPLES, name)));
      const envelope = root.namespace;
      const body = childNamed(root, envelope, 'Body');
      const payload = (body ? elementsOf(body)[0] : undefined) ?? root;
      // What MTOM put beside the message stands in its place again, here as nothing.
      const text = serializeXml(payload).replace(/<[^<>]*Include\b[^<>]*\/>/g, '');
      using message = XmlDocument.fromString(text);
      using validator = validatorOf(SCHEMA_OF[payload.namespace] ?? 'none.xsd');

      expect(() => validator.validate(message)).not.toThrow();
    },
  );
});

function validatorOf(name: string): XsdValidator {
  using schema = XmlDocument.fromBuffer(readFileSync(join(FILES, name)), {
    url: join(FILES, name),
  });
  return XsdValidator.fromDoc(schema);
}
