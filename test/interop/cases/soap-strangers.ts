import type { DocumentContent } from '../../../profiles/formats/mtom.ts';
import { ITI_44 } from '../../../profiles/pix/iti-44.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { aPatientIdentityFeed, aTransmission } from '../../support/hl7v3-builders.ts';
import { inMemory } from '../../support/documents.ts';
import { PROOF } from '../../support/proof-region.ts';
import { contains, type InteropCase, same } from '../interop-case.ts';
import {
  entriesIn,
  registryAnswer,
  type SoapStranger,
  type StrangerAnswer,
  type StrangerRequest,
  v3Answer,
} from '../soap-stranger.ts';
import type { InteropWorld } from '../world.ts';
import { aStranger, personOf } from './identity.ts';
import { provided, PROVIDED_TEXT } from './provided.ts';
import { digestOf, LARGE } from './repository.ts';

const FIND_DOCUMENTS = 'urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d';
const GET_DOCUMENTS = 'urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4';
const APPROVED = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')";

/** FindDocuments of a patient. */
export function findDocumentsOf({ id, assigningAuthority }: PatientId): StrangerRequest {
  return {
    transaction: 'ITI-18',
    query: FIND_DOCUMENTS,
    slots: {
      $XDSDocumentEntryPatientId: [`'${id}^^^&${assigningAuthority}&ISO'`],
      $XDSDocumentEntryStatus: [APPROVED],
    },
  };
}

function required(answer: StrangerAnswer): StrangerAnswer {
  const { fault, unreadable, status } = answer;
  same([status, fault, unreadable], [200, undefined, undefined], 'what the peer met');
  return answer;
}

const retrieval = (...uniqueIds: string[]): StrangerRequest => ({
  transaction: 'ITI-43',
  documents: uniqueIds.map((uniqueId) => ({ repository: PROOF.repositoryUniqueId, uniqueId })),
});

/** Our client feeds a person of her own to us. */
async function fed(world: InteropWorld) {
  const stranger = aStranger();
  const id = { id: stranger.id, assigningAuthority: PROOF.chartNumbers };
  const feed = aPatientIdentityFeed({
    transmission: aTransmission({
      sender: { device: PROOF.sourceId },
      receiver: { device: PROOF.device },
    }),
    ids: [id],
    demographics: personOf(stranger),
    providerOrganization: { id: PROOF.chartNumbers, name: '試験病院' },
    custodian: PROOF.sourceId,
  });
  const { code } = await world.client.ask(ITI_44, world.urls.ours('patient-identity'), feed);
  same(code, 'CA', 'the acknowledgement');
  const { family, given, birth } = stranger;
  return { id, person: { family, given, birth } };
}

