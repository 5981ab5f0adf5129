import type { Slot } from '../../../profiles/formats/ebxml.ts';
import { XDS_ERROR_CODES } from '../../../profiles/xds/error-codes.ts';
import {
  judgeSubmission,
  METADATA_RULES,
  refusalsOfSubmission,
} from '../../../profiles/xds/metadata-rules.ts';
import { CLASSIFICATION } from '../../../profiles/xds/vocabulary.ts';
import { aSubmission, type SubmissionParts } from '../../support/xds-builders.ts';

const judged = (parts: SubmissionParts) =>
  judgeSubmission(aSubmission(parts).objects, { column: 'XDS DR' });
const brief = (parts: SubmissionParts) =>
  judged(parts)
    .filter(({ outcome }) => outcome !== 'pass')
    .map(({ rule, outcome, objectId, found }) => [rule.name, outcome, objectId, found?.en]);

describe('The table of rules', () => {
  it('has a name, a section and a text in both languages for every rule', () => {
    const names = METADATA_RULES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(150);
    for (const { name, section, text, columns } of METADATA_RULES) {
      expect([name, /^(?:ITI TF-[123]: |XDS Metadata Update)/.test(section)]).toEqual([name, true]);
      expect([name, text.en.endsWith('.'), text.ja.endsWith('。')]).toEqual([name, true, true]);
      expect([name, columns?.length === 0]).toEqual([name, false]);
    }
  });

  it('refuses with codes that the table of error codes has', () => {
    const codes = METADATA_RULES.flatMap(({ code }) =>
      typeof code === 'function' ? [code('MU'), code('RMU')] : [code],
    ).map((code) => (/^(?:Metadata|Duplicate)/.test(code) ? `XDSRegistry${code}` : code));
    expect(Object.keys(XDS_ERROR_CODES)).toEqual(expect.arrayContaining(codes));
  });
});

describe('A judgement', () => {
  it('lists every rule that was asked, and its outcome', () => {
    const verdicts = judged({});
    expect(verdicts.filter(({ outcome }) => outcome === 'failure')).toEqual([]);
    expect(verdicts).toContainEqual(
      expect.objectContaining({
        rule: expect.objectContaining({ name: 'DocumentEntry.creationTime/required' }),
        outcome: 'pass',
        objectId: 'Document01',
      }),
    );
    const asked = verdicts.map(({ rule }) => rule.name);
    expect(asked).not.toContain('DocumentEntry.creationTime/prohibited');
    expect(asked).not.toContain('update.logicalID');
  });

  it('warns of what is required if known, and does not refuse it', () => {
    const parts = { documentEntries: [{ author: [] }] };
    expect(brief(parts)).toEqual([
      [
        'DocumentEntry.serviceStartTime/required if known',
        'warning',
        'Document01',
        'serviceStartTime is missing',
      ],
      [
        'DocumentEntry.serviceStopTime/required if known',
        'warning',
        'Document01',
        'serviceStopTime is missing',
      ],
      ['DocumentEntry.author/required if known', 'warning', 'Document01', 'author is missing'],
    ]);
    expect(refusalsOfSubmission(aSubmission(parts).objects, { column: 'XDS DR' })).toEqual([]);
  });

  it('carries the refusal of each failure, and the fault in Japanese', () => {
    const [failure, ...more] = judged({ documentEntries: [{ size: undefined }] }).filter(
      ({ outcome }) => outcome === 'failure',
    );
    expect(more).toEqual([]);
    expect(failure).toMatchObject({
      rule: { name: 'DocumentEntry.size/required', attribute: 'size', check: 'required' },
      found: { en: 'size is missing', ja: 'size がありません' },
      refusal: { code: 'XDSRegistryMetadataError', location: 'Document01' },
    });
  });

  it('names the object at fault where the submission as a whole is judged', () => {
    const documentEntries = [{}, { uniqueId: '2.999.8.1.1' }];
    const doubled = judged({ documentEntries }).find(
      ({ rule, outcome }) => rule.name === 'Submission.uniqueId/once' && outcome === 'failure',
    );
    expect(doubled?.objectId).toBe('Document02');
  });

  it('asks of limited metadata what the column for it asks', () => {
    const { objects } = aSubmission({
      documentEntries: [
        { limitedMetadata: true, creationTime: undefined, sourcePatientId: undefined },
      ],
      submissionSet: { limitedMetadata: true },
    });
    expect(refusalsOfSubmission(objects, { column: 'XDR MS', by: 'Repository' })).toEqual([]);
    const { objects: full } = aSubmission();
    expect(
      refusalsOfSubmission(full, { column: 'XDR MS', by: 'Repository' }).map(
        ({ code, context }) => `${code}: ${context}`,
      ),
    ).toEqual([
      'XDSRepositoryMetadataError: limitedMetadata is missing',
      'XDSRepositoryMetadataError: limitedMetadata is missing',
    ]);
  });
});

