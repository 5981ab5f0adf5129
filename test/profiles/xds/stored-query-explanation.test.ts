import type { Slot } from '../../../profiles/formats/ebxml.ts';
import { findFoldersForMultiplePatients } from '../../../profiles/xds/multi-patient-query-builders.ts';
import { findDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import { explainQuery } from '../../../profiles/xds/stored-query-explanation.ts';
import { DOCUMENT_ENTRY_TYPE } from '../../../profiles/xds/vocabulary.ts';
import { SAMPLE_PATIENT as patientId } from '../../support/xds-builders.ts';

const with_ = (...slots: readonly Slot[]) => {
  const query = findDocuments({ patientId });
  return { ...query, slots: [...query.slots, ...slots] };
};
const slot = (name: string, ...values: readonly string[]): Slot => ({ name, values });

describe('The explanation of a query', () => {
  it('tells how each parameter was read, and which defaults apply', () => {
    const { name, transaction, parameters, refusals } = explainQuery(
      with_(slot('$XDSDocumentEntryEventCodeList', " ( 'a^^1' ,'b^^1')")),
    );
    expect([name, transaction, refusals]).toEqual(['FindDocuments', 'ITI-18', []]);
    expect(
      parameters.map(({ name: one, outcome, values }) => [one, outcome, values.length]),
    ).toEqual([
      ['$XDSDocumentEntryPatientId', 'read', 1],
      ['$XDSDocumentEntryStatus', 'read', 1],
      ['$XDSDocumentEntryEventCodeList', 'read', 2],
      ['$XDSDocumentEntryType', 'default', 1],
      ['$MetadataLevel', 'default', 1],
    ]);
    const codes = parameters[2];
    expect(codes?.notes.map(({ en }) => en)).toEqual(['blanks stand around commas or parentheses']);
    expect(codes?.effect.ja).toContain('すべて');
    expect(parameters[3]?.values).toEqual([DOCUMENT_ENTRY_TYPE.Stable]);
  });

  it('tells what was passed over, dropped and refused, and goes on', () => {
    const { parameters, refusals } = explainQuery({
      ...with_(),
      slots: [
        slot('$XDSDocumentEntryPatientId', 'P1'),
        slot('$XDSDocumentEntryStatus', "('urn:x')"),
        slot('$Other', 'x'),
        slot('$XDSDocumentEntryClassCode'),
        slot('$XDSDocumentEntryCreationTimeFrom', '2025'),
      ],
    });
    expect(parameters.slice(0, 5).map(({ outcome }) => outcome)).toEqual([
      'refused',
      'left out',
      'left out',
      'left out',
      'read',
    ]);
    expect(parameters.slice(1, 4).flatMap(({ notes }) => notes.map(({ en }) => en))).toEqual([
      'a status that is not known finds nothing, and is dropped',
      'the query does not know this parameter: it is passed over',
      'it has no value, and counts as not given',
    ]);
    expect(refusals.map(({ code }) => code)).toEqual([
      'XDSRegistryError',
      'XDSStoredQueryMissingParam',
      'XDSStoredQueryMissingParam',
    ]);
  });

  it('finds the transaction of a query for several patients, unless it is told', () => {
    const query = findFoldersForMultiplePatients({ patientIds: [patientId] });
    expect(explainQuery(query)).toMatchObject({ transaction: 'ITI-51', refusals: [] });
    const wrong = explainQuery(query, { transaction: 'ITI-18' });
    expect(wrong.name).toBeUndefined();
    expect(wrong.refusals.map(({ code }) => code)).toEqual(['XDSUnknownStoredQuery']);
  });

  it('reads leniently where it is asked to', () => {
    const query = with_(slot('$XDSDocumentEntryClassCode', "'a^name^1'"));
    expect(explainQuery(query).refusals).toHaveLength(1);
    const { parameters, refusals } = explainQuery(query, { reading: 'lenient' });
    expect(refusals).toEqual([]);
    expect(parameters[2]).toMatchObject({ outcome: 'read', values: ['a^^1'] });
    expect(parameters[2]?.notes).toHaveLength(2);
  });

  it('tells what every kind of parameter asks', () => {
    const { parameters } = explainQuery(
      with_(
        slot('$XDSDocumentEntryAuthorPerson', "('%a%')"),
        slot('$XDSDocumentEntryCreationTimeTo', '2025'),
        slot('$XDSDocumentEntryServiceStopTimeFrom', '2025'),
        slot('$XDSDocumentEntryFormatCode', "('a^^1','b^^1')"),
        slot('$MetadataLevel', '2'),
      ),
    );
    expect(parameters.slice(2, 7).map(({ effect }) => effect.en)).toEqual([
      'any value fits one of these patterns (% any characters, _ one)',
      'before this time; not asked of On-Demand entries',
      'at this time or later; entries without the attribute are found, too',
      'it is one of these',
      '1 shows the latest versions alone, 2 shows all',
    ]);
  });
});