/** The cells of ITI-18, 43, 45 and 47 for a client that is made of our WSDLs. */
export function cellsOf(stranger: SoapStranger): readonly InteropCase[] {
  const { peer } = stranger;
  const cell = (
    transaction: string,
    name: InteropCase['name'],
    run: InteropCase['run'],
  ): InteropCase => ({ transaction, direction: 'inward', name, peer, run });
  const ask = async (world: InteropWorld, asked: StrangerRequest) =>
    required(await stranger.ask(world, asked));
  return [
    cell('ITI-18', 'success', async (world) => {
      const { patient, uniqueId } = await provided(world);
      const answer = await ask(world, findDocumentsOf(patient));
      same([registryAnswer(answer), entriesIn(answer)], [OK, [uniqueId]], 'found');
    }),
    cell('ITI-18', 'empty', async (world) => {
      const answer = await ask(world, findDocumentsOf(await world.patient()));
      same([registryAnswer(answer), entriesIn(answer)], [OK, []], 'the answer');
    }),
    cell('ITI-18', 'refusal', async (world) => {
      const some = [await provided(world), await provided(world)];
      const ids = some.map(({ uniqueId }) => `'${uniqueId}'`).join(',');
      const slots = { $XDSDocumentEntryUniqueId: [`(${ids})`] };
      await failsWith(ask, world, {
        asked: { transaction: 'ITI-18', query: GET_DOCUMENTS, slots },
        code: 'XDSResultNotSinglePatient',
      });
      await failsWith(ask, world, {
        asked: { transaction: 'ITI-18', query: FIND_DOCUMENTS, slots: {} },
        code: 'XDSStoredQueryMissingParam',
      });
      await failsWith(ask, world, {
        asked: {
          transaction: 'ITI-18',
          query: 'urn:uuid:00000000-0000-4000-8000-000000000000',
          slots,
        },
        code: 'XDSUnknownStoredQuery',
      });
    }),
    cell('ITI-18', 'Japanese', async (world) => {
      const { patient, uniqueId } = await provided(world);
      const { slots } = findDocumentsOf(patient);
      const author = { ...slots, $XDSDocumentEntryAuthorPerson: ["('%試験^医師%')"] };
      const answer = await ask(world, { ...findDocumentsOf(patient), slots: author });
      same(entriesIn(answer), [uniqueId], 'documents by a Japanese author');
      contains(answer.words, ENTRY_WORDS, 'the peer, of our answer,');
    }),
    cell('ITI-18', 'fault', async (world) => {
      const asked = findDocumentsOf(await world.patient());
      for (const { over, status, code, subcodes } of FAULTS) {
        const { fault, ...answer } = await stranger.ask(world, { ...asked, ...over });
        const what = `${JSON.stringify(over)} (${answer.unreadable ?? fault?.reason})`;
        same([answer.status, fault?.code, fault?.subcodes], [status, code, subcodes], what);
      }
      const nowhere = await stranger.ask(world, { ...asked, actor: 'nowhere' });
      same([nowhere.status, nowhere.fault], [404, undefined], 'an address of nobody’s');
    }),
    cell('ITI-43', 'fault', async (world) => {
      const { fault, status } = await stranger.ask(world, {
        ...retrieval('2.999.404'),
        plain: true,
      });
      same([status, fault?.code, fault?.subcodes], [400, 'Sender', []], 'no MTOM');
    }),
    cell('ITI-43', 'success', async (world) => {
      await retrieved(ask, world, inMemory('plain'));
    }),
    cell('ITI-43', 'partial', async (world) => {
      const { uniqueId } = await provided(world);
      const answer = await ask(world, retrieval(uniqueId, '2.999.404'));
      same(
        [registryAnswer(answer), answer.documents],
        [
          { status: 'PartialSuccess', errors: [['XDSDocumentUniqueIdError', 'Error']] },
          [await digestOf(inMemory(PROVIDED_TEXT))],
        ],
        'the answer in part',
      );
    }),
    cell('ITI-43', 'refusal', async (world) => {
      await failsWith(ask, world, {
        asked: retrieval('2.999.404'),
        code: 'XDSDocumentUniqueIdError',
      });
      const documents = [{ repository: '2.999.404', uniqueId: '2.999.404.1' }];
      await failsWith(ask, world, {
        asked: { transaction: 'ITI-43', documents },
        code: 'XDSUnknownRepositoryId',
      });
    }),
    cell('ITI-43', 'Japanese', async (world) => {
      await retrieved(ask, world, inMemory(PROVIDED_TEXT));
    }),
    cell('ITI-43', 'large', async (world) => {
      await retrieved(ask, world, LARGE);
    }),
    cell('ITI-45', 'success', async (world) => {
      const { id } = await fed(world);
      const answer = v3Answer(await ask(world, pixQuery(id, PROOF.affinityDomain)));
      same(
        [answer.acknowledgement, answer.queryResponseCode, answer.ids.length],
        ['AA', 'OK', 1],
        'the answer',
      );
      same(answer.ids[0]?.endsWith(`^^^&${PROOF.affinityDomain}&ISO`), true, 'the id’s authority');
    }),
    cell('ITI-45', 'empty', async (world) => {
      const { id } = await fed(world);
      // Her one chart number is what is asked about: there is no other.
      const answer = v3Answer(await ask(world, pixQuery(id, PROOF.chartNumbers)));
      same(answer, NOTHING, 'the answer');
    }),
    cell('ITI-45', 'refusal', async (world) => {
      const nobody = { id: 'nobody', assigningAuthority: PROOF.chartNumbers };
      const answer = v3Answer(await ask(world, pixQuery(nobody, PROOF.affinityDomain)));
      same(answer, REFUSED_204, 'the refusal as the peer reads it');
    }),
    cell('ITI-47', 'success', async (world) => {
      const { person } = await fed(world);
      const domains = [PROOF.affinityDomain];
      const answer = v3Answer(await ask(world, { transaction: 'ITI-47', person, domains }));
      same(
        [answer.acknowledgement, answer.queryResponseCode, answer.ids.length],
        ['AA', 'OK', 1],
        'the answer',
      );
    }),
    cell('ITI-47', 'empty', async (world) => {
      const person = { family: '無名', given: '花子', birth: '19010101' };
      const answer = v3Answer(await ask(world, { transaction: 'ITI-47', person }));
      same(answer, NOTHING, 'the answer');
    }),
    cell('ITI-47', 'refusal', async (world) => {
      const { person } = await fed(world);
      const domains = ['2.999.404'];
      const answer = v3Answer(await ask(world, { transaction: 'ITI-47', person, domains }));
      same(answer, REFUSED_204, 'the refusal as the peer reads it');
    }),
    cell('ITI-47', 'Japanese', async (world) => {
      const { person } = await fed(world);
      const answer = await ask(world, { transaction: 'ITI-47', person });
      contains(answer.sentWords, [person.family, person.given], 'the peer’s request');
      contains(namesIn(answer.result), [person.family, person.given], 'the name that comes back');
    }),
  ];
}