describe('The Classification of an author', () => {
  const bent = (how: { nodeRepresentation?: string | undefined; slots?: [] | [Slot] }) =>
    aSubmission().objects.map((object) => ({
      ...object,
      classifications: object.classifications.map((one) =>
        one.classificationScheme === CLASSIFICATION.DocumentEntry.author
          ? { ...one, ...how, slots: [...one.slots, ...(how.slots ?? [])] }
          : one,
      ),
    }));
  const found = (objects: ReturnType<typeof bent>) =>
    judgeSubmission(objects, { column: 'XDS DR' })
      .filter(({ rule, outcome }) => rule.name.includes('.author/') && outcome !== 'pass')
      .map(({ rule, outcome, objectId }) => `${rule.name} ${outcome} ${objectId}`);

  it('has an empty nodeRepresentation; one that is left out is warned of', () => {
    expect(found(bent({ nodeRepresentation: 'DOC' }))).toEqual([
      'DocumentEntry.author/no code failure Document01',
    ]);
    expect(found(bent({ nodeRepresentation: undefined }))).toEqual([
      'DocumentEntry.author/nodeRepresentation warning Document01',
    ]);
    expect(found(bent({}))).toEqual([]);
  });

  it('has no codingScheme', () => {
    const slots: [Slot] = [{ name: 'codingScheme', values: ['2.999.5'] }];
    expect(found(bent({ slots }))).toEqual(['DocumentEntry.author/no code failure Document01']);
  });
});

describe('sourcePatientInfo', () => {
  it.each([
    [['PID-7|19700101', 'PID-7|1970'], 'sourcePatientInfo gives PID-7 more than once'],
    [['PID-4|x'], 'sourcePatientInfo holds PID-4'],
  ])('%j is refused', (sourcePatientInfo, fault) => {
    expect(
      refusalsOfSubmission(aSubmission({ documentEntries: [{ sourcePatientInfo }] }).objects, {
        column: 'XDS DR',
      }).map(({ context }) => context),
    ).toEqual([fault]);
  });
});

describe('referenceIdList', () => {
  it.each([
    ['A1^^^&2.999&ISO^urn:ihe:iti:xds:2013:accession', true],
    ['A1^^^hospital^urn:ihe:iti:xds:2013:order', true],
    ['A1^^^hospital&2.999&ISO^local', true],
    ['1.2.3^^^^urn:ihe:iti:xds:2016:studyInstanceUID', true],
    ['A1^^^^local^urn:oid:2.999', true],
    ['1.2.3^^^&2.999&ISO^urn:ihe:iti:xds:2016:studyInstanceUID', false],
    ['A1^x^^&2.999&ISO^local', false],
    ['A1^^^&2.999&DNS^local', false],
    ['A1^^^&2.999&ISO', false],
    ['^^^&2.999&ISO^local', false],
    ['A1^^^^local^urn:oid:2.999^more', false],
  ])('%s is a CXi: %s', (value, sound) => {
    const { objects } = aSubmission({ documentEntries: [{ referenceIdList: [value] }] });
    expect(refusalsOfSubmission(objects, { column: 'XDS DR' })).toHaveLength(sound ? 0 : 1);
  });
});
