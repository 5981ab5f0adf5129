import { Agent } from 'node:https';
import { type Client, ClientSSLSecurity, createClientAsync } from 'soap';
import { parseXml } from '../../profiles/formats/xml.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { aPixQuery } from '../support/hl7v3-builders.ts';
import { octets, provide } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';
import { openedXml } from '../support/xds-wire.ts';

const WSA = 'http://www.w3.org/2005/08/addressing';
const noParts = {
  named: () => {
    throw new Error('no parts here');
  },
};

describe('node-soap, a client that nobody here wrote', () => {
  let world: World;
  let patientId: PatientId;
  let uniqueIds: string[];
  const agents: Agent[] = [];

  beforeAll(async () => {
    world = await World.start();
    patientId = await world.patient('K-1');
    uniqueIds = await provide(world, {
      patientId,
      documents: [{ bytes: octets('one') }, { bytes: octets('two') }],
    });
  });

  afterAll(async () => {
    for (const agent of agents) agent.destroy();
    await world.stop();
  });

  /** A client made of the WSDL that is served, over mutual TLS. */
  const clientOf = async (url: string): Promise<Client> => {
    const { cert, key, ca } = world.tls();
    const agent = new Agent({ cert, key, ca });
    agents.push(agent);
    const client = await createClientAsync(`${url}?wsdl`, {
      forceSoap12Headers: true,
      wsdl_options: { httpsAgent: agent },
    });
    client.setSecurity(
      new ClientSSLSecurity(
        Buffer.from(String(key)),
        Buffer.from(String(cert)),
        Buffer.from(String(ca)),
        {},
      ),
    );
    return client;
  };
  const address = (client: Client, action: string, to: string) => {
    client.addSoapHeader(
      `<wsa:Action xmlns:wsa="${WSA}" soap:mustUnderstand="true">${action}</wsa:Action>`,
    );
    client.addSoapHeader(`<wsa:To xmlns:wsa="${WSA}">${to}</wsa:To>`);
    client.addSoapHeader(
      `<wsa:MessageID xmlns:wsa="${WSA}">urn:uuid:${crypto.randomUUID()}</wsa:MessageID>`,
    );
    client.addSoapHeader(
      `<wsa:ReplyTo xmlns:wsa="${WSA}"><wsa:Address>${WSA}/anonymous</wsa:Address></wsa:ReplyTo>`,
    );
  };
  /** The payload of a raw answer. */
  const payloadOf = (raw: string) => {
    const [, payload = ''] = /<soap:Body>(.*)<\/soap:Body>/s.exec(raw) ?? [];
    expect(parseXml(raw).name).toBe('Envelope');
    return openedXml(payload);
  };

  it('calls ITI-18 from our WSDL, and gets the right entries', async () => {
    const url = world.url('document-registry');
    const client = await clientOf(url);
    address(client, 'urn:ihe:iti:2007:RegistryStoredQuery', url);
    const call = client.DocumentRegistry_RegistryStoredQueryAsync as (
      body: unknown,
    ) => Promise<[Record<string, unknown>, string]>;
    const [result, raw] = await call({
      _xml: ITI_18.request.encode(findDocuments({ patientId })).xml,
    });
    expect(result.attributes).toMatchObject({
      status: 'urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success',
    });
    const { objects } = ITI_18.response.decode(payloadOf(raw), noParts);
    expect(objects.map((object) => object.uniqueId).sort()).toEqual([...uniqueIds].sort());
  });

  it('calls ITI-45 from our WSDL, and gets the regional id', async () => {
    const url = world.url('patient-identity');
    const client = await clientOf(url);
    address(client, 'urn:hl7-org:v3:PRPA_IN201309UV02', url);
    const oids = regionOids(1);
    const query = aPixQuery({
      transmission: world.transmission(),
      patientIdentifier: { id: 'K-1', assigningAuthority: oids.chartNumbers },
      dataSources: [oids.affinityDomain],
    });
    const operation = Object.keys(client).find((name) => name.endsWith('PRPA_IN201309UV02Async'));
    const call = client[operation ?? ''] as (body: unknown) => Promise<[unknown, string]>;
    const [, raw] = await call({ _xml: ITI_45.request.encode(query).xml });
    expect(ITI_45.response.decode(payloadOf(raw), noParts).ids).toEqual([patientId]);
  });

  it('is told by a SOAP 1.2 fault what it did wrong', async () => {
    const url = world.url('document-registry');
    const client = await clientOf(url);
    const call = client.DocumentRegistry_RegistryStoredQueryAsync as (
      body: unknown,
    ) => Promise<unknown>;
    const asked = call({ _xml: ITI_18.request.encode(findDocuments({ patientId })).xml });
    await expect(asked).rejects.toThrow(/MessageAddressingHeaderRequired/);
  });
});
