import type { PatientId } from '../../../profiles/patient.ts';
import { ITI_44, PLACES_OF_MERGE } from '../../../profiles/pix/iti-44.ts';
import { objectOfText } from '../../../profiles/xds/registry-object-text.ts';
import { findDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../../profiles/xds/vocabulary.ts';
import { ARegistry, OTHER_PATIENT, refusedAs } from '../../support/a-registry.ts';
import { refusalsIn } from '../../support/an-identity-actor.ts';
import { aPatientIdentityFeed } from '../../support/hl7v3-builders.ts';
import { aCaller } from '../../support/world-of-actors.ts';
import { anAssociation, aSubmission, SAMPLE_PATIENT } from '../../support/xds-builders.ts';

describe('ITI-44 Patient Identity Feed HL7 V3, as the Document Registry answers it', () => {
  const regional = { id: 'R-1', assigningAuthority: '2.999.3.7' };
  const chart = { id: '1', assigningAuthority: '2.999.3.8' };
  let registry: ARegistry;

  const feed = (ids: PatientId[], caller = aCaller({ kinds: ['own'] })) =>
    registry.world.as(caller)(ITI_44, 'document-registry', aPatientIdentityFeed({ ids }));
  const knows = (id: PatientId) => registry.store.look((reader) => reader.knows(id));

  beforeEach(async () => {
    registry = await ARegistry.open();
  });

  afterEach(() => registry.close());

  it('makes a patient of the affinity domain known, as often as she is fed', async () => {
    expect(await knows(regional)).toBe(false);
    expect(await feed([regional])).toEqual({ code: 'CA', details: [] });
    expect(await feed([regional])).toEqual({ code: 'CA', details: [] });
    expect(await knows(regional)).toBe(true);
  });

  it('keeps no id of another domain', async () => {
    await feed([chart, regional]);
    expect(await knows(chart)).toBe(false);
    expect(await refusalsIn(feed([chart]))).toEqual([{ code: '204' }]);
  });

  it('refuses a caller who does not feed the affinity domain', async () => {
    const clinic = aCaller({ assigningAuthorities: ['2.999.3.8'] });
    expect(await refusalsIn(feed([regional], clinic))).toEqual([{ code: '204' }]);
    const source = aCaller({ assigningAuthorities: ['2.999.3.7'] });
    expect(await refusalsIn(feed([regional], source))).toEqual([]);
  });

  describe('merging', () => {
    const third = { id: 'P-0003', assigningAuthority: '2.999.3.7' } as const;
    const documents = (patientId: PatientId) =>
      registry.ask(findDocuments({ patientId })).then(({ objects }) => objects);

    beforeEach(async () => {
      await registry.store.change((writer) => writer.addPatient(third));
      await registry.register(aSubmission());
    });

    it('shows the documents of the whole chain under the surviving id, and none under the others', async () => {
      await registry.merge(SAMPLE_PATIENT, OTHER_PATIENT);
      await registry.merge(OTHER_PATIENT, third);
      const [document] = await documents(third);
      expect(document?.patientId).toEqual(third);
      expect(
        document && objectOfText(document).externalIdentifiers.map(({ value }) => value),
      ).toContain('P-0003^^^&2.999.3.7&ISO');
      expect(await documents(SAMPLE_PATIENT)).toEqual([]);
      expect(await documents(OTHER_PATIENT)).toEqual([]);
    });

    it('refuses a submission for the subsumed id, and lets the surviving one replace its documents', async () => {
      await registry.merge(SAMPLE_PATIENT, OTHER_PATIENT);
      const mine = aSubmission({ submissionSet: { uniqueId: '2.999.9.1.7' } });
      expect(await refusedAs(registry.register(mine))).toEqual(['XDSUnknownPatientId Document01']);
      const [old] = await documents(OTHER_PATIENT);
      const replacing = aSubmission({
        submissionSet: { uniqueId: '2.999.9.1.7', patientId: OTHER_PATIENT },
        documentEntries: [{ uniqueId: 'new' }],
        associations: [
          anAssociation({
            associationType: ASSOCIATION_TYPE.RPLC,
            sourceObject: 'Document01',
            targetObject: old?.id ?? '',
          }),
        ],
      });
      expect(await registry.refusalCodes(replacing)).toEqual([]);
    });

    it('refuses ids that are unknown, equal, were subsumed before, or are of another domain', async () => {
      const nobody = { id: 'P-0009', assigningAuthority: '2.999.3.7' };
      const { surviving, subsumed } = PLACES_OF_MERGE;
      expect(await refusedAs(registry.merge(nobody, third))).toEqual([`204 ${subsumed}`]);
      expect(await refusedAs(registry.merge(third, nobody))).toEqual([`204 ${surviving}`]);
      await registry.merge(SAMPLE_PATIENT, OTHER_PATIENT);
      expect(await refusedAs(registry.merge(SAMPLE_PATIENT, third))).toEqual([`204 ${subsumed}`]);
      expect(await refusedAs(registry.merge(third, SAMPLE_PATIENT))).toEqual([`204 ${surviving}`]);
      expect(await refusedAs(registry.merge(third, third))).toEqual([`204 ${subsumed}`]);
      expect(await knows(third)).toBe(true);
      const stranger = { ...chart, id: '2' };
      expect(await refusedAs(registry.merge(chart, stranger))).toEqual(['204 undefined']);
    });

    it('keeps a subsumed patient subsumed when she is fed again', async () => {
      await registry.merge(SAMPLE_PATIENT, OTHER_PATIENT);
      await feed([SAMPLE_PATIENT]);
      expect(await knows(SAMPLE_PATIENT)).toBe(false);
    });

    it('accepts the same message again, and refuses the same merge in a new one', async () => {
      registry.world.message = { id: 'urn:uuid:1', bodyHash: 'a1' };
      await registry.merge(SAMPLE_PATIENT, OTHER_PATIENT);
      expect(await registry.merge(SAMPLE_PATIENT, OTHER_PATIENT)).toMatchObject({ code: 'CA' });
      registry.world.message = { id: 'urn:uuid:2', bodyHash: 'a1' };
      expect(await refusedAs(registry.merge(SAMPLE_PATIENT, OTHER_PATIENT))).toEqual([
        `204 ${PLACES_OF_MERGE.subsumed}`,
      ]);
    });
  });
});
