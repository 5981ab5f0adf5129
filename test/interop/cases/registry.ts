import { ITI_18 } from '../../../profiles/xds/iti-18.ts';
import { ITI_42 } from '../../../profiles/xds/iti-42.ts';
import { ITI_51 } from '../../../profiles/xds/iti-51.ts';
import { ITI_61 } from '../../../profiles/xds/iti-61.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { findDocumentsForMultiplePatients } from '../../../profiles/xds/multi-patient-query-builders.ts';
import {
  findDocuments,
  getAll,
  getDocuments,
} from '../../../profiles/xds/stored-query-builders.ts';
import { textOfPiece } from '../../../profiles/formats/xml-pieces.ts';
import type { AdhocQueryResponse } from '../../../profiles/xds/stored-queries.ts';
import { PROOF } from '../../support/proof-region.ts';
import { aSubmission, type SubmissionParts } from '../../support/xds-builders.ts';
import { ON_DEMAND } from '../../support/xds-update-builders.ts';
import { contains, type InteropCase, peerAsks, same, weAsk, wordsIn } from '../interop-case.ts';
import type { PeerCase } from '../peer.ts';
import { aJapaneseSubmission, freshOid } from '../samples.ts';
import { IPF, type InteropWorld } from '../world.ts';

/** The hash and size of a document that nobody retrieves. */
export const DESCRIBED = { hash: '94a9a1a55698771e22383fd6f52001cdcaf5ce29', size: 10 };

let strangers = 0;

/** A patient of IPF's store, which knows everybody; `kind` provokes a refusal or an answer in part. */
export function aStrangersPatient(kind: 'P' | 'REFUSE' | 'PARTIAL' = 'P'): PatientId {
  strangers += 1;
  return { id: `${kind}-${strangers}`, assigningAuthority: IPF.affinityDomain };
}

/** How a work list names a patient. */
export function named({ id, assigningAuthority }: PatientId) {
  return { patient: id, authority: assigningAuthority };
}

/** What IPF's client shall ask our registry. */
export function ofRegistry(world: InteropWorld, transaction: string, fields: object): PeerCase {
  return { transaction, url: world.urls.ours('document-registry'), as: 'hospital', ...fields };
}

/** What IPF's client submits to our registry, Japanese text in every attribute. */
export function submitted(patient: PatientId, document: object = {}) {
  return {
    ...named(patient),
    setId: freshOid(),
    sourceId: PROOF.sourceId,
    documents: [
      {
        uuid: 'Document01',
        uniqueId: freshOid(),
        repository: PROOF.repositoryUniqueId,
        ...DESCRIBED,
        ...document,
      },
    ],
  };
}

/** Registers a document at IPF, as our client. */
export async function registerThere(
  world: InteropWorld,
  patientId: PatientId,
  parts: SubmissionParts = {},
): Promise<string> {
  const uniqueId = freshOid();
  const { response } = await weAsk(
    world,
    ITI_42,
    aSubmission({
      submissionSet: { patientId, uniqueId: freshOid() },
      documentEntries: [{ uniqueId }],
      ...parts,
    }),
  );
  same(response, { status: 'Success', errors: [] }, 'the answer');
  return uniqueId;
}

/** The Japanese words of the objects in an answer. */
export function wordsOf({ objects }: AdhocQueryResponse): readonly string[] {
  const content = objects.map((object) => textOfPiece(object.content)).join('');
  return wordsIn(`<all xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">${content}</all>`);
}

const query = (world: InteropWorld, fields: object) =>
  peerAsks(world, ofRegistry(world, 'ITI-18', { query: 'FindDocuments', ...fields }));

