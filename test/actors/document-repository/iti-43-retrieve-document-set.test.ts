import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { PeerFailure, type Permission } from '../../../actors/actor.ts';
import { getDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../../profiles/xds/vocabulary.ts';
import { OTHER_PATIENT } from '../../support/a-registry.ts';
import { ARepository } from '../../support/a-repository.ts';
import { textOf } from '../../support/documents.ts';
import { anAssociation } from '../../support/xds-builders.ts';

const REPOSITORY = '2.999.7.1';
const RESTRICTED = {
  code: 'R',
  codingScheme: '2.16.840.1.113883.5.25',
  displayName: 'restricted',
};

/** Whoever sees no restricted document. */
const NURSE: Permission = {
  shows: ({ confidentialityCode = [] }) => !confidentialityCode.some(({ code }) => code === 'R'),
};

describe('ITI-43 Retrieve Document Set, as the Document Repository answers it', () => {
  let repository: ARepository;

  /** What came: each document's text, and each error's code with its location. */
  const retrieved = async (wanted: readonly string[], permission?: Permission) => {
    const { status, documents, errors } = await repository.retrieve(wanted, permission);
    return {
      status,
      texts: await Promise.all(documents.map(({ content }) => textOf(content))),
      errors: errors.map(({ errorCode, location }) => `${errorCode} ${location}`),
    };
  };

  beforeEach(async () => {
    repository = await ARepository.open();
    await repository.provide(['one', 'two'], {
      documentEntries: [
        { uniqueId: 'doc.1', mimeType: 'application/pdf' },
        { uniqueId: 'doc.2^x', confidentialityCode: [RESTRICTED] },
      ],
    });
  });

  afterEach(() => repository.close());

  it('gives the octets, and echoes the ids as they were asked for', async () => {
    const wanted = [
      {
        homeCommunityId: 'urn:oid:2.999.1',
        repositoryUniqueId: REPOSITORY,
        documentUniqueId: 'doc.1',
      },
      { repositoryUniqueId: REPOSITORY, documentUniqueId: 'doc.2^x' },
    ];
    const { status, documents, errors } = await repository.retrieve(wanted);
    expect([status, errors]).toEqual(['Success', []]);
    expect(documents).toMatchObject([
      { ...wanted[0], mimeType: 'application/pdf' },
      wanted[1] ?? {},
    ]);
    expect(documents[1]).not.toHaveProperty('homeCommunityId');
    expect(await retrieved(['doc.1', 'doc.2^x'])).toMatchObject({ texts: ['one', 'two'] });
  });

  it('knows its documents by their size and hash, and opens them as often as is wanted', async () => {
    const { documents } = await repository.retrieve(['doc.1']);
    const [document] = documents;
    if (!document) throw new Error('no document');
    expect(document.content).toMatchObject({
      sizeBytes: 3,
      sha1: 'fe05bcdcdc4928012781a5f1a2a77cbb5398e106',
    });
    expect(await textOf(document.content)).toBe('one');
    expect(await textOf(document.content)).toBe('one');
  });

  it('answers what it has and says what it has not', async () => {
    expect(await retrieved(['doc.1', 'doc.9'])).toEqual({
      status: 'PartialSuccess',
      texts: ['one'],
      errors: ['XDSDocumentUniqueIdError doc.9'],
    });
    expect(await retrieved(['doc.9'])).toMatchObject({ status: 'Failure', texts: [] });
  });

  it('refuses a document of another repository', async () => {
    const { status, errors } = await repository.retrieve([
      { repositoryUniqueId: '2.999.7.2', documentUniqueId: 'doc.1' },
    ]);
    expect(status).toBe('Failure');
    expect(errors).toMatchObject([{ errorCode: 'XDSUnknownRepositoryId', location: 'doc.1' }]);
  });

  it('still gives a document that has been replaced', async () => {
    const { objects } = await repository.registry.ask(getDocuments({ uniqueId: ['doc.1'] }));
    await repository.provide(['new'], {
      submissionSet: { uniqueId: '2.999.9.5' },
      documentEntries: [{ uniqueId: 'doc.3' }],
      associations: [
        anAssociation({
          sourceObject: 'Document01',
          targetObject: objects[0]?.id ?? '',
          associationType: ASSOCIATION_TYPE.RPLC,
        }),
      ],
    });
    expect(await retrieved(['doc.1'])).toMatchObject({ status: 'Success', texts: ['one'] });
  });

  it('answers a hidden document exactly like an absent one', async () => {
    const seen = await repository.retrieve(['doc.2^x'], NURSE);
    const absent = await repository.retrieve(['doc.9'], NURSE);
    expect(JSON.stringify(seen).replaceAll('doc.2^x', 'doc.9')).toBe(JSON.stringify(absent));
    expect(await retrieved(['doc.1', 'doc.2^x'], NURSE)).toMatchObject({ texts: ['one'] });
  });

  it('hides a document when one of several entries that describe it is hidden', async () => {
    await repository.provide(['one'], {
      submissionSet: { uniqueId: '2.999.9.5' },
      documentEntries: [{ uniqueId: 'doc.1', confidentialityCode: [RESTRICTED] }],
    });
    expect(await retrieved(['doc.1'], NURSE)).toMatchObject({ status: 'Failure' });
    expect(await retrieved(['doc.1'])).toMatchObject({ status: 'Success' });
  });

  it('gives documents of several patients at once', async () => {
    await repository.provide(['three'], {
      submissionSet: { uniqueId: '2.999.9.5', patientId: OTHER_PATIENT },
      documentEntries: [{ uniqueId: 'doc.3' }],
    });
    expect(await retrieved(['doc.1', 'doc.3'])).toMatchObject({
      status: 'Success',
      texts: ['one', 'three'],
    });
    const denied: Permission = { shows: ({ patientId }) => patientId?.id !== OTHER_PATIENT.id };
    expect(await retrieved(['doc.1', 'doc.3'], denied)).toMatchObject({
      status: 'PartialSuccess',
      texts: ['one'],
    });
  });

  it('does not give octets that no entry describes', async () => {
    repository.world.instead.set('document-registry', () =>
      Promise.reject(new PeerFailure('ambiguous', 'cut off', { peer: 'document-registry' })),
    );
    await repository
      .provide(['lost'], {
        submissionSet: { uniqueId: '2.999.9.5' },
        documentEntries: [{ uniqueId: 'doc.3' }],
      })
      .catch(() => {});
    repository.world.instead.clear();
    expect(await retrieved(['doc.3'])).toEqual({
      status: 'Failure',
      texts: [],
      errors: ['XDSDocumentUniqueIdError doc.3'],
    });
  });

  it.each([
    ['is away', () => Promise.reject(new PeerFailure('transient', 'no', { peer: 'registry' }))],
    ['says Failure', async () => ({ status: 'Failure', errors: [], objects: [], objectRefs: [] })],
  ])('gives nothing while the registry %s', async (_what, instead) => {
    repository.world.instead.set('document-registry', instead);
    expect(await retrieved(['doc.1', 'doc.9'])).toEqual({
      status: 'Failure',
      texts: [],
      errors: ['XDSRepositoryError doc.1', 'XDSRepositoryError doc.9'],
    });
  });

  it('says that a document is damaged instead of giving half of it', async () => {
    const folder = join(repository.folder, 'documents');
    const files = readdirSync(folder, { recursive: true, withFileTypes: true });
    for (const { name, parentPath } of files.filter((one) => one.isFile())) {
      truncateSync(join(parentPath, name), 2);
    }
    expect(await retrieved(['doc.1'])).toEqual({
      status: 'Failure',
      texts: [],
      errors: ['XDSRepositoryError doc.1'],
    });
    // Whoever may not see a document does not hear that it is damaged.
    expect(await retrieved(['doc.2^x'], NURSE)).toMatchObject({
      errors: ['XDSDocumentUniqueIdError doc.2^x'],
    });
  });
});
