import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { PeerFailure, type Permission } from '../../../actors/actor.ts';
import { metadataToEbxml } from '../../../profiles/xds/metadata-ebxml.ts';
import { documentEntryOf } from '../../../profiles/xds/metadata-xml.ts';
import { objectOfText } from '../../../profiles/xds/registry-object-text.ts';
import type { DocumentEntry } from '../../../profiles/xds/metadata.ts';
import { ITI_61 } from '../../../profiles/xds/iti-61.ts';
import {
  getAssociations,
  getDocuments,
  getDocumentsAndAssociations,
} from '../../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../../profiles/xds/vocabulary.ts';
import { OTHER_PATIENT } from '../../support/a-registry.ts';
import { ARepository } from '../../support/a-repository.ts';
import { sha1Of, textOf } from '../../support/documents.ts';
import { validateAgainst } from '../../support/schema.ts';
import { aCaller, SAMPLE_COMMUNITY } from '../../support/world-of-actors.ts';
import {
  anAssociation,
  aSubmission,
  aSubmissionSet,
  SAMPLE_PATIENT,
} from '../../support/xds-builders.ts';
import { aVersion } from '../../support/xds-update-builders.ts';

const CDA_XSD = resolve('../shared/schemas/security/cda/infrastructure/cda/CDA.xsd');
const withSchema = existsSync(CDA_XSD) ? it : it.skip;

const SUMMARY = {
  code: '60591-5',
  codingScheme: '2.16.840.1.113883.6.1',
  displayName: '患者サマリー',
};
const RESTRICTED = {
  code: 'R',
  codingScheme: '2.16.840.1.113883.5.25',
  displayName: 'restricted',
};