/** ITI-18 Registry Stored Query. */
export const registryStoredQuery: readonly InteropCase[] = [
  {
    transaction: 'ITI-18',
    direction: 'inward',
    name: 'success',
    async run(world) {
      const patient = await world.patient();
      const request = submitted(patient);
      await peerAsks(world, ofRegistry(world, 'ITI-42', request));
      const { status, objects } = await query(world, named(patient));
      same(
        [status, objects?.map(({ uniqueId }) => uniqueId)],
        ['SUCCESS', [request.documents[0]?.uniqueId]],
        'found',
      );
      const { references } = await query(world, { ...named(patient), references: true });
      same(
        references,
        objects?.map(({ uuid }) => uuid),
        'the references',
      );
    },
  },
  {
    transaction: 'ITI-18',
    direction: 'inward',
    name: 'empty',
    async run(world) {
      const { status, objects, errors } = await query(world, named(await world.patient()));
      same([status, objects, errors], ['SUCCESS', [], []], 'the answer');
    },
  },
  {
    transaction: 'ITI-18',
    direction: 'inward',
    name: 'refusal',
    async run(world) {
      const patients = [await world.patient(), await world.patient()];
      const uniqueIds: (string | undefined)[] = [];
      for (const patient of patients) {
        const request = submitted(patient);
        await peerAsks(world, ofRegistry(world, 'ITI-42', request));
        uniqueIds.push(request.documents[0]?.uniqueId);
      }
      const { status, errors } = await query(world, { query: 'GetDocuments', uniqueIds });
      same(
        [status, errors?.map(({ code, severity }) => [code, severity])],
        ['FAILURE', [['XDSResultNotSinglePatient', 'ERROR']]],
        'the refusal',
      );
    },
  },
  {
    transaction: 'ITI-18',
    direction: 'inward',
    name: 'fault',
    async run(world) {
      const asked = { query: 'FindDocuments', ...named(await world.patient()) };
      const faulted = async (fields: object) => {
        const { fault, faultCodes } = await world.peer.ask(
          ofRegistry(world, 'ITI-18', { ...asked, ...fields }),
        );
        return faultCodes ?? fault?.split(':')[0];
      };
      // A gateway is not entitled to it.
      same(await faulted({ as: 'gateway' }), ['Sender', 'NotAuthorized'], 'not entitled');
      // CXF as it is shipped drops a fault that comes with HTTP 400; the row of `cxf` has the quirk.
      const elsewhere = { url: world.urls.ours('patient-identity') };
      const shipped = { ...elsewhere, asShipped: true };
      same(await faulted(shipped), 'HTTPException', 'a fault with HTTP 400');
      const unsupported = ['Sender', 'ActionNotSupported'];
      same(await faulted({ ...shipped, as: 'cxf' }), unsupported, 'a fault with HTTP 500');
      same(await faulted(elsewhere), unsupported, 'a fault with HTTP 400, with CXF’s switch');
    },
  },
  {
    transaction: 'ITI-18',
    direction: 'inward',
    name: 'Japanese',
    async run(world) {
      const patient = await world.patient();
      const request = { ...submitted(patient), folder: freshOid() };
      const sent = await peerAsks(world, ofRegistry(world, 'ITI-42', request));
      const found = await query(world, { ...named(patient), query: 'GetAll' });
      contains(found.words ?? [], sent.sentWords ?? [], 'our answer');
      const authored = await query(world, { ...named(patient), author: '%試験^医師%' });
      same(authored.objects?.length, 1, 'documents by a Japanese author');
    },
  },
  {
    transaction: 'ITI-18',
    direction: 'outward',
    name: 'success',
    async run(world) {
      const patientId = aStrangersPatient();
      const uniqueId = await registerThere(world, patientId);
      const { response } = await weAsk(world, ITI_18, findDocuments({ patientId }));
      same(
        [response.status, response.objects.map((object) => object.uniqueId)],
        ['Success', [uniqueId]],
        'found',
      );
      const byId = await weAsk(world, ITI_18, getDocuments({ uniqueId: [uniqueId] }));
      same(byId.response.objects.length, 1, 'found by its uniqueId');
      const asked = findDocuments({ patientId, returnType: 'ObjectRef' });
      const references = await weAsk(world, ITI_18, asked);
      same(references.response.objectRefs.length, 1, 'references');
    },
  },
  {
    transaction: 'ITI-18',
    direction: 'outward',
    name: 'empty',
    async run(world) {
      const patientId = aStrangersPatient();
      const { response } = await weAsk(world, ITI_18, findDocuments({ patientId }));
      same([response.status, response.objects, response.errors], ['Success', [], []], 'the answer');
    },
  },
  {
    transaction: 'ITI-18',
    direction: 'outward',
    name: 'refusal',
    async run(world) {
      const patientId = aStrangersPatient('REFUSE');
      const { response } = await weAsk(world, ITI_18, findDocuments({ patientId }));
      const [error] = response.errors;
      same(
        [response.status, error?.errorCode, error?.codeContext, error?.severity],
        ['Failure', 'XDSUnknownPatientId', 'この患者は登録されていません', 'Error'],
        'the refusal as we read it',
      );
    },
  },
  {
    transaction: 'ITI-18',
    direction: 'outward',
    name: 'Japanese',
    async run(world) {
      const patientId = aStrangersPatient();
      const parts = aJapaneseSubmission(patientId, PROOF.sourceId);
      const { read } = await weAsk(world, ITI_42, aSubmission(parts));
      const asked = getAll({ patientId, status: ['Approved'] });
      const { response } = await weAsk(world, ITI_18, asked);
      contains(wordsOf(response), read, 'the peer’s answer as we read it');
      const author = findDocuments({ patientId, authorPerson: ['%試験%'] });
      const named = await weAsk(world, ITI_18, author);
      contains(named.read, named.sent, 'the peer, of our query,');
    },
  },
];

