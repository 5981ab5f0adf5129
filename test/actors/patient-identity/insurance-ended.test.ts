import { documentRegistry } from '../../../actors/document-registry/index.ts';
import { DomainTable } from '../../../actors/patient-identity/domains.ts';
import { patientIdentity } from '../../../actors/patient-identity/index.ts';
import { insuranceIdOf } from '../../../actors/patient-identity/insurance-ids.ts';
import { ITI_44, type PatientRegistrationFeed } from '../../../profiles/pix/iti-44.ts';
import { ITI_8 } from '../../../profiles/pix/iti-8.ts';
import { AnIdentityActor, AUTHORITY } from '../../support/an-identity-actor.ts';
import { aPatientId, aPatientIdentityFeed, aPerson } from '../../support/hl7v3-builders.ts';
import { aCaller, WorldOfActors } from '../../support/world-of-actors.ts';

const INSURANCE = '2.999.600.9';
const CARD = { insurer: '06130012', symbol: '123', number: '45', branch: '01' };
const OTHER = { insurer: '39131156', number: '1870871' };
const told = (...memberships: readonly (typeof CARD | typeof OTHER)[]) =>
  memberships.map((one) => ({ id: insuranceIdOf(one) ?? '', assigningAuthority: INSURANCE }));

describe('An insurance that a hospital has told', () => {
  let actor: AnIdentityActor;
  let world: WorldOfActors;

  const charts = { assigningAuthorities: [AUTHORITY.hospital] };
  const hospital = aCaller(charts);
  const withInsurances = aCaller({ assigningAuthorities: [AUTHORITY.hospital, INSURANCE] });
  const feed = async (over: Partial<PatientRegistrationFeed>, caller = hospital) => {
    await world.as(caller)(ITI_44, 'patient-identity', aPatientIdentityFeed(over));
    const record = await actor.identities.look((records) => records.recordOf(aPatientId()));
    return record?.demographics.insurance;
  };

  beforeEach(async () => {
    actor = await AnIdentityActor.open();
    const { community, identities, registry } = actor;
    const authorities = community.assigningAuthorities.map((oid) => ({
      oid,
      kind: oid === AUTHORITY.region ? ('regional-id' as const) : ('chart-number' as const),
    }));
    const domains = new DomainTable([...authorities, { oid: INSURANCE, kind: 'insurance-key' }]);
    world = new WorldOfActors();
    world.add(patientIdentity, { identities, community, domains });
    world.add(documentRegistry, { registry, community });
    expect(await feed({ otherIds: told(CARD) })).toEqual([CARD]);
  });

  afterEach(() => actor.close());

  it('stays where a revise says nothing of insurances', async () => {
    expect(await feed({ kind: 'revise' })).toEqual([CARD]);
  });

  it('gives way to those that a revise lists', async () => {
    expect(await feed({ kind: 'revise', otherIds: told(OTHER) })).toEqual([OTHER]);
  });

  it.each(['add', 'revise'] as const)(
    'has ended where an %s tells their domain without an id',
    async (kind) => {
      expect(await feed({ kind, noneIn: [INSURANCE] })).toEqual([]);
      expect(await feed({ kind: 'revise', otherIds: told(CARD) })).toEqual([CARD]);
    },
  );

  it('stays where another domain is told without an id', async () => {
    expect(await feed({ kind: 'revise', noneIn: [AUTHORITY.clinic] })).toEqual([CARD]);
  });

  it('stays where one is listed beside the word that there is none', async () => {
    expect(await feed({ kind: 'revise', otherIds: told(CARD), noneIn: [INSURANCE] })).toEqual([
      CARD,
    ]);
  });

  it('has ended where a revise of a source that feeds their domain lists none', async () => {
    expect(await feed({ kind: 'add' }, withInsurances)).toEqual([CARD]);
    expect(await feed({ kind: 'revise' }, withInsurances)).toEqual([]);
  });

  it('stays where a v2 message of such a source has no IN1', async () => {
    const request = aPatientIdentityFeed({ kind: 'revise' });
    await world.as(withInsurances)(ITI_8, 'patient-identity', request);
    const record = await actor.identities.look((records) => records.recordOf(aPatientId()));
    expect(record?.demographics.insurance).toEqual([CARD]);
  });

  it('has ended where IN1-3 of a v2 message is null', async () => {
    const demographics = aPerson({ insurance: [] });
    expect(await feed({ kind: 'revise', demographics })).toEqual([]);
  });
});
