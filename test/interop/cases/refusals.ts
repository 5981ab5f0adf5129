import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { queryResponseCodeOf } from '../../../profiles/formats/hl7v3-codes.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import { PROOF } from '../../support/proof-region.ts';
import { HAPI_PEER, type InteropCase, IPF_V2_PEER, peerAsks, same } from '../interop-case.ts';
import {
  DETAIL_CODES,
  FAULTS,
  namesOf,
  REASON,
  registryCodesOf,
  startRefuser,
} from '../refuser.ts';
import { freshOid } from '../samples.ts';
import {
  registryAnswer,
  type SoapStranger,
  type StrangerRequest,
  v3Answer,
} from '../soap-stranger.ts';
import { chartOf, cx, type Fields, freshControlId, hapiAsks, ipfAsks } from '../v2-case.ts';
import { byName, personAt } from '../v2-people.ts';
import { startV2Refuser, V2_CODES } from '../v2-refuser.ts';
import { IPF, type InteropWorld } from '../world.ts';
import { aStranger } from './identity.ts';
import { named, submitted } from './registry.ts';

const PATIENT = { id: '1', assigningAuthority: PROOF.affinityDomain };
const UUID = 'urn:uuid:5b1e0000-0000-4000-8000-000000000404';
const oidOf = (home: string) => home.replace('urn:oid:', '');
const document = () => ({ uniqueId: freshOid(), repository: PROOF.repositoryUniqueId });
const ofThis = () => ({ ...document(), home: PROOF.homeCommunityId });
const person = { family: '試験', given: '太郎', birth: '19700101' };
const v3 = { sender: PROOF.sourceId, receiver: PROOF.device, ...named(PATIENT) };
const onDemand = { onDemand: true, hash: undefined, size: undefined };
const provided = { hash: undefined, size: undefined, repository: undefined };
const version = () => submitted(PATIENT, { logicalUuid: UUID, previousVersion: '1' });

/** A sound request of each transaction, in IPF's words. */
const REQUESTS: Readonly<Record<string, (file: string) => object>> = {
  'ITI-18': () => ({ query: 'FindDocuments', ...named(PATIENT) }),
  'ITI-38': () => ({ query: 'FindDocuments', home: PROOF.homeCommunityId, ...named(PATIENT) }),
  'ITI-39': () => ({ documents: [ofThis()] }),
  'ITI-41': (file) => submitted(PATIENT, { ...provided, file }),
  'ITI-42': () => submitted(PATIENT),
  'ITI-43': () => ({ documents: [document()] }),
  'ITI-44': () => ({ ...v3, ...person }),
  'ITI-45': () => ({ ...v3, wanted: PROOF.affinityDomain }),
  'ITI-46': () => ({ sender: IPF.device, receiver: PROOF.device, ...named(PATIENT) }),
  'ITI-47': () => ({ sender: PROOF.sourceId, receiver: PROOF.device, ...person }),
  'ITI-51': () => ({
    query: 'FindDocumentsForMultiplePatients',
    patients: [named(PATIENT), named({ ...PATIENT, id: '2' })],
  }),
  'ITI-55': () => ({
    ...{ sender: IPF.device, senderOrganization: oidOf(IPF.homeCommunityId) },
    ...{ receiver: PROOF.device, receiverOrganization: oidOf(PROOF.homeCommunityId) },
    ...{ reverseAuthority: IPF.affinityDomain, ...person },
  }),
  // It is refused by faults alone.
  'ITI-56': () => named(PATIENT),
  'ITI-57': version,
  'ITI-61': () => submitted(PATIENT, onDemand),
  'ITI-62': () => ({ uuids: [UUID] }),
  'ITI-86': () => ({ documents: [document()] }),
  'ITI-92': version,
};

const FEEDS: readonly string[] = ['ITI-44', 'ITI-46'];
const V3: readonly string[] = [...FEEDS, 'ITI-45', 'ITI-47', 'ITI-55'];

/** How a V3 answer is refused with a code, as whoever asked has to read it. */
const refusedV3 = (transaction: string, code: string) =>
  FEEDS.includes(transaction)
    ? ['CE', undefined, [code]]
    : ['AE', queryResponseCodeOf([new Refusal(code, REASON)]), [code]];

const CODES = 'each code';

/** IPF's client reads every code with which one of our answers may say no, and every fault. */
const byIpf = Object.entries(REQUESTS).map(
  ([transaction, requestOf]): InteropCase => ({
    ...{ transaction, direction: 'inward', name: CODES },
    async run(world) {
      const refuser = await world.companion(startRefuser);
      const file = join(world.folder, 'refused-text.txt');
      await writeFile(file, REASON);
      const asked = (code: string) => ({
        ...{ transaction, as: 'hospital', url: refuser.url(transaction, code) },
        ...requestOf(file),
      });
      if (V3.includes(transaction)) {
        for (const code of DETAIL_CODES) {
          const answer = await peerAsks(world, asked(code));
          const read = [
            answer.acknowledgement,
            answer.queryResponseCode ?? undefined,
            answer.details,
          ];
          same(read, refusedV3(transaction, code), `${code} as IPF reads it`);
        }
      } else {
        for (const code of registryCodesOf(transaction)) {
          const { status, errors } = await peerAsks(world, asked(code));
          const expected = ['FAILURE', [{ code, severity: 'ERROR', context: REASON }]];
          same([status, errors], expected, `${code} as IPF reads it`);
        }
      }
      for (const [name, fault] of Object.entries(FAULTS)) {
        const { faultCodes } = await world.peer.ask(asked(name));
        same(faultCodes, namesOf(fault), `the fault ${name} as IPF reads it`);
      }
    },
  }),
);

