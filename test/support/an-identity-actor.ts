import type { Caller, Permission } from '../../actors/actor.ts';
import { documentRegistry } from '../../actors/document-registry/index.ts';
import { patientIdentity } from '../../actors/patient-identity/index.ts';
import type { Matcher } from '../../actors/patient-identity/matcher.ts';
import type { Database } from '../../gateway/stores/database.ts';
import { SqlIdentityStore } from '../../gateway/stores/sql-identity-store.ts';
import { SqlRegistryStore } from '../../gateway/stores/sql-registry-store.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { type DemographicsQuery, ITI_47 } from '../../profiles/pdq/iti-47.ts';
import { ITI_44, type PatientRegistrationFeed } from '../../profiles/pix/iti-44.ts';
import { ITI_45, type PixQuery } from '../../profiles/pix/iti-45.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import { emptyDatabase } from './databases.ts';
import {
  aDemographicsQuery,
  aPatientId,
  aPatientIdentityFeed,
  aPixQuery,
  SAMPLE_OIDS,
} from './hl7v3-builders.ts';
import { aCaller, SAMPLE_COMMUNITY, SHOWN, WorldOfActors } from './world-of-actors.ts';

/** The affinity domain and two hospitals. */
export const AUTHORITY = {
  region: SAMPLE_COMMUNITY.affinityDomain,
  hospital: SAMPLE_OIDS.hospitalPatients,
  clinic: '2.999.3.8',
} as const;

/** Patient Identity and a Document Registry over one database in memory. */
export class AnIdentityActor {
  readonly world = new WorldOfActors();
  readonly database: Database;
  readonly identities: SqlIdentityStore;
  readonly registry: SqlRegistryStore;
  readonly community = SAMPLE_COMMUNITY;

  private constructor(database: Database, matcher?: Matcher) {
    this.database = database;
    this.identities = new SqlIdentityStore(database);
    this.registry = new SqlRegistryStore(database);
    const { community, identities, registry } = this;
    this.world.add(patientIdentity, {
      identities,
      community,
      ...(matcher === undefined ? {} : { matcher }),
    });
    this.world.add(documentRegistry, { registry, community });
  }

  static async open(matcher?: Matcher): Promise<AnIdentityActor> {
    return new AnIdentityActor(await emptyDatabase(), matcher);
  }

  /** A system that may feed everything that is known here. */
  get everybody(): Caller {
    return aCaller({ assigningAuthorities: this.community.assigningAuthorities });
  }

  /** Feeds a patient under one id; the record's provider organisation is the id's authority. */
  feed(
    id: PatientId = aPatientId(),
    over: Partial<PatientRegistrationFeed> = {},
    caller: Caller = this.everybody,
  ) {
    const providerOrganization = { id: id.assigningAuthority };
    const request = aPatientIdentityFeed({ ids: [id], providerOrganization, ...over });
    return this.world.as(caller)(ITI_44, 'patient-identity', request);
  }

  pix(over: Partial<PixQuery>, permission: Permission = SHOWN) {
    const query = aPixQuery({ dataSources: [], ...over });
    return this.world.as(aCaller(), permission)(ITI_45, 'patient-identity', query);
  }

  pdq(over: Partial<DemographicsQuery>, permission: Permission = SHOWN) {
    const query = aDemographicsQuery(over);
    return this.world.as(aCaller(), permission)(ITI_47, 'patient-identity', query);
  }

  /** The regional id behind an id. */
  async regionalIdOf(patientIdentifier: PatientId): Promise<string | undefined> {
    const { ids } = await this.pix({ patientIdentifier, dataSources: [AUTHORITY.region] });
    return ids[0]?.id;
  }

  async close(): Promise<void> {
    await this.database.close();
  }
}

/** Code and location of each refusal; empty when nothing was refused. */
export async function refusalsIn(asked: Promise<unknown>) {
  try {
    await asked;
    return [];
  } catch (error) {
    const refusals = refusalsOf(error);
    if (!refusals) throw error;
    return refusals.map(({ code, location }) => (location ? { code, location } : { code }));
  }
}
