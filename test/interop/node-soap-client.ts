import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { type Client, ClientSSLSecurity, createClientAsync } from 'soap';
import { parseXml } from '../../profiles/formats/xml.ts';
import { SOAP12, WSA } from '../../profiles/formats/soap-addressing.ts';
import { PROOF } from '../support/proof-region.ts';
import { wordsIn } from './interop-case.ts';
import {
  actorOf,
  type Bent,
  elsewhere,
  type SoapStranger,
  type StrangerAnswer,
  type StrangerRequest,
} from './soap-stranger.ts';
import type { InteropWorld } from './world.ts';

const HL7 = '2.16.840.1.113883.1.6';
const OPERATIONS: Readonly<Record<StrangerRequest['transaction'], string>> = {
  'ITI-18': 'DocumentRegistry_RegistryStoredQuery',
  'ITI-43': 'DocumentRepository_RetrieveDocumentSet',
  'ITI-45': 'PIXManager_PRPA_IN201309UV02',
  'ITI-47': 'PDSupplier_PRPA_IN201305UV02',
};
const ACTIONS: Readonly<Record<StrangerRequest['transaction'], string>> = {
  'ITI-18': 'urn:ihe:iti:2007:RegistryStoredQuery',
  'ITI-43': 'urn:ihe:iti:2007:RetrieveDocumentSet',
  'ITI-45': 'urn:hl7-org:v3:PRPA_IN201309UV02',
  'ITI-47': 'urn:hl7-org:v3:PRPA_IN201305UV02',
};

/** node-soap’s clients, one a WSDL and identity. */
class NodeSoap {
  readonly #world: InteropWorld;
  readonly #agents: Agent[] = [];
  readonly #clients = new Map<string, Promise<Client>>();

  constructor(world: InteropWorld) {
    this.#world = world;
  }

  /** A client made of the WSDL that is served. */
  client(actor: string, as: 'hospital' | 'cxf' | 'gateway', soap11: boolean): Promise<Client> {
    const key = `${actor} ${as} ${soap11}`;
    const known = this.#clients.get(key) ?? this.#make(actor, as, soap11);
    this.#clients.set(key, known);
    return known;
  }

