import { mergePatients, unlinkPatients } from '../../actors/patient-identity/steward.ts';
import { MisfiledDocuments } from '../../gateway/misfiled-documents.ts';
import type { PatientUse } from '../../gateway/identity-operation.ts';
import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { AnIdentityActor, AUTHORITY } from '../support/an-identity-actor.ts';
import { aPerson } from '../support/hl7v3-builders.ts';
import { aRegistration, freshOid, octets } from '../support/region-documents.ts';
import { aCaller } from '../support/world-of-actors.ts';

const atHospital = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.hospital });
const atClinic = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.clinic });
const inRegion = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.region });

describe('Documents that a source files with a regional id from before a parting', () => {
  let actor: AnIdentityActor;

  const file = async (chart: PatientId, under: string) => {
    const request = aRegistration({
      patientId: inRegion(under),
      documents: [
        { bytes: octets('one'), uniqueId: freshOid(), entry: { sourcePatientId: encodeCX(chart) } },
      ],
    });
    const own = actor.world.as(aCaller({ kinds: ['own'] }));
    return await own(ITI_42, 'document-registry', request);
  };
  let recorded: PatientUse[] = [];
  const documents = () =>
    new MisfiledDocuments({
      database: actor.database,
      identities: actor.identities,
      record: async (use) => void recorded.push(use),
    });
  const find = () => documents().find(0);

  beforeEach(async () => {
    actor = await AnIdentityActor.open();
    await actor.feed(atHospital('H1'));
    await actor.feed(atClinic('C1'));
  });

  afterEach(() => actor.close());

  it('are taken (sourcePatientId is not held against the feed, ITI TF-3: 4.2.3.2.23), and shown to a steward', async () => {
    const stale = (await actor.regionalIdOf(atClinic('C1'))) ?? '';
    await file(atClinic('C1'), stale);
    expect(await find()).toEqual({ misfiled: [] });
    await unlinkPatients(
      [atHospital('H1'), atClinic('C1')],
      { by: '担当' },
      {
        stores: { identities: actor.identities, community: actor.community },
        world: actor.world.seenBy(aCaller({ kinds: ['own'] })),
      },
    );
    // What was filed before went with its chart number.
    expect(await find()).toEqual({ misfiled: [] });
    const own = (await actor.regionalIdOf(atClinic('C1'))) ?? '';
    expect(own).not.toBe(stale);
    expect(await file(atClinic('C1'), stale)).toMatchObject({ status: 'Success' });
    expect(await find()).toEqual({
      misfiled: [
        {
          entryUUID: expect.stringMatching(/^urn:uuid:/),
          sourcePatientId: encodeCX(atClinic('C1')),
          filedUnder: encodeCX(inRegion(stale)),
          belongsTo: encodeCX(inRegion(own)),
        },
      ],
    });
  });

  it('are recorded as seen by whom, and whose they are, before they are shown', async () => {
    recorded = [];
    await actor.feed(atHospital('H2'));
    const other = (await actor.regionalIdOf(atHospital('H2'))) ?? '';
    await file(atClinic('C1'), other);
    const shown = await documents().commands['patient.misfiled']?.({ by: '担当 一郎' });
    expect(shown).toMatchObject({ misfiled: [{ filedUnder: encodeCX(inRegion(other)) }] });
    const own = (await actor.regionalIdOf(atClinic('C1'))) ?? '';
    const patients = [atClinic('C1'), inRegion(other), inRegion(own)];
    expect(recorded).toEqual([{ deed: 'misfiled', by: '担当 一郎', action: 'R', patients }]);
  });

  it('are told of by a chart number that was given up, too', async () => {
    const steward = { by: '担当' };
    const stewarding = {
      stores: { identities: actor.identities, community: actor.community },
      world: actor.world.seenBy(aCaller({ kinds: ['own'] })),
    };
    const birth = { demographics: aPerson({ birthTime: '19580202' }) };
    await actor.feed(atHospital('H2'), birth);
    const other = (await actor.regionalIdOf(atHospital('H1'))) ?? '';
    await actor.feed(atHospital('H3'), { demographics: aPerson({ birthTime: '19600303' }) });
    const ids = { surviving: atHospital('H3'), subsumed: atHospital('H2') };
    await mergePatients(ids, steward, stewarding);
    await file(atHospital('H2'), other);
    const belongsTo = encodeCX(inRegion((await actor.regionalIdOf(atHospital('H3'))) ?? ''));
    expect(await find()).toMatchObject({ misfiled: [{ belongsTo }] });
  });

  it('are not told of where the chart number is nobody’s here', async () => {
    const regional = (await actor.regionalIdOf(atHospital('H1'))) ?? '';
    await file(atClinic('unknown'), regional);
    expect(await find()).toEqual({ misfiled: [] });
  });
});