/** ITI-42 Register Document Set-b. */
export const registerDocumentSet: readonly InteropCase[] = [
  {
    transaction: 'ITI-42',
    direction: 'inward',
    name: 'success',
    async run(world) {
      const request = { ...submitted(await world.patient()), folder: freshOid() };
      const { status } = await peerAsks(world, ofRegistry(world, 'ITI-42', request));
      same(status, 'SUCCESS', 'the answer');
    },
  },
  {
    transaction: 'ITI-42',
    direction: 'inward',
    name: 'refusal',
    async run(world) {
      const nobody = { id: 'nobody', assigningAuthority: PROOF.affinityDomain };
      const { status, errors } = await peerAsks(
        world,
        ofRegistry(world, 'ITI-42', submitted(nobody)),
      );
      same(
        [status, errors?.[0]?.code, errors?.[0]?.severity],
        ['FAILURE', 'XDSUnknownPatientId', 'ERROR'],
        'the refusal',
      );
      const patient = await world.patient();
      const request = submitted(patient);
      await peerAsks(world, ofRegistry(world, 'ITI-42', request));
      const again = submitted(patient, { uniqueId: request.documents[0]?.uniqueId });
      const other = { ...DESCRIBED, hash: 'da39a3ee5e6b4b0d3255bfef95601890afd80709' };
      for (const [submission, code] of [
        [{ ...submitted(patient), setId: request.setId }, 'XDSDuplicateUniqueIdInRegistry'],
        [{ ...again, documents: [{ ...again.documents[0], ...other }] }, 'XDSNonIdenticalHash'],
      ] as const) {
        const refused = await peerAsks(world, ofRegistry(world, 'ITI-42', submission));
        const codes = refused.errors?.map((error) => error.code);
        same([refused.status, codes], ['FAILURE', [code]], 'the refusal as the peer reads it');
      }
    },
  },
  {
    transaction: 'ITI-42',
    direction: 'inward',
    name: 'Japanese',
    async run(world) {
      const patient = await world.patient();
      const request = { ...submitted(patient), folder: freshOid() };
      const sent = await peerAsks(world, ofRegistry(world, 'ITI-42', request));
      const url = world.urls.ours('document-registry');
      const asked = getAll({ patientId: patient, status: ['Approved'] });
      const response = await world.client.ask(ITI_18, url, asked);
      contains(wordsOf(response), sent.sentWords ?? [], 'our registry');
    },
  },
  {
    transaction: 'ITI-42',
    direction: 'outward',
    name: 'success',
    async run(world) {
      await registerThere(world, aStrangersPatient());
    },
  },
  {
    transaction: 'ITI-42',
    direction: 'outward',
    name: 'refusal',
    async run(world) {
      const patientId = aStrangersPatient('REFUSE');
      const request = aSubmission({ submissionSet: { patientId, uniqueId: freshOid() } });
      const { response } = await weAsk(world, ITI_42, request);
      same(
        [response.status, response.errors[0]?.errorCode],
        ['Failure', 'XDSUnknownPatientId'],
        'the refusal as we read it',
      );
    },
  },
  {
    transaction: 'ITI-42',
    direction: 'outward',
    name: 'Japanese',
    async run(world) {
      const parts = aJapaneseSubmission(aStrangersPatient(), PROOF.sourceId);
      const { sent, read } = await weAsk(world, ITI_42, aSubmission(parts));
      contains(read, sent, 'the peer');
    },
  },
];