  stop(): void {
    for (const agent of this.#agents) agent.destroy();
  }

  async #make(actor: string, as: 'hospital' | 'cxf' | 'gateway', soap11: boolean) {
    const { certificate, key } = this.#world.identity(as);
    const [cert, secret, ca] = [
      readFileSync(certificate),
      readFileSync(key),
      readFileSync(this.#world.anchors),
    ];
    const agent = new Agent({ cert, key: secret, ca });
    this.#agents.push(agent);
    const client = await createClientAsync(`${this.#world.urls.ours(actor)}?wsdl`, {
      forceSoap12Headers: !soap11,
      parseReponseAttachments: true,
      wsdl_options: { httpsAgent: agent },
    });
    client.setSecurity(new ClientSSLSecurity(secret, cert, ca, {}));
    return client;
  }
}

async function startNodeSoap(world: InteropWorld): Promise<NodeSoap> {
  return new NodeSoap(world);
}

/** node-soap, made of the WSDL that is served at the actor's address. */
export const NODE_SOAP: SoapStranger = {
  peer: 'node-soap 1.13',
  async ask(world, asked) {
    const { transaction, as = 'hospital', bent = {}, plain = false } = asked;
    const soap = await world.companion(startNodeSoap);
    const actor = actorOf({ transaction });
    const client = await soap.client(actor, as, bent.soap11 === true);
    address(client, ACTIONS[transaction], { to: world.urls.ours(actorOf(asked)), bent });
    const other = elsewhere(world, asked);
    const own = `${world.region.url}/${actor}`;
    client.setEndpoint(other ?? own);
    const call = client[`${OPERATIONS[transaction]}Async`] as (
      body: object,
      options: object,
    ) => Promise<[unknown, string]>;
    const options = transaction === 'ITI-43' && !plain ? { forceMTOM: true } : {};
    const outcome = await outcomeOf(() => call(requestOf(asked), options));
    return { ...outcome, ...seen(client) };
  },
};

/** WS-Addressing is the caller's to write: node-soap knows it not. */
function address(client: Client, action: string, { to, bent }: { to: string; bent: Bent }): void {
  const wsa = (name: string, content: string, more = '') =>
    bent.without?.includes(name)
      ? ''
      : `<wsa:${name} xmlns:wsa="${WSA}"${more}>${content}</wsa:${name}>`;
  // SOAP 1.1 has the prefix in another namespace; what must be understood is said in ours.
  const must = ` xmlns:env="${SOAP12}" env:mustUnderstand="true"`;
  const replyTo = bent.replyTo ?? `${WSA}/anonymous`;
  client.clearSoapHeaders();
  for (const block of [
    wsa('Action', bent.action ?? action, must),
    wsa('To', to),
    wsa('MessageID', `urn:uuid:${randomUUID()}`),
    wsa('ReplyTo', `<wsa:Address>${replyTo}</wsa:Address>`),
    bent.unknownHeader ? `<s:Strange xmlns:s="urn:x-stranger"${must}/>` : '',
  ]) {
    if (block !== '') client.addSoapHeader(block);
  }
}

/** How a call ends: with a result, or with the error that node-soap throws. */
async function outcomeOf(
  call: () => Promise<[unknown, string]>,
): Promise<Pick<StrangerAnswer, 'result' | 'fault' | 'status' | 'unreadable'>> {
  try {
    const [result] = await call();
    return { result, status: 200 };
  } catch (error) {
    return failureOf(error);
  }
}

interface SoapError {
  readonly message?: string;
  readonly root?: { readonly Envelope?: { readonly Body?: { readonly Fault?: SoapFault } } };
  readonly response?: { readonly status?: number };
}

interface SoapFault {
  readonly Code?: SoapCode;
  readonly Reason?: { readonly Text?: unknown };
}

interface SoapCode {
  readonly Value?: unknown;
  readonly Subcode?: SoapCode;
}

function failureOf(error: unknown): Pick<StrangerAnswer, 'fault' | 'status' | 'unreadable'> {
  const { root, response, message = '' } = error as SoapError;
  const fault = root?.Envelope?.Body?.Fault;
  const status = response?.status;
  if (!fault) return { status, unreadable: message };
  const subcodes: string[] = [];
  for (let code = fault.Code?.Subcode; code; code = code.Subcode)
    subcodes.push(localOf(code.Value));
  return {
    status,
    fault: { code: localOf(fault.Code?.Value), subcodes, reason: textOf(fault.Reason?.Text) },
  };
}

/** A text: as it is, or beside its attributes. */
function textOf(value: unknown): string {
  if (typeof value === 'object' && value !== null && '$value' in value) return String(value.$value);
  return typeof value === 'string' ? value : '';
}

const localOf = (value: unknown) => textOf(value).split(':').at(-1) ?? '';

/** What went over the wire: the words of both envelopes, and the documents. */
function seen(client: Client): Pick<StrangerAnswer, 'words' | 'sentWords' | 'documents'> {
  const { lastResponse = '', lastRequest = '' } = client;
  const parts = client.lastResponseAttachments?.parts ?? [];
  return {
    sentWords: wordsOf(lastRequest),
    words: wordsOf(lastResponse),
    documents: parts.map(({ body }) => ({
      sha1: createHash('sha1').update(body).digest('hex'),
      size: body.length,
    })),
  };
}

function wordsOf(text: unknown): readonly string[] {
  try {
    parseXml(String(text));
    return wordsIn(String(text));
  } catch {
    return [];
  }
}

const of = (attributes: object, more: object = {}) => ({ attributes, ...more });

function requestOf(asked: StrangerRequest): object {
  switch (asked.transaction) {
    case 'ITI-18':
      return storedQuery(asked);
    case 'ITI-43':
      return {
        DocumentRequest: asked.documents?.map(({ repository, uniqueId }) => ({
          RepositoryUniqueId: repository,
          DocumentUniqueId: uniqueId,
        })),
      };
    case 'ITI-45':
      return message('PRPA_IN201309UV02', 'PRPA_TE201309UV02', {
        dataSource: asked.dataSources?.map((root) => ({
          value: of({ root }),
          semanticsText: 'DataSource.id',
        })),
        patientIdentifier: {
          value: of({ root: asked.authority, extension: asked.patient }),
          semanticsText: 'Patient.id',
        },
      });
    case 'ITI-47':
      return message('PRPA_IN201305UV02', 'PRPA_TE201305UV02', demographics(asked));
  }
}

function storedQuery({ query, slots = {} }: StrangerRequest): object {
  return {
    ResponseOption: of({ returnComposedObjects: 'true', returnType: 'LeafClass' }),
    AdhocQuery: of(
      { id: query },
      {
        Slot: Object.entries(slots).map(([name, Value]) => of({ name }, { ValueList: { Value } })),
      },
    ),
  };
}

function demographics({ person, domains = [] }: StrangerRequest): object {
  return {
    livingSubjectBirthTime: {
      value: of({ value: person?.birth }),
      semanticsText: 'LivingSubject.birthTime',
    },
    livingSubjectName: {
      value: of({ use: 'L IDE' }, { family: person?.family, given: person?.given }),
      semanticsText: 'LivingSubject.name',
    },
    ...(domains.length === 0
      ? {}
      : {
          otherIDsScopingOrganization: domains.map((root) => ({
            value: of({ root }),
            semanticsText: 'OtherIDs.scopingOrganization.id',
          })),
        }),
  };
}

/** The wrappers of HL7 V3. Source: ITI TF-2: Appendix O. */
function message(interaction: string, trigger: string, parameterList: object): object {
  const device = (root: string) =>
    of({ classCode: 'DEV', determinerCode: 'INSTANCE' }, { id: of({ root }) });
  return {
    attributes: { ITSVersion: 'XML_1.0' },
    id: of({ root: randomUUID() }),
    creationTime: of({ value: '20300401091500' }),
    interactionId: of({ root: HL7, extension: interaction }),
    processingCode: of({ code: 'P' }),
    processingModeCode: of({ code: 'T' }),
    acceptAckCode: of({ code: 'AL' }),
    receiver: of({ typeCode: 'RCV' }, { device: device(PROOF.device) }),
    sender: of({ typeCode: 'SND' }, { device: device(PROOF.sourceId) }),
    controlActProcess: of(
      { classCode: 'CACT', moodCode: 'EVN' },
      {
        code: of({ code: trigger, codeSystem: HL7 }),
        authorOrPerformer: of(
          { typeCode: 'AUT' },
          { assignedDevice: of({ classCode: 'ASSIGNED' }, { id: of({ root: PROOF.sourceId }) }) },
        ),
        queryByParameter: {
          queryId: of({ root: PROOF.sourceId, extension: randomUUID() }),
          statusCode: of({ code: 'new' }),
          ...(interaction === 'PRPA_IN201305UV02'
            ? { responseModalityCode: of({ code: 'R' }) }
            : {}),
          responsePriorityCode: of({ code: 'I' }),
          parameterList,
        },
      },
    ),
  };
}
