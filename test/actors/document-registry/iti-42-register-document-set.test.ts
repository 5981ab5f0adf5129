import { affinityDomainOf } from '../../../profiles/xds/affinity-domain.ts';
import type { SubmitObjectsRequest } from '../../../profiles/xds/iti-42.ts';
import { documentEntryOf, slotValues } from '../../../profiles/xds/metadata-xml.ts';
import { objectOfText } from '../../../profiles/xds/registry-object-text.ts';
import {
  findDocuments,
  findFolders,
  getAll,
  getAssociations,
  getDocuments,
  getFolderAndContents,
} from '../../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../../profiles/xds/vocabulary.ts';
import { ARegistry, OTHER_PATIENT, refusalsMet, refusedAs } from '../../support/a-registry.ts';
import { aCaller } from '../../support/world-of-actors.ts';
import {
  anAssociation,
  aSubmission,
  SAMPLE_PATIENT,
  type SubmissionParts,
} from '../../support/xds-builders.ts';

const UUID = /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const everyStatus = ['Approved', 'Deprecated'] as const;
const all = (patientId = SAMPLE_PATIENT) => findDocuments({ patientId, status: [...everyStatus] });

describe('ITI-42 Register Document Set-b, as the Document Registry answers it', () => {
  let registry: ARegistry;
  let count = 0;

  /** A submission with uniqueIds of its own. */
  const another = (parts: SubmissionParts = {}): SubmitObjectsRequest => {
    count += 1;
    return aSubmission({
      ...parts,
      submissionSet: { uniqueId: `2.999.9.7.${count}`, ...parts.submissionSet },
      documentEntries: parts.documentEntries?.map((entry, index) => ({
        uniqueId: `2.999.8.7.${count}.${index + 1}`,
        ...entry,
      })) ?? [{ uniqueId: `2.999.8.7.${count}` }],
    });
  };
  const idOf = async (uniqueId: string) => {
    const { objects } = await registry.ask(getDocuments({ uniqueId: [uniqueId] }));
    return objects.at(-1)?.id ?? 'nothing';
  };
  const replacing = (target: string) => [
    anAssociation({
      entryUUID: 'replacement',
      sourceObject: 'Document01',
      targetObject: target,
      associationType: ASSOCIATION_TYPE.RPLC,
    }),
  ];

  beforeEach(async () => {
    registry = await ARegistry.open();
  });

  afterEach(() => registry.close());

  it('registers a submission, gives every symbolic id a UUID, and returns what was sent', async () => {
    const submission = aSubmission({
      documentEntries: [{ extraMetadata: [{ name: 'urn:example:shelf', values: ['A', 'B'] }] }],
      folders: [{}],
    });
    expect(await registry.register(submission)).toEqual({ status: 'Success', errors: [] });

    const { objects } = await registry.ask(getAll({ patientId: SAMPLE_PATIENT }));
    expect(objects).toHaveLength(submission.objects.length);
    const ids = new Set(objects.map(({ id }) => id));
    for (const object of objects) {
      expect(object.id).toMatch(UUID);
      expect(object.lid).toBe(object.id);
      expect(object.status).toMatch(/:Approved$/);
      if (object.element === 'Association') {
        expect(ids).toContain(object.sourceObject);
        expect(ids).toContain(object.targetObject);
      }
      const whole = objectOfText(object);
      for (const part of whole.classifications) {
        expect(part.id).toMatch(UUID);
        expect(part.classifiedObject).toBe(object.id);
      }
      for (const part of whole.externalIdentifiers) {
        expect(part.id).toMatch(UUID);
        expect(part.registryObject).toBe(object.id);
      }
      expect(JSON.stringify(whole)).not.toContain('Document01');
    }
    const text = objects.find(({ kind }) => kind === 'DocumentEntry');
    const entry = text && objectOfText(text);
    if (entry?.element !== 'ExtrinsicObject') throw new Error('no DocumentEntry');
    expect(documentEntryOf(entry)).toMatchObject({
      title: '診療情報提供書',
      uniqueId: '2.999.8.1.1',
      patientId: SAMPLE_PATIENT,
      extraMetadata: [{ name: 'urn:example:shelf', values: ['A', 'B'] }],
    });
  });

  it('keeps a UUID that the sender assigned', async () => {
    const entryUUID = 'urn:uuid:5b1e0000-0000-4000-8000-000000000001';
    await registry.register(aSubmission({ documentEntries: [{ entryUUID }] }));
    expect(await idOf('2.999.8.1.1')).toBe(entryUUID);
    expect(await registry.refusalCodes(another({ documentEntries: [{ entryUUID }] }))).toEqual([
      'XDSRegistryMetadataError',
    ]);
  });

  it('refuses a patient whom no feed has made known', async () => {
    const patientId = { id: 'P-9', assigningAuthority: '2.999.3.7' };
    expect(await registry.refusalCodes(another({ submissionSet: { patientId } }))).toEqual([
      'XDSUnknownPatientId',
    ]);
    expect(await registry.everything()).toEqual([]);
  });

  it('tells all that is wrong with the metadata at once', async () => {
    const codes = await registry.refusalCodes(
      another({ documentEntries: [{ languageCode: '', hash: 'no hash' }] }),
    );
    expect(codes.length).toBeGreaterThanOrEqual(2);
    expect(new Set(codes)).toEqual(new Set(['XDSRegistryMetadataError']));
  });

  it('refuses objects of two patients in one submission', async () => {
    expect(
      await registry.refusalCodes(another({ documentEntries: [{ patientId: OTHER_PATIENT }] })),
    ).toEqual(['XDSPatientIdDoesNotMatch']);
  });

  it('tells whose patientId does not match, as far as its sender has said it', async () => {
    await registry.register(aSubmission({ submissionSet: { patientId: OTHER_PATIENT } }));
    const theirs = await idOf('2.999.8.1.1');
    const contexts = async (parts: SubmissionParts) => {
      const met = await refusalsMet(registry.register(another(parts)));
      return met.map(({ code, context }) => `${code}: ${context}`);
    };
    expect(await contexts({ documentEntries: [{ patientId: OTHER_PATIENT }] })).toEqual([
      'XDSPatientIdDoesNotMatch: P-0002^^^&2.999.3.7&ISO: the patientId of this DocumentEntry is not that of the SubmissionSet',
    ]);
    const [told] = await contexts({ associations: replacing(theirs) });
    expect(told).toMatch(/^XDSPatientIdDoesNotMatch: P-0001\^\^\^&2\.999\.3\.7&ISO: /);
    expect(told).not.toContain('P-0002');
  });

  it('refuses a uniqueId that stands twice in the message', async () => {
    const uniqueId = '2.999.8.5';
    expect(
      await registry.refusalCodes(another({ documentEntries: [{ uniqueId }, { uniqueId }] })),
    ).toEqual(['XDSRegistryDuplicateUniqueIdInMessage']);
  });

  it('refuses the uniqueId of a SubmissionSet or a Folder that any object uses', async () => {
    await registry.register(aSubmission({ folders: [{}] }));
    expect(
      await registry.refusalCodes(
        another({
          submissionSet: { uniqueId: '2.999.9.1.2' },
          folders: [{ uniqueId: '2.999.9.1.1' }],
        }),
      ),
    ).toEqual(['XDSDuplicateUniqueIdInRegistry', 'XDSDuplicateUniqueIdInRegistry']);
  });

  it('takes a DocumentEntry of a known uniqueId again when hash and size are the same', async () => {
    const uniqueId = '2.999.8.5';
    const hash = '94a9a1a55698771e22383fd6f52001cdcaf5ce29';
    await registry.register(another({ documentEntries: [{ uniqueId, hash }] }));
    await registry.register(another({ documentEntries: [{ uniqueId, hash: hash.toUpperCase() }] }));
    expect(await registry.found(all())).toEqual([uniqueId, uniqueId]);
  });

  it('refuses a DocumentEntry of a known uniqueId with another hash or size', async () => {
    const uniqueId = '2.999.8.5';
    await registry.register(another({ documentEntries: [{ uniqueId }] }));
    expect(
      await registry.refusalCodes(
        another({ documentEntries: [{ uniqueId, hash: '0'.repeat(40) }] }),
      ),
    ).toEqual(['XDSNonIdenticalHash']);
    expect(
      await registry.refusalCodes(another({ documentEntries: [{ uniqueId, size: 11 }] })),
    ).toEqual(['XDSNonIdenticalSize']);
  });

  it('deprecates the document that is replaced', async () => {
    await registry.register(aSubmission());
    const old = await idOf('2.999.8.1.1');
    await registry.register(
      another({ documentEntries: [{ uniqueId: '2.999.8.2' }], associations: replacing(old) }),
    );
    const patientId = SAMPLE_PATIENT;
    expect(await registry.found(findDocuments({ patientId }))).toEqual(['2.999.8.2']);
    expect(await registry.found(findDocuments({ patientId, status: ['Deprecated'] }))).toEqual([
      '2.999.8.1.1',
    ]);
  });

  it('refuses to replace what is Deprecated, unknown, or of another patient', async () => {
    await registry.register(aSubmission());
    const old = await idOf('2.999.8.1.1');
    await registry.register(another({ associations: replacing(old) }));
    expect(await registry.refusalCodes(another({ associations: replacing(old) }))).toEqual([
      'XDSRegistryDeprecatedDocumentError',
    ]);
    const nothing = 'urn:uuid:00000000-0000-4000-8000-000000000000';
    expect(await registry.refusalCodes(another({ associations: replacing(nothing) }))).toEqual([
      'UnresolvedReferenceException',
    ]);
    await registry.register(
      another({
        submissionSet: { patientId: OTHER_PATIENT },
        documentEntries: [{ uniqueId: '2.999.8.3' }],
      }),
    );
    const others = await idOf('2.999.8.3');
    expect(await registry.refusalCodes(another({ associations: replacing(others) }))).toEqual([
      'XDSPatientIdDoesNotMatch',
    ]);
  });

  // ITI TF-3: 4.2.2.1.1 to 4.2.2.1.4: Folders and filings are members of the SubmissionSet that they came with.
  it('takes a DocumentEntry as a member by reference, and nothing else that is registered', async () => {
    await registry.register(aSubmission({ folders: [{}] }));
    const [folder] = (await registry.ask(findFolders({ patientId: SAMPLE_PATIENT }))).objects;
    const sourceObject = folder?.id ?? '';
    const document = await idOf('2.999.8.1.1');
    const { objects } = await registry.ask(getAssociations({ uuid: [document] }));
    const filing = objects.find((one) => one.sourceObject === sourceObject)?.id ?? '';
    const refer = (targetObject: string) =>
      refusedAs(
        registry.register(
          aSubmission({
            submissionSet: { uniqueId: '2.999.9.5' },
            documentEntries: [],
            associations: [
              anAssociation({
                entryUUID: 'reference',
                sourceObject: 'SubmissionSet01',
                targetObject,
                submissionSetStatus: 'Reference',
              }),
            ],
          }),
        ),
      );
    expect(await refer(sourceObject)).toEqual(['XDSRegistryMetadataError reference']);
    expect(await refer(filing)).toEqual(['XDSRegistryMetadataError reference']);
    expect(await refer(document)).toEqual([]);
  });

  it('names the object of each fault in the location', async () => {
    const told = (parts: SubmissionParts) => refusedAs(registry.register(another(parts)));
    expect(await told({ documentEntries: [{ patientId: OTHER_PATIENT }] })).toEqual([
      'XDSPatientIdDoesNotMatch Document01',
    ]);
    const uniqueId = '2.999.8.4';
    expect(await told({ documentEntries: [{ uniqueId }, { uniqueId }] })).toEqual([
      'XDSRegistryDuplicateUniqueIdInMessage Document02',
    ]);
    const nothing = 'urn:uuid:00000000-0000-4000-8000-000000000000';
    expect(await told({ associations: replacing(nothing) })).toEqual([
      'UnresolvedReferenceException replacement',
    ]);
    await registry.register(another({ submissionSet: { patientId: OTHER_PATIENT } }));
    const [others] = (await registry.ask(findDocuments({ patientId: OTHER_PATIENT }))).objects;
    expect(await told({ associations: replacing(others?.id ?? '') })).toEqual([
      'XDSPatientIdDoesNotMatch replacement',
    ]);
    const patientId = { id: 'nobody', assigningAuthority: '2.999.3.7' };
    const unknown = await told({ submissionSet: { patientId } });
    expect(unknown).toHaveLength(1);
    expect(unknown[0]).toMatch(/^XDSUnknownPatientId (?:Document01|SubmissionSet01)$/);
  });

  it('refuses to replace what is no document', async () => {
    await registry.register(aSubmission({ folders: [{}] }));
    const { objects } = await registry.ask(findFolders({ patientId: SAMPLE_PATIENT }));
    expect(
      await registry.refusalCodes(another({ associations: replacing(objects[0]?.id ?? '') })),
    ).toEqual(['XDSRegistryMetadataError']);
  });

  it('carries a replaced document’s Folders over to the new one, and dates them anew', async () => {
    await registry.register(aSubmission({ folders: [{ lastUpdateTime: '19990101000000' }] }));
    const folder = async () => {
      const { objects } = await registry.ask(findFolders({ patientId: SAMPLE_PATIENT }));
      const [text] = objects;
      if (!text) throw new Error('no Folder');
      return { id: text.id, lastUpdateTime: slotValues(objectOfText(text), 'lastUpdateTime') };
    };
    expect((await folder()).lastUpdateTime).toEqual(['20300401091500']);
    registry.world.now = new Date('2030-04-02T10:00:00Z');
    await registry.register(
      another({
        documentEntries: [{ uniqueId: '2.999.8.2' }],
        associations: replacing(await idOf('2.999.8.1.1')),
      }),
    );
    const { id, lastUpdateTime } = await folder();
    expect(lastUpdateTime).toEqual(['20300402100000']);
    expect(await registry.found(getFolderAndContents({ entryUUID: id }))).toEqual([
      '2.999.9.1.2',
      '2.999.8.1.1',
      '2.999.8.2',
      '2.999.9.1.2 HasMember 2.999.8.1.1',
      '2.999.9.1.2 HasMember 2.999.8.2',
    ]);
  });

  it('puts a document that replaces several of one Folder there once', async () => {
    await registry.register(
      aSubmission({ documentEntries: [{}, { uniqueId: '2.999.8.1.2' }], folders: [{}] }),
    );
    const first = await idOf('2.999.8.1.1');
    await registry.register(
      another({
        documentEntries: [{ uniqueId: '2.999.8.2' }],
        associations: [
          ...replacing(first),
          anAssociation({
            entryUUID: 'second replacement',
            sourceObject: 'Document01',
            targetObject: await idOf('2.999.8.1.2'),
            associationType: ASSOCIATION_TYPE.RPLC,
          }),
        ],
      }),
    );
    const found = await registry.found(getFolderAndContents({ uniqueId: '2.999.9.1.2' }));
    expect(found.filter((one) => one.endsWith('HasMember 2.999.8.2'))).toHaveLength(1);
  });

  it('puts a registered document into a registered Folder, and dates the Folder', async () => {
    await registry.register(aSubmission({ folders: [{}], filed: false }));
    const document = await idOf('2.999.8.1.1');
    const [folder] = (await registry.ask(findFolders({ patientId: SAMPLE_PATIENT }))).objects;
    registry.world.now = new Date('2030-04-02T10:00:00Z');
    const filing = { entryUUID: 'filing', sourceObject: folder?.id ?? '', targetObject: document };
    const associations = [
      anAssociation(filing),
      anAssociation({ sourceObject: 'SubmissionSet01', targetObject: 'filing' }),
    ];
    await registry.register(
      aSubmission({ submissionSet: { uniqueId: '2.999.9.8' }, documentEntries: [], associations }),
    );
    const [after] = (
      await registry.ask(
        findFolders({ patientId: SAMPLE_PATIENT, lastUpdateTimeFrom: '20300402100000' }),
      )
    ).objects;
    expect(after?.id).toBe(folder?.id);
    expect(await registry.found(getFolderAndContents({ uniqueId: '2.999.9.1.2' }))).toEqual([
      '2.999.9.1.2',
      '2.999.8.1.1',
      '2.999.9.1.2 HasMember 2.999.8.1.1',
    ]);
  });

  it('refuses to file another patient’s document, or a Deprecated one', async () => {
    await registry.register(aSubmission({ folders: [{}], filed: false }));
    const [folder] = (await registry.ask(findFolders({ patientId: SAMPLE_PATIENT }))).objects;
    const filed = (document: string) =>
      aSubmission({
        submissionSet: { uniqueId: '2.999.9.8' },
        documentEntries: [],
        associations: [
          anAssociation({
            entryUUID: 'filing',
            sourceObject: folder?.id ?? '',
            targetObject: document,
          }),
          anAssociation({ sourceObject: 'SubmissionSet01', targetObject: 'filing' }),
        ],
      });
    await registry.register(
      another({
        submissionSet: { patientId: OTHER_PATIENT },
        documentEntries: [{ uniqueId: '2.999.8.3' }],
      }),
    );
    expect(await registry.refusalCodes(filed(await idOf('2.999.8.3')))).toEqual([
      'XDSPatientIdDoesNotMatch',
    ]);
    const old = await idOf('2.999.8.1.1');
    await registry.register(another({ associations: replacing(old) }));
    expect(await registry.refusalCodes(filed(old))).toEqual(['XDSRegistryDeprecatedDocumentError']);
  });

  it('stores nothing of a submission that is refused for one of its objects', async () => {
    await registry.register(aSubmission());
    const before = await registry.everything();
    expect(
      await registry.refusalCodes(
        another({
          documentEntries: [{ uniqueId: '2.999.8.6' }, { uniqueId: '2.999.8.1.1', size: 1 }],
          folders: [{}],
        }),
      ),
    ).toEqual(['XDSNonIdenticalSize']);
    expect(await registry.everything()).toEqual(before);
  });

  it('takes one of two submissions that race for one Folder uniqueId', async () => {
    const racing = [another({ folders: [{}] }), another({ folders: [{}] })];
    const outcomes = await Promise.all(racing.map((one) => registry.refusalCodes(one)));
    expect(outcomes).toContainEqual([]);
    expect(outcomes).toContainEqual(['XDSDuplicateUniqueIdInRegistry']);
  });

  it('refuses a sourceId that the directory does not give to the caller', async () => {
    const caller = aCaller({ sourceIds: ['2.999.9.2'] });
    expect(await registry.refusalCodes(another(), caller)).toEqual(['XDSRegistryMetadataError']);
    const entitled = aCaller({ sourceIds: ['2.999.9.1'] });
    expect(await registry.refusalCodes(another(), entitled)).toEqual([]);
  });

  describe('relationships', () => {
    const related = (type: keyof typeof ASSOCIATION_TYPE, target: string) => [
      anAssociation({
        entryUUID: 'relation',
        associationType: ASSOCIATION_TYPE[type],
        sourceObject: 'Document01',
        targetObject: target,
      }),
    ];
    const add = (uniqueId: string, type: keyof typeof ASSOCIATION_TYPE, target: string) =>
      registry.register(
        another({ documentEntries: [{ uniqueId }], associations: related(type, target) }),
      );
    const approved = () => registry.found(findDocuments({ patientId: SAMPLE_PATIENT }));

    beforeEach(() => registry.register(aSubmission()));

    it('leaves what is transformed, appended to or signed Approved', async () => {
      const original = await idOf('2.999.8.1.1');
      await add('transformed', 'XFRM', original);
      await add('appended', 'APND', original);
      await add('signature', 'signs', original);
      expect(await approved()).toEqual(['2.999.8.1.1', 'transformed', 'appended', 'signature']);
    });

    it('deprecates with a replaced document all that was made of it, however far', async () => {
      const original = await idOf('2.999.8.1.1');
      await add('transformed', 'XFRM', original);
      await add('appended', 'APND', original);
      await add('appended to that', 'APND', await idOf('appended'));
      await add('signature', 'signs', original);
      await add('new', 'XFRM_RPLC', original);
      expect(await approved()).toEqual(['signature', 'new']);
    });

    it('refuses to append to a transformation, and takes an addendum to a replacement by one', async () => {
      await add('transformed', 'XFRM', await idOf('2.999.8.1.1'));
      const target = await idOf('transformed');
      const refused = registry.register(another({ associations: related('APND', target) }));
      expect(await refusedAs(refused)).toEqual(['XDSRegistryMetadataError relation']);
      await add('replaced', 'XFRM_RPLC', target);
      const appended = another({ associations: related('APND', await idOf('replaced')) });
      expect(await registry.refusalCodes(appended)).toEqual([]);
    });

    it('refuses every relationship to what is Deprecated', async () => {
      const original = await idOf('2.999.8.1.1');
      await add('new', 'RPLC', original);
      for (const type of ['RPLC', 'XFRM', 'APND', 'XFRM_RPLC', 'signs'] as const) {
        const refused = registry.register(another({ associations: related(type, original) }));
        expect(await refusedAs(refused)).toEqual(['XDSRegistryDeprecatedDocumentError relation']);
      }
    });
  });

  describe('a message that is sent again', () => {
    it('is told what it was told, and registers nothing twice', async () => {
      registry.world.message = { id: 'urn:uuid:1', bodyHash: '00a1' };
      const submission = aSubmission({ folders: [{}] });
      const answer = await registry.register(submission);
      const before = await registry.everything();
      expect(await registry.register(submission)).toEqual(answer);
      expect(await registry.everything()).toEqual(before);
    });

    it('is a new one under a new MessageID, from another caller, with another body or a day later', async () => {
      registry.world.message = { id: 'urn:uuid:1', bodyHash: '00a1' };
      const submission = aSubmission();
      await registry.register(submission);
      const again = () => registry.refusalCodes(submission);
      const other = aCaller({ name: 'clinic' });
      expect(await registry.refusalCodes(submission, other)).toEqual([
        'XDSDuplicateUniqueIdInRegistry',
      ]);
      registry.world.message = { id: 'urn:uuid:2', bodyHash: '00a1' };
      expect(await again()).toEqual(['XDSDuplicateUniqueIdInRegistry']);
      registry.world.message = { id: 'urn:uuid:1', bodyHash: '00a2' };
      expect(await again()).toEqual(['XDSDuplicateUniqueIdInRegistry']);
      registry.world.message = { id: 'urn:uuid:1', bodyHash: '00a1' };
      expect(await again()).toEqual([]);
      registry.world.now = new Date('2030-04-02T09:15:00Z');
      expect(await again()).toEqual(['XDSDuplicateUniqueIdInRegistry']);
    });

    it('is judged anew when it was refused', async () => {
      registry.world.message = { id: 'urn:uuid:1', bodyHash: '00a1' };
      const patientId = { id: 'P-9', assigningAuthority: '2.999.3.7' };
      const submission = aSubmission({ submissionSet: { patientId } });
      expect(await registry.refusalCodes(submission)).toEqual(['XDSUnknownPatientId']);
      await registry.store.change((writer) => writer.addPatient(patientId));
      expect(await registry.refusalCodes(submission)).toEqual([]);
    });
  });

  it('refuses codes that the affinity domain does not know, naming the nearest, and takes them where it may', async () => {
    const codes = { classCode: [{ code: '57133-2', codingScheme: '2.16.840.1.113883.6.1' }] };
    for (const [unknown, refused] of [
      ['refuse', ['XDSRegistryMetadataError Document01']],
      ['accept', []],
    ] as const) {
      const strict = await ARegistry.open(undefined, affinityDomainOf({ codes }, unknown));
      expect(await refusedAs(strict.register(aSubmission()))).toEqual(refused);
      await strict.close();
    }
  });

  it('tells what is wrong with the message and what the registry holds against it in one answer', async () => {
    await registry.register(aSubmission());
    const refused = registry.register(
      aSubmission({
        submissionSet: { patientId: { id: 'P-9', assigningAuthority: '2.999.3.7' } },
        documentEntries: [{ languageCode: '', hash: '0'.repeat(40), size: 11 }],
      }),
    );
    expect(new Set(await refusedAs(refused))).toEqual(
      new Set([
        'XDSRegistryMetadataError Document01',
        'XDSUnknownPatientId Document01',
        'XDSNonIdenticalHash Document01',
        'XDSNonIdenticalSize Document01',
        'XDSDuplicateUniqueIdInRegistry SubmissionSet01',
      ]),
    );
  });
});