const several = (world: InteropWorld, patients: readonly PatientId[]) =>
  peerAsks(
    world,
    ofRegistry(world, 'ITI-51', {
      query: 'FindDocumentsForMultiplePatients',
      patients: patients.map(named),
    }),
  );

/** ITI-51 Multi-Patient Stored Query. */
export const multiPatientStoredQuery: readonly InteropCase[] = [
  {
    transaction: 'ITI-51',
    direction: 'inward',
    name: 'success',
    async run(world) {
      const patients = [await world.patient(), await world.patient()];
      for (const patient of patients) {
        await peerAsks(world, ofRegistry(world, 'ITI-42', submitted(patient)));
      }
      const { status, objects } = await several(world, patients);
      same([status, objects?.length], ['SUCCESS', 2], 'found');
    },
  },
  {
    transaction: 'ITI-51',
    direction: 'inward',
    name: 'empty',
    async run(world) {
      const { status, objects } = await several(world, [await world.patient()]);
      same([status, objects], ['SUCCESS', []], 'the answer');
    },
  },
  {
    transaction: 'ITI-51',
    direction: 'inward',
    name: 'refusal',
    async run(world) {
      const asked = { query: 'FindDocuments', ...named(await world.patient()) };
      const answer = await world.peer.ask(ofRegistry(world, 'ITI-51', asked));
      same(
        [answer.responseValid, answer.status, answer.errors?.[0]?.code],
        ['valid', 'FAILURE', 'XDSUnknownStoredQuery'],
        'the refusal',
      );
    },
  },
  {
    transaction: 'ITI-51',
    direction: 'inward',
    name: 'Japanese',
    async run(world) {
      const patient = await world.patient();
      const sent = await peerAsks(world, ofRegistry(world, 'ITI-42', submitted(patient)));
      const found = await several(world, [patient]);
      const set = ['提出一式', '紹介に伴う提出', '診療情報提供', '受取病院', '受取', '花子'];
      const ofEntry = (sent.sentWords ?? []).filter((word) => !set.includes(word));
      contains(found.words ?? [], ofEntry, 'our answer');
    },
  },
  {
    transaction: 'ITI-51',
    direction: 'outward',
    name: 'success',
    async run(world) {
      const patientIds = [aStrangersPatient(), aStrangersPatient()];
      for (const patientId of patientIds) await registerThere(world, patientId);
      const asked = findDocumentsForMultiplePatients({ patientIds });
      const { response } = await weAsk(world, ITI_51, asked);
      same([response.status, response.objects.length], ['Success', 2], 'found');
    },
  },
  {
    transaction: 'ITI-51',
    direction: 'outward',
    name: 'empty',
    async run(world) {
      const asked = findDocumentsForMultiplePatients({ patientIds: [aStrangersPatient()] });
      const { response } = await weAsk(world, ITI_51, asked);
      same([response.status, response.objects], ['Success', []], 'the answer');
    },
  },
  {
    transaction: 'ITI-51',
    direction: 'outward',
    name: 'refusal',
    async run(world) {
      const asked = findDocumentsForMultiplePatients({ patientIds: [aStrangersPatient('REFUSE')] });
      const { response } = await weAsk(world, ITI_51, asked);
      same(
        [response.status, response.errors[0]?.errorCode],
        ['Failure', 'XDSUnknownPatientId'],
        'the refusal as we read it',
      );
    },
  },
  {
    transaction: 'ITI-51',
    direction: 'outward',
    name: 'Japanese',
    async run(world) {
      const patientId = aStrangersPatient();
      const parts = aJapaneseSubmission(patientId, PROOF.sourceId);
      await weAsk(world, ITI_42, aSubmission(parts));
      const asked = findDocumentsForMultiplePatients({ patientIds: [patientId] });
      const { response } = await weAsk(world, ITI_51, asked);
      contains(wordsOf(response), ['診療情報提供書', '紹介状', '主治医'], 'the peer’s answer');
    },
  },
];

