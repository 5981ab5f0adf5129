import { CATALOGUE } from '../../../profiles/catalogue.ts';
import { NO_PARTS } from '../../../profiles/formats/mtom.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import { XDS_ERROR_CODES } from '../../../profiles/xds/error-codes.ts';
import { ITI_57 } from '../../../profiles/xds/iti-57.ts';
import { ITI_62 } from '../../../profiles/xds/iti-62.ts';
import { ITI_86 } from '../../../profiles/xds/iti-86.ts';
import { communitiesOfUpdate, ITI_92 } from '../../../profiles/xds/iti-92.ts';
import { errorOf } from '../../../profiles/xds/registry-response.ts';
import { NS } from '../../../profiles/xds/vocabulary.ts';
import { SAMPLE_PATIENT } from '../../support/xds-builders.ts';
import { anUpdate, REGISTERED } from '../../support/xds-update-builders.ts';
import { openedXml, overTheWire, refused } from '../../support/xds-wire.ts';

describe('An update', () => {
  it('is audited as export and import with the action U, with the patient and the SubmissionSet', () => {
    const exchange = { side: 'answerer', request: anUpdate() } as const;
    for (const { audit } of [ITI_57, ITI_92]) {
      expect(audit.event).toEqual({ asker: 'Export', answerer: 'Import' });
      expect([audit.action(exchange), audit.action({ side: 'asker' })]).toEqual(['U', 'U']);
      expect(audit.objects(exchange)).toEqual([
        { kind: 'patient', patientId: SAMPLE_PATIENT },
        { kind: 'submission-set', uniqueId: '2.999.9.1.1' },
      ]);
    }
  });

  it('names the communities that are meant, each once', () => {
    expect(communitiesOfUpdate(anUpdate())).toEqual([]);
    const homeCommunityId = 'urn:oid:2.999.1';
    expect(communitiesOfUpdate(anUpdate({ homeCommunityId }, { homeCommunityId }))).toEqual([
      homeCommunityId,
    ]);
  });
});

describe('A removal', () => {
  const request = { objectRefs: [{ id: REGISTERED }] };

  it('is audited as a deletion, with one object for each that was to go', () => {
    const objects = ITI_62.audit.objects({ side: 'asker', request });
    expect(objects).toEqual([{ kind: 'object-ref', id: REGISTERED }]);
    expect(ITI_62.audit.action({ side: 'asker' })).toBe('D');
    expect(ITI_62.audit.event.answerer).toBe('Patient Record');
    expect(ITI_62.audit.objects({ side: 'asker' })).toEqual([]);
    const documents = [{ repositoryUniqueId: '2.999.7.1', documentUniqueId: '2.999.8' }];
    expect(ITI_86.audit.objects({ side: 'answerer', request: { documents } })).toEqual([
      {
        kind: 'document',
        uniqueId: '2.999.8',
        repositoryUniqueId: '2.999.7.1',
        isErased: true,
      },
    ]);
  });

  it('counts an id that stands twice once', () => {
    const twice = { objectRefs: [...request.objectRefs, ...request.objectRefs] };
    expect(overTheWire(ITI_62, twice)).toEqual(request);
  });

  it.each([
    ['an empty list', '<rim:ObjectRefList/>', 'empty'],
    ['no list', '', 'one ObjectRefList'],
    ['an AdhocQuery', '<rim:AdhocQuery id="a"/>', 'one ObjectRefList'],
    [
      'an AdhocQuery beside the list',
      '<rim:ObjectRefList><rim:ObjectRef id="a"/></rim:ObjectRefList><rim:AdhocQuery id="a"/>',
      'one ObjectRefList',
    ],
    ['something else', '<rim:ObjectRefList><rim:Slot id="a"/></rim:ObjectRefList>', 'ObjectRefs'],
    ['an ObjectRef without id', '<rim:ObjectRefList><rim:ObjectRef/></rim:ObjectRefList>', 'id'],
  ])('is refused for %s', (_what, xml, named) => {
    const body = `<lcm:RemoveObjectsRequest xmlns:lcm="${NS.lcm}" xmlns:rim="${NS.rim}">${xml}</lcm:RemoveObjectsRequest>`;
    const [refusal] = refused(() => ITI_62.request.decode(openedXml(body), NO_PARTS));
    expect(refusal?.code).toBe('XDSRegistryError');
    expect(refusal?.context).toContain(named);
  });

  it('is refused for a deletionScope', () => {
    const { xml } = ITI_62.request.encode(request);
    const scoped = xml.replace('><rim:', ' deletionScope="x"><rim:');
    const [refusal] = refused(() => ITI_62.request.decode(openedXml(scoped), NO_PARTS));
    expect(refusal?.context).toContain('deletionScope');
  });

  it('of documents is refused where it names none', () => {
    const body = `<rmd:RemoveDocumentsRequest xmlns:rmd="${NS.rmd}"/>`;
    const [refusal] = refused(() => ITI_86.request.decode(openedXml(body), NO_PARTS));
    expect(refusal?.code).toBe('XDSRepositoryError');
  });
});

describe('A refused update', () => {
  it('names the object in its codeContext, once', () => {
    const contextOf = (context: string) =>
      errorOf(new Refusal('XDSMetadataUpdateError', context, { location: 'Document01' }))
        .codeContext;
    expect(contextOf('it is Deprecated')).toBe('Document01: it is Deprecated');
    expect(contextOf('Document01 is Deprecated')).toBe('Document01 is Deprecated');
  });
});

describe('The table of error codes', () => {
  it('names transactions of the catalogue', () => {
    const ids = CATALOGUE.map(({ id }) => id);
    for (const [code, row] of Object.entries(XDS_ERROR_CODES)) {
      expect([code, row.in.filter((id) => !ids.includes(id))]).toEqual([code, []]);
    }
  });
});