/** Every fault that a client can provoke below a transaction, and the HTTP status of SOAP 1.2 Part 2, Table 20. */
const FAULTS: readonly {
  readonly over: Partial<StrangerRequest>;
  readonly status: number;
  readonly code: string;
  readonly subcodes: readonly string[];
}[] = [
  sender({ bent: { without: ['MessageID'] } }, 'MessageAddressingHeaderRequired'),
  sender({ bent: { without: ['Action'] } }, 'MessageAddressingHeaderRequired'),
  sender(
    { bent: { action: 'urn:ihe:iti:2007:RegisterDocumentSet-b' } },
    ...['InvalidAddressingHeader', 'ActionMismatch'],
  ),
  sender({ bent: { action: 'urn:ihe:iti:2007:Nothing' } }, 'ActionNotSupported'),
  sender({ actor: 'patient-identity' }, 'ActionNotSupported'),
  sender(
    { bent: { replyTo: 'https://callback.example/replies' } },
    ...['InvalidAddressingHeader', 'OnlyAnonymousAddressSupported'],
  ),
  sender({ as: 'gateway' }, 'NotAuthorized'),
  { over: { bent: { unknownHeader: true } }, status: 500, code: 'MustUnderstand', subcodes: [] },
  { over: { bent: { soap11: true } }, status: 500, code: 'VersionMismatch', subcodes: [] },
  // The row of this partner says `faults-by-http-500`.
  {
    ...sender({ as: 'cxf', bent: { without: ['MessageID'] } }, 'MessageAddressingHeaderRequired'),
    status: 500,
  },
];

function sender(over: Partial<StrangerRequest>, ...subcodes: string[]) {
  return { over, status: 400, code: 'Sender', subcodes };
}

const OK = { status: 'Success', errors: [] };
const NOTHING = { acknowledgement: 'AA', queryResponseCode: 'NF', ids: [], details: [] };
const REFUSED_204 = { acknowledgement: 'AE', queryResponseCode: 'AE', ids: [], details: ['204'] };
/** Words of what `aJapaneseEntry` describes. */
const ENTRY_WORDS = [
  '診療情報提供書',
  '担当医より、髙橋・﨑・𠮷のとおり',
  '主治医',
  '紹介状',
  '松江市',
];

function pixQuery(
  { id: patient, assigningAuthority: authority }: PatientId,
  ...dataSources: string[]
): StrangerRequest {
  return { transaction: 'ITI-45', patient, authority, dataSources };
}

type Asking = (world: InteropWorld, asked: StrangerRequest) => Promise<StrangerAnswer>;

/** The stranger retrieves a document, and has every octet of it. */
async function retrieved(ask: Asking, world: InteropWorld, content: DocumentContent) {
  const { uniqueId } = await provided(world, content);
  const answer = await ask(world, retrieval(uniqueId));
  const expected = [OK, [await digestOf(content)]];
  same([registryAnswer(answer), answer.documents], expected, 'the document');
}

async function failsWith(
  ask: Asking,
  world: InteropWorld,
  { asked, code }: { asked: StrangerRequest; code: string },
): Promise<void> {
  const expected = { status: 'Failure', errors: [[code, 'Error']] };
  same(registryAnswer(await ask(world, asked)), expected, 'the refusal as the peer reads it');
}

/** The texts in the objects that the client has made: what it has read, not what was on the wire. */
function namesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(namesIn) : [];
}