/** ITI-61 Register On-Demand Document Entry. */
export const registerOnDemand: readonly InteropCase[] = [
  {
    transaction: 'ITI-61',
    direction: 'inward',
    name: 'success',
    async run(world) {
      const patient = await world.patient();
      const request = submitted(patient, { onDemand: true, hash: undefined, size: undefined });
      const { status, errors } = await peerAsks(world, ofRegistry(world, 'ITI-61', request));
      same([status, errors], ['SUCCESS', []], 'the answer');
      const { objects } = await query(world, named(patient));
      same(objects?.length, 1, 'entries found');
    },
  },
  {
    transaction: 'ITI-61',
    direction: 'inward',
    name: 'refusal',
    async run(world) {
      const nobody = { id: 'nobody', assigningAuthority: PROOF.affinityDomain };
      const request = submitted(nobody, { onDemand: true, hash: undefined, size: undefined });
      const { status, errors } = await peerAsks(world, ofRegistry(world, 'ITI-61', request));
      same([status, errors?.[0]?.code], ['FAILURE', 'XDSUnknownPatientId'], 'the refusal');
    },
  },
  {
    transaction: 'ITI-61',
    direction: 'inward',
    name: 'Japanese',
    async run(world) {
      const patient = await world.patient();
      const request = submitted(patient, { onDemand: true, hash: undefined, size: undefined });
      const { sentWords } = await peerAsks(world, ofRegistry(world, 'ITI-61', request));
      const { words } = await query(world, { ...named(patient), query: 'GetAll' });
      contains(words ?? [], sentWords ?? [], 'our registry');
    },
  },
  ...(['success', 'Japanese'] as const).map(
    (name): InteropCase => ({
      transaction: 'ITI-61',
      direction: 'outward',
      name,
      async run(world) {
        const parts = aJapaneseSubmission(aStrangersPatient(), PROOF.sourceId);
        const documentEntries = parts.documentEntries?.map((one) => ({
          ...one,
          ...ON_DEMAND,
          legalAuthenticator: undefined,
        }));
        const request = aSubmission({ ...parts, documentEntries });
        const { response, sent, read } = await weAsk(world, ITI_61, request);
        same(response, { status: 'Success', errors: [] }, 'the answer');
        contains(read, sent, 'the peer');
      },
    }),
  ),
  {
    transaction: 'ITI-61',
    direction: 'outward',
    name: 'refusal',
    async run(world) {
      const patientId = aStrangersPatient('REFUSE');
      const request = aSubmission({
        submissionSet: { patientId, uniqueId: freshOid() },
        documentEntries: [{ ...ON_DEMAND, uniqueId: freshOid() }],
      });
      const { response } = await weAsk(world, ITI_61, request);
      same(
        [response.status, response.errors[0]?.errorCode],
        ['Failure', 'XDSUnknownPatientId'],
        'the refusal as we read it',
      );
    },
  },
];
