import type { PatientId } from '../../../profiles/patient.ts';
import type { Transaction } from '../../../profiles/transaction.ts';
import { ITI_18 } from '../../../profiles/xds/iti-18.ts';
import type { SubmitObjectsRequest } from '../../../profiles/xds/iti-42.ts';
import { ITI_57 } from '../../../profiles/xds/iti-57.ts';
import { ITI_62 } from '../../../profiles/xds/iti-62.ts';
import { ITI_92 } from '../../../profiles/xds/iti-92.ts';
import type { DocumentEntry } from '../../../profiles/xds/metadata.ts';
import { metadataToEbxml } from '../../../profiles/xds/metadata-ebxml.ts';
import type { RegistryResponse } from '../../../profiles/xds/registry-response.ts';
import { getDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../../profiles/xds/vocabulary.ts';
import { aDocumentEntry, anAssociation, aSubmissionSet } from '../../support/xds-builders.ts';
import { aVersion } from '../../support/xds-update-builders.ts';
import { contains, type InteropCase, peerAsks, same, weAsk } from '../interop-case.ts';
import { aJapaneseEntry, freshOid } from '../samples.ts';
import { IPF, type InteropWorld } from '../world.ts';
import { aStrangersPatient, named, ofRegistry, registerThere, submitted } from './registry.ts';

const NOBODY = 'urn:uuid:5b1e0000-0000-4000-8000-000000000404';

/** A document that IPF's client has registered in our registry. */
async function registeredHere(world: InteropWorld) {
  const patient = await world.patient();
  const request = submitted(patient);
  await peerAsks(world, ofRegistry(world, 'ITI-42', request));
  const found = await everything(world, patient);
  const entry = found.objects?.find(({ kind }) => kind === 'DocumentEntry');
  if (!entry) throw new Error('nothing was registered');
  return { patient, found, entry };
}

const everything = (world: InteropWorld, patient: PatientId) =>
  peerAsks(world, ofRegistry(world, 'ITI-18', { query: 'GetAll', ...named(patient) }));

/** The next version of a document, in IPF's words. */
const revised = (patient: PatientId, entry: { uniqueId: string; logicalUuid: string | null }) =>
  submitted(patient, {
    uniqueId: entry.uniqueId,
    logicalUuid: entry.logicalUuid,
    previousVersion: '1',
    title: '改訂した診療情報提供書',
  });

/** A document that our client has registered at IPF. */
async function registeredThere(world: InteropWorld) {
  const patientId = aStrangersPatient();
  const uniqueId = await registerThere(world, patientId);
  const { response } = await weAsk(world, ITI_18, getDocuments({ uniqueId: [uniqueId] }));
  const [object] = response.objects;
  if (!object) throw new Error('nothing was registered');
  return { patientId, uniqueId, id: object.id, lid: object.lid ?? object.id };
}

/** The next version of a document, in our words. */
function anUpdateOf(
  patientId: PatientId,
  entry: Partial<DocumentEntry>,
  home?: string,
): SubmitObjectsRequest {
  const version = aDocumentEntry({
    ...aJapaneseEntry(),
    patientId,
    homeCommunityId: home,
    ...entry,
  });
  const set = aSubmissionSet({ patientId, uniqueId: freshOid(), homeCommunityId: home });
  return { objects: [set, version, aVersion(version.entryUUID)].map(metadataToEbxml) };
}

/** ITI-57 and ITI-92 are alike but for who may ask what. */
function updates(
  transaction: Transaction<SubmitObjectsRequest, RegistryResponse>,
  home?: string,
): readonly InteropCase[] {
  const { id } = transaction;
  return [
    {
      transaction: id,
      direction: 'inward',
      name: 'success',
      async run(world) {
        const { patient, entry } = await registeredHere(world);
        const request = ofRegistry(world, id, revised(patient, entry));
        const { status, errors } = await peerAsks(world, request);
        same([status, errors], ['SUCCESS', []], 'the answer');
      },
    },
    {
      transaction: id,
      direction: 'inward',
      name: 'refusal',
      async run(world) {
        const { patient, entry } = await registeredHere(world);
        const unknown = revised(patient, { ...entry, logicalUuid: NOBODY });
        const { status, errors } = await peerAsks(world, ofRegistry(world, id, unknown));
        same(
          [
            status,
            (errors?.length ?? 0) > 0,
            errors?.every(({ severity }) => severity === 'ERROR'),
          ],
          ['FAILURE', true, true],
          'the refusal',
        );
      },
    },
    {
      transaction: id,
      direction: 'inward',
      name: 'Japanese',
      async run(world) {
        const { patient, entry } = await registeredHere(world);
        await peerAsks(world, ofRegistry(world, id, revised(patient, entry)));
        const { words } = await everything(world, patient);
        contains(words ?? [], ['改訂した診療情報提供書', '主治医', '紹介状'], 'our registry');
      },
    },
    ...(['success', 'Japanese'] as const).map(
      (name): InteropCase => ({
        transaction: id,
        direction: 'outward',
        name,
        async run(world) {
          const { patientId, uniqueId, lid } = await registeredThere(world);
          const request = anUpdateOf(patientId, { logicalID: lid, uniqueId }, home);
          const { response, sent, read } = await weAsk(world, transaction, request);
          same(response, { status: 'Success', errors: [] }, 'the answer');
          contains(read, sent, 'the peer');
        },
      }),
    ),
    {
      transaction: id,
      direction: 'outward',
      name: 'refusal',
      async run(world) {
        const { patientId, uniqueId } = await registeredThere(world);
        const request = anUpdateOf(patientId, { logicalID: NOBODY, uniqueId }, home);
        const { response } = await weAsk(world, transaction, request);
        same(
          [response.status, response.errors[0]?.errorCode],
          ['Failure', 'XDSMetadataUpdateError'],
          'the refusal as we read it',
        );
      },
    },
  ];
}

/** ITI-57 Update Document Set: a new version, and a status. */
export const updateDocumentSet: readonly InteropCase[] = updates(ITI_57).map((one) =>
  one.name !== 'success'
    ? one
    : {
        ...one,
        async run(world) {
          await one.run(world);
          await (one.direction === 'inward' ? deprecatedByPeer(world) : deprecateThere(world));
        },
      },
);

async function deprecatedByPeer(world: InteropWorld) {
  const { patient, entry } = await registeredHere(world);
  const request = { ...submitted(patient), documents: [], statuses: [{ target: entry.uuid }] };
  const { status } = await peerAsks(world, ofRegistry(world, 'ITI-57', request));
  same(status, 'SUCCESS', 'the answer to a status');
  const { objects } = await everything(world, patient);
  same(objects?.filter(({ uuid }) => uuid === entry.uuid).length, 0, 'approved entries');
}

async function deprecateThere(world: InteropWorld) {
  const { patientId, id } = await registeredThere(world);
  const status = anAssociation({
    entryUUID: 'operation',
    associationType: ASSOCIATION_TYPE.UpdateAvailabilityStatus,
    sourceObject: 'SubmissionSet01',
    targetObject: id,
    originalStatus: 'Approved',
    newStatus: 'Deprecated',
  });
  const set = aSubmissionSet({ patientId, uniqueId: freshOid() });
  const { response } = await weAsk(world, ITI_57, { objects: [set, status].map(metadataToEbxml) });
  same(response, { status: 'Success', errors: [] }, 'the answer to a status');
}

/** ITI-92 Restricted Update Document Set. */
export const restrictedUpdate: readonly InteropCase[] = updates(ITI_92, IPF.homeCommunityId);

/** ITI-62 Remove Metadata. */
export const removeMetadata: readonly InteropCase[] = [
  {
    transaction: 'ITI-62',
    direction: 'inward',
    name: 'success',
    async run(world) {
      const { patient, found } = await registeredHere(world);
      const uuids = [
        ...(found.objects ?? []).map(({ uuid }) => uuid),
        ...(found.associations ?? []),
      ];
      const { status, errors } = await peerAsks(world, ofRegistry(world, 'ITI-62', { uuids }));
      same([status, errors], ['SUCCESS', []], 'the answer');
      same((await everything(world, patient)).objects, [], 'what is left');
    },
  },
  {
    transaction: 'ITI-62',
    direction: 'inward',
    name: 'refusal',
    async run(world) {
      const { status, errors } = await peerAsks(
        world,
        ofRegistry(world, 'ITI-62', { uuids: [NOBODY] }),
      );
      same([status, errors?.[0]?.code], ['FAILURE', 'UnresolvedReferenceException'], 'the refusal');
      const { entry } = await registeredHere(world);
      const alone = await peerAsks(world, ofRegistry(world, 'ITI-62', { uuids: [entry.uuid] }));
      same(
        [alone.status, alone.errors?.[0]?.code],
        ['FAILURE', 'ReferencesExistException'],
        'the refusal to leave an Association dangling',
      );
    },
  },
  {
    transaction: 'ITI-62',
    direction: 'outward',
    name: 'success',
    async run(world) {
      const { id, uniqueId } = await registeredThere(world);
      const { response } = await weAsk(world, ITI_62, { objectRefs: [{ id }] });
      same(response, { status: 'Success', errors: [] }, 'the answer');
      const after = await weAsk(world, ITI_18, getDocuments({ uniqueId: [uniqueId] }));
      same(after.response.objects, [], 'what is left');
    },
  },
  {
    transaction: 'ITI-62',
    direction: 'outward',
    name: 'refusal',
    async run(world) {
      const { response } = await weAsk(world, ITI_62, { objectRefs: [{ id: NOBODY }] });
      same(
        [response.status, response.errors[0]?.errorCode],
        ['Failure', 'UnresolvedReferenceException'],
        'the refusal as we read it',
      );
    },
  },
];