describe('an On-Demand document of the Document Repository', () => {
  let repository: ARepository;
  let sets = 0;

  const nextSet = () => {
    sets += 1;
    return { uniqueId: `2.999.9.50.${sets}` };
  };
  const promise = async (uniqueId: string, over: Partial<DocumentEntry> = {}) => {
    const submission = aSubmission({
      submissionSet: nextSet(),
      documentEntries: [
        {
          objectType: 'On-Demand',
          uniqueId,
          creationTime: undefined,
          hash: undefined,
          size: undefined,
          mimeType: 'text/xml',
          classCode: SUMMARY,
          typeCode: SUMMARY,
          title: undefined,
          ...over,
        },
      ],
    });
    const ask = repository.world.as(aCaller());
    const { status } = await ask(ITI_61, 'document-registry', submission);
    expect(status).toBe('Success');
  };
  const retrieved = async (uniqueId: string, permission?: Permission) => {
    const { status, documents, errors } = await repository.retrieve([uniqueId], permission);
    const [document] = documents;
    return {
      status,
      errors: errors.map(({ errorCode }) => errorCode),
      id: document?.newDocumentUniqueId ?? '',
      repository: document?.newRepositoryUniqueId,
      echoed: document?.documentUniqueId,
      text: document ? await textOf(document.content) : '',
    };
  };
  const entries = async (uniqueId: string) => {
    const { objects } = await repository.registry.ask(getDocuments({ uniqueId: [uniqueId] }));
    return objects.flatMap((text) => {
      const object = objectOfText(text);
      return object.element === 'ExtrinsicObject' ? [documentEntryOf(object)] : [];
    });
  };
  const links = async (uniqueId: string) => {
    const uuid = (await entries(uniqueId)).map(({ entryUUID }) => entryUUID);
    const { objects } = await repository.registry.ask(getAssociations({ uuid }));
    return objects.filter(({ sourceObject = '' }) => uuid.includes(sourceObject));
  };
  const later = () => {
    repository.world.now = new Date(repository.world.now.getTime() + 60_000);
  };
  const provide = (uniqueId: string, over: Partial<DocumentEntry> = {}) =>
    repository.provide([uniqueId], {
      submissionSet: nextSet(),
      documentEntries: [{ uniqueId, ...over }],
    });

  beforeEach(async () => {
    repository = await ARepository.open();
    await provide('2.999.8.1', { title: '紹介状 & <図>' });
    await promise('2.999.8.9');
  });

  afterEach(() => repository.close());

  it('is made when it is asked for, of what the patient has, under a uniqueId of its own', async () => {
    const made = await retrieved('2.999.8.9');
    expect(made).toMatchObject({
      status: 'Success',
      errors: [],
      echoed: '2.999.8.9',
      repository: SAMPLE_COMMUNITY.repositoryUniqueId,
    });
    expect(made.id).toMatch(/^2\.25\.\d+$/);
    expect(made.text).toContain('紹介状 &amp; &lt;図&gt;');
    expect(made.text).toContain('<id root="2.999.8.1"/>');
    expect(made.text).toContain(`<id root="${made.id}"/>`);
  });

  it('is registered as a Stable document, a snapshot, before it is answered', async () => {
    const { id, text } = await retrieved('2.999.8.9');
    const [snapshot] = await entries(id);
    expect(snapshot).toMatchObject({
      objectType: 'Stable',
      hash: sha1Of(text),
      size: Buffer.byteLength(text),
      mimeType: 'text/xml',
      patientId: SAMPLE_PATIENT,
      creationTime: '20300401091500',
      availabilityStatus: 'Approved',
    });
    expect((await links(id)).map(({ associationType }) => associationType)).toEqual([
      ASSOCIATION_TYPE.IsSnapshotOf,
    ]);
    const [stable] = (await repository.retrieve([id])).documents;
    expect(stable && (await textOf(stable.content))).toBe(text);
    expect(stable).not.toHaveProperty('newDocumentUniqueId');
  });

  it('is the same snapshot so long as nothing has changed', async () => {
    const first = await retrieved('2.999.8.9');
    later();
    expect(await retrieved('2.999.8.9')).toEqual(first);
    const together = await repository.retrieve(['2.999.8.9', '2.999.8.9']);
    expect(together.documents.map((one) => one.newDocumentUniqueId)).toEqual([first.id, first.id]);
  });

  it('is made once for two who ask at the same time', async () => {
    const [one, other] = await Promise.all([retrieved('2.999.8.9'), retrieved('2.999.8.9')]);
    expect(one?.status).toBe('Success');
    expect(other).toEqual(one);
  });

  it('is replaced when something has changed; the earlier snapshot stays retrievable', async () => {
    const first = await retrieved('2.999.8.9');
    later();
    await provide('2.999.8.2', { title: 'second' });
    const second = await retrieved('2.999.8.9');
    expect(second.id).not.toBe(first.id);
    expect(second.text).toContain('second');
    expect((await links(second.id)).map(({ associationType }) => associationType).sort()).toEqual(
      [ASSOCIATION_TYPE.IsSnapshotOf, ASSOCIATION_TYPE.RPLC].sort(),
    );
    expect((await entries(first.id))[0]?.availabilityStatus).toBe('Deprecated');
    expect((await retrieved(first.id)).text).toBe(first.text);
  });

  it('tells of no snapshot, neither its own nor another one’s', async () => {
    await promise('2.999.8.10', { languageCode: 'en-US' });
    const [japanese, english] = [await retrieved('2.999.8.9'), await retrieved('2.999.8.10')];
    expect(english.text).toContain('<languageCode code="en-US"/>');
    expect(english.text).toContain('<title>Patient summary</title>');
    expect(japanese.text).toContain('<title>患者サマリー</title>');
    later();
    expect(await retrieved('2.999.8.9')).toEqual(japanese);
    expect(await retrieved('2.999.8.10')).toEqual(english);
  });

  it.each(['yes', 'no'] as const)(
    'is replaced, and told of by nobody, when its entry gets another type (propagation: %s)',
    async (associationPropagation) => {
      const first = await retrieved('2.999.8.9');
      const [entry] = await entries('2.999.8.9');
      if (entry === undefined) throw new Error('no entry');
      const typeCode = { ...SUMMARY, code: '34133-9', displayName: '経過要約' };
      const { entryUUID, ...rest } = entry;
      const version = { ...rest, entryUUID: 'Document01', typeCode, logicalID: entryUUID };
      const membership = aVersion('Document01', { associationPropagation });
      const set = aSubmissionSet(nextSet());
      const objects = [set, version, membership].map(metadataToEbxml);
      await repository.registry.update({ objects });
      later();
      const second = await retrieved('2.999.8.9');
      expect(second.text).not.toContain(first.id);
      expect((await entries(first.id))[0]?.availabilityStatus).toBe('Deprecated');
      later();
      expect(await retrieved('2.999.8.9')).toEqual(second);
    },
  );

  it('tells of no snapshot whose entry is Deprecated by now', async () => {
    const typeCode = { ...SUMMARY, code: '34133-9', displayName: '経過要約' };
    await promise('2.999.8.10', { typeCode });
    const other = await retrieved('2.999.8.10');
    const [entry] = await entries('2.999.8.10');
    await repository.registry.store.change((writer) =>
      writer.setAvailabilityStatus([entry?.entryUUID ?? ''], 'Deprecated'),
    );
    expect((await retrieved('2.999.8.9')).text).not.toContain(other.id);
  });

  it('is made also where the SubmissionSet of another patient refers to its entry', async () => {
    const [entry] = await entries('2.999.8.9');
    await repository.registry.register(
      aSubmission({
        submissionSet: { ...nextSet(), patientId: OTHER_PATIENT },
        documentEntries: [],
        associations: [
          anAssociation({
            sourceObject: 'SubmissionSet01',
            targetObject: entry?.entryUUID ?? '',
            submissionSetStatus: 'Reference',
          }),
        ],
      }),
    );
    expect(await retrieved('2.999.8.9')).toMatchObject({ status: 'Success', errors: [] });
  });

  it('is made also where a Stable document of its uniqueId, which the registry has forgotten, still lies', async () => {
    await provide('2.999.8.7');
    const { objects } = await repository.registry.ask(
      getDocumentsAndAssociations({ uniqueId: ['2.999.8.7'] }),
    );
    const sets = objects.flatMap(({ sourceObject = [] }) => sourceObject);
    await repository.registry.remove(...objects.map(({ id }) => id), ...sets);
    await promise('2.999.8.7');
    expect(await retrieved('2.999.8.7')).toMatchObject({
      status: 'Success',
      id: expect.stringMatching(/^2\.25\./),
      text: expect.stringContaining('ClinicalDocument'),
    });
  });

  it('is not made where entries of its uniqueId are of several patients: whose would it be', async () => {
    const submission = aSubmission({
      submissionSet: { ...nextSet(), patientId: OTHER_PATIENT },
      documentEntries: [
        {
          objectType: 'On-Demand',
          uniqueId: '2.999.8.9',
          creationTime: undefined,
          hash: undefined,
          size: undefined,
        },
      ],
    });
    await repository.registry.registerOnDemand(submission);
    expect(await retrieved('2.999.8.9')).toMatchObject({
      status: 'Failure',
      errors: ['XDSRepositoryError'],
    });
  });

  it('tells of no document that is more confidential than itself', async () => {
    await provide('2.999.8.3', { confidentialityCode: [RESTRICTED], title: 'secret' });
    expect((await retrieved('2.999.8.9')).text).not.toContain('secret');
  });

  it('tells of documents by class, the newest first, and of nobody else’s', async () => {
    const note = { code: '11506-3', codingScheme: '2.16.840.1.113883.6.1', displayName: 'Note' };
    await provide('2.999.8.4', { classCode: note, creationTime: '2026', title: 'newest' });
    await provide('2.999.8.5', { classCode: note, creationTime: '20240101', title: 'oldest' });
    const { text } = await retrieved('2.999.8.9');
    const at = (words: string) => text.indexOf(words);
    expect(at('<title>Note</title>')).toBeGreaterThan(0);
    expect(at('newest')).toBeLessThan(at('oldest'));
    expect(at('oldest')).toBeLessThan(at('<title>Referral note</title>'));
  });

  it('is not made for whom it may not be shown', async () => {
    const nothing: Permission = { shows: () => false };
    expect(await retrieved('2.999.8.9', nothing)).toMatchObject({
      status: 'Failure',
      errors: ['XDSDocumentUniqueIdError'],
    });
    expect(repository.files('documents')).toHaveLength(1);
  });

  it('is no longer made once it is Deprecated', async () => {
    const [entry] = await entries('2.999.8.9');
    await repository.registry.store.change((writer) =>
      writer.setAvailabilityStatus([entry?.entryUUID ?? ''], 'Deprecated'),
    );
    expect(await retrieved('2.999.8.9')).toMatchObject({
      status: 'Failure',
      errors: ['XDSDocumentUniqueIdError'],
    });
  });

  it('is not answered when its snapshot cannot be registered', async () => {
    const ask = repository.world.as(aCaller());
    let refuse = async (): Promise<unknown> => ({
      status: 'Failure',
      errors: [{ errorCode: 'XDSRegistryMetadataError', codeContext: '-', severity: 'Error' }],
    });
    repository.world.instead.set('document-registry', async (transaction, request) => {
      if (transaction === 'ITI-42') return refuse();
      return ask({ id: transaction } as never, 'document-registry', request);
    });
    expect(await retrieved('2.999.8.9')).toMatchObject({ errors: ['XDSRepositoryError'] });
    expect(repository.files('documents')).toHaveLength(1);
    refuse = () => Promise.reject(new PeerFailure('ambiguous', 'gone', { peer: 'registry' }));
    expect(await retrieved('2.999.8.9')).toMatchObject({ errors: ['XDSRepositoryError'] });
    expect(repository.files('documents')).toHaveLength(2);
  });

  it('is not answered while the registry is away', async () => {
    repository.world.instead.set('document-registry', () =>
      Promise.reject(new PeerFailure('transient', 'away', { peer: 'registry' })),
    );
    expect(await retrieved('2.999.8.9')).toMatchObject({ errors: ['XDSRepositoryError'] });
  });

  it('says that there is nothing when it may tell of nothing', async () => {
    await promise('2.999.8.11', { confidentialityCode: [RESTRICTED] });
    expect((await retrieved('2.999.8.11')).text).toContain('登録されている文書はありません。');
  });

  withSchema('is CDA that the schema accepts', async () => {
    await provide('2.999.8.6^ext', {
      classCode: { code: 'with space', codingScheme: 'no oid', displayName: 'x' },
      typeCode: { code: 'T', codingScheme: 'no oid', displayName: 'T' },
    });
    await provide('urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c2', { author: [] });
    const { text } = await retrieved('2.999.8.9');
    expect(text).toContain('<family>試験</family>');
    expect(validateAgainst(CDA_XSD, text)).toEqual([]);
    await promise('2.999.8.12', {
      confidentialityCode: [RESTRICTED],
      sourcePatientInfo: undefined,
    });
    expect(validateAgainst(CDA_XSD, (await retrieved('2.999.8.12')).text)).toEqual([]);
  });
});
