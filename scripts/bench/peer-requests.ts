import { bytesContent } from '../../profiles/formats/mtom.ts';
import { ITI_47 } from '../../profiles/pdq/iti-47.ts';
import { ITI_44, type PatientRegistrationFeed } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import {
  asking,
  BENCH,
  benchPatient,
  mtom,
  provided,
  type Ready,
  simple,
  submissionOf,
  transmission,
} from './bench-region.ts';
import { ENTRIES } from './stage.ts';
import { isSuccess } from './submit-scene.ts';

/** The hospital whose chart numbers both sides know. */
export const CHARTS = '2.999.88.7';

/** Patients with entries. Few: the peer's store looks at every entry for each query. */
export const PEER_PATIENTS = 50;

/** The patient whose document is retrieved and to whom submissions are added, so that a query finds what it found before. */
const OTHER_PATIENT = PEER_PATIENTS;

/** A document as it is provided and retrieved. */
export interface PeerDocument {
  readonly uniqueId: string;
  readonly octets: Buffer;
}

/** What is asked of both sides in the same words; `url` is the side's for the transaction. */
export const PEER_REQUESTS = {
  'ITI-18': (n: number, url: string) =>
    simple(ITI_18, findDocuments({ patientId: patientOf(n), status: ['Approved'] }), url),
  'ITI-42': (_n: number, url: string) =>
    simple(ITI_42, submissionOf(benchPatient(OTHER_PATIENT), 1), url),
  'ITI-43': (_n: number, url: string, { uniqueId }: PeerDocument) =>
    mtom(
      ITI_43,
      {
        documents: [{ repositoryUniqueId: BENCH.repositoryUniqueId, documentUniqueId: uniqueId }],
      },
      url,
    ),
  'ITI-45': (n: number, url: string) =>
    simple(
      ITI_45,
      {
        ...asking(),
        patientIdentifier: chartOf(n),
        dataSources: [BENCH.affinityDomain],
      },
      url,
    ),
  'ITI-47': (n: number, url: string) =>
    simple(
      ITI_47,
      {
        ...asking(),
        criteria: {
          livingSubjectName: [nameOf(n)],
          livingSubjectBirthTime: { value: birthOf(n) },
        },
        scopingOrganizations: [],
      },
      url,
    ),
} as const satisfies Readonly<
  Record<string, (n: number, url: string, document: PeerDocument) => Ready | Promise<Ready>>
>;

/** The transactions that are measured, in this order: what fills the stores comes last. */
export const PEER_TRANSACTIONS = ['ITI-18', 'ITI-45', 'ITI-47', 'ITI-43', 'ITI-42'] as const;
export type PeerTransaction = (typeof PEER_TRANSACTIONS)[number];

/**
 * Holds an answer against what was asked for: 20 entries of that patient, her one regional id, the one person of that name, the
 * document's own octets, success.
 *
 * @throws Error where it is anything else
 */
export function checkPeerAnswer(
  transaction: PeerTransaction,
  { status, body, n, document }: PeerAnswer,
): void {
  const fail = (what: string) => {
    const shown = body.subarray(0, 2_000).toString('utf8');
    throw new Error(`${transaction} was answered ${status}, ${what}: ${shown}`);
  };
  if (status !== 200) fail('not with 200');
  if (transaction === 'ITI-42') {
    isSuccess(status, body);
    return;
  }
  if (transaction === 'ITI-43') {
    if (!body.includes(document.octets)) fail('without the octets of the document');
    return;
  }
  const text = body.toString('utf8');
  if (transaction === 'ITI-18') {
    const objects = count(text, /<(?:[\w-]+:)?ExtrinsicObject[ >]/g);
    const named =
      text.split(`'${patientOf(n).id}^`).length + text.split(`"${patientOf(n).id}^`).length;
    if (objects !== ENTRIES || named < 3) fail(`with ${objects} entries`);
    return;
  }
  if (!/typeCode code="AA"/.test(text)) fail('not accepted');
  if (!text.includes(`extension="${patientOf(n).id}"`)) fail('without the regional id');
  const people = count(text, /<(?:[\w-]+:)?registrationEvent[ >]/g);
  if (people !== 1) fail(`with ${people} people`);
}

interface PeerAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** The request's number. */
  readonly n: number;
  readonly document: PeerDocument;
}

function count(text: string, what: RegExp): number {
  return text.match(what)?.length ?? 0;
}

/** A side's patients, with their entries and the document, in the order in which they are to be sent. */
export async function* peerFilling(
  document: PeerDocument,
  urlOf: (transaction: string) => string,
): AsyncGenerator<{ readonly transaction: string; readonly ready: Ready }> {
  for (let n = 0; n <= PEER_PATIENTS; n += 1) {
    yield { transaction: 'ITI-44', ready: simple(ITI_44, feedOf(n), urlOf('ITI-44')) };
    if (n === OTHER_PATIENT) continue;
    const submission = submissionOf(benchPatient(n), ENTRIES);
    yield { transaction: 'ITI-42', ready: simple(ITI_42, submission, urlOf('ITI-42')) };
  }
  const content = bytesContent(document.octets);
  const { request } = provided(benchPatient(OTHER_PATIENT), content, document.uniqueId);
  yield { transaction: 'ITI-41', ready: await mtom(ITI_41, request, urlOf('ITI-41')) };
}

function patientOf(n: number) {
  return benchPatient(n % PEER_PATIENTS);
}

function chartOf(n: number) {
  return { id: `C-${n % PEER_PATIENTS}`, assigningAuthority: CHARTS };
}

function nameOf(n: number) {
  return { family: '計測', given: [`患者${n % PEER_PATIENTS}`], representation: 'IDE' } as const;
}

/** On 1 January, each of another year. */
function birthOf(n: number): string {
  return `${1930 + (n % PEER_PATIENTS)}0101`;
}

function feedOf(n: number): PatientRegistrationFeed {
  const isOther = n === OTHER_PATIENT;
  const chart = isOther ? { id: 'C-OTHER', assigningAuthority: CHARTS } : chartOf(n);
  const name = isOther ? { ...nameOf(n), given: ['別人'] } : nameOf(n);
  return {
    kind: 'add',
    transmission: transmission(),
    ids: [chart, benchPatient(n)],
    otherIds: [],
    demographics: {
      names: [name],
      administrativeGender: n % 2 === 0 ? 'F' : 'M',
      birthTime: isOther ? '19200101' : birthOf(n),
    },
    providerOrganization: { id: CHARTS },
    custodian: BENCH.device,
  };
}