/** A sound request of each transaction, for a client that is made of our WSDLs. */
const STRANGERS: readonly StrangerRequest[] = [
  {
    transaction: 'ITI-18',
    query: 'urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d',
    slots: { $XDSDocumentEntryPatientId: [`'1^^^&${PROOF.affinityDomain}&ISO'`] },
  },
  { transaction: 'ITI-43', documents: [{ repository: '2.999.404', uniqueId: '2.999.404.1' }] },
  {
    ...{ transaction: 'ITI-45', patient: '1', authority: PROOF.chartNumbers },
    dataSources: [PROOF.affinityDomain],
  },
  { transaction: 'ITI-47', person },
];

/** The same for a client that is made of our WSDLs. */
export function eachCodeFor(stranger: SoapStranger): readonly InteropCase[] {
  const { peer } = stranger;
  return STRANGERS.map((asked) => ({
    ...{ transaction: asked.transaction, direction: 'inward', name: CODES, peer },
    async run(world: InteropWorld) {
      const { transaction } = asked;
      const refuser = await world.companion(startRefuser);
      const ask = (code: string) =>
        stranger.ask(world, { ...asked, at: refuser.url(transaction, code) });
      const isV3 = V3.includes(transaction);
      for (const code of isV3 ? DETAIL_CODES : registryCodesOf(transaction)) {
        const answer = await ask(code);
        same([answer.status, answer.unreadable], [200, undefined], `${code} as it came`);
        if (isV3) {
          const { acknowledgement, queryResponseCode, details } = v3Answer(answer);
          const read = [acknowledgement, queryResponseCode, details];
          same(read, refusedV3(transaction, code), `${code} as ${peer} reads it`);
        } else {
          const expected = { status: 'Failure', errors: [[code, 'Error']] };
          same(registryAnswer(answer), expected, `${code} as ${peer} reads it`);
        }
      }
      for (const [name, expected] of Object.entries(FAULTS)) {
        const { fault, unreadable } = await ask(name);
        const read = [fault?.code, ...(fault?.subcodes ?? []), fault?.reason];
        const what = `the fault ${name} as ${peer} reads it (${unreadable})`;
        same(read, [...namesOf(expected), expected.context], what);
      }
    },
  }));
}

/** A sound message of each transaction of HL7 v2: IPF's component for it, HL7's version, the event and the fields. */
const BY_V2: Readonly<Record<string, readonly [string, '2.3.1' | '2.5', string, () => Fields]>> = {
  'ITI-8': ['pix-iti8', '2.3.1', 'ADT^A04', () => ({ ...someone(), '/PV1-2': 'O' })],
  'ITI-9': [
    ...(['pix-iti9', '2.5', 'QBP^Q23'] as const),
    () => ({
      ...{ '/QPD-1': 'IHE PIX Query', '/QPD-2': freshControlId(), '/RCP-1': 'I' },
      ...cx('/QPD-3', chartOf('1')),
    }),
  ],
  'ITI-21': ['pdq-iti21', '2.5', 'QBP^Q22', () => byName(aStranger())],
  'ITI-30': ['pam-iti30', '2.5', 'ADT^A28', () => ({ ...someone(), '/PV1-2': 'N' })],
};

function someone(): Fields {
  const stranger = aStranger();
  return personAt(stranger, [chartOf(stranger.id)]);
}

/** Every code with which an answer by HL7 v2 may say no, as IPF's client and HAPI alone read it. */
const byV2 = Object.entries(BY_V2).flatMap(([transaction, [component, version, event, fieldsOf]]) =>
  [IPF_V2_PEER, HAPI_PEER].map(
    (peer): InteropCase => ({
      ...{ transaction, direction: 'inward', name: CODES, peer },
      async run(world) {
        const refuser = await world.companion(startV2Refuser);
        for (const [code, { v2 }] of Object.entries(V2_CODES)) {
          const url = refuser.says(transaction, code);
          const asked = { transaction, url, event, fields: fieldsOf() };
          const [read] =
            peer === HAPI_PEER
              ? await hapiAsks(world, {
                  transaction,
                  url,
                  version,
                  hapi: 'single',
                  messages: [asked],
                })
              : [await ipfAsks(world, { ...asked, component })];
          const what = `${code} as ${peer} reads it`;
          same([read?.acknowledgement, read?.details], [v2.acknowledgement, [v2.code]], what);
        }
      },
    }),
  ),
);

export const eachCode: readonly InteropCase[] = byIpf;
export const eachCodeByV2: readonly InteropCase[] = byV2;
