import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import type { AdhocQueryRequest, AdhocQueryResponse } from '../../profiles/xds/stored-queries.ts';
import type { SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import type { Caller, Permission } from '../../actors/actor.ts';
import { documentRegistry } from '../../actors/document-registry/index.ts';
import type { ResultLimits } from '../../actors/document-registry/stores.ts';
import type { Database } from '../../gateway/stores/database.ts';
import { SqlRegistryStore } from '../../gateway/stores/sql-registry-store.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { type Refusal, refusalsOf } from '../../profiles/refusal.ts';
import type { AffinityDomain } from '../../profiles/xds/affinity-domain.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { ITI_57 } from '../../profiles/xds/iti-57.ts';
import { ITI_61 } from '../../profiles/xds/iti-61.ts';
import { ITI_62 } from '../../profiles/xds/iti-62.ts';
import { ITI_92 } from '../../profiles/xds/iti-92.ts';
import { aTransmission } from './hl7v3-builders.ts';
import { emptyDatabase } from './databases.ts';
import { aCaller, SAMPLE_COMMUNITY, SHOWN, WorldOfActors } from './world-of-actors.ts';
import { SAMPLE_PATIENT } from './xds-builders.ts';

/** A second patient of the sample affinity domain. */
export const OTHER_PATIENT = { id: 'P-0002', assigningAuthority: '2.999.3.7' } as const;

/** A Document Registry over a database in memory that knows two patients. */
export class ARegistry {
  readonly world = new WorldOfActors();
  readonly database: Database;
  readonly store: SqlRegistryStore;

  private constructor(database: Database, limits?: ResultLimits, affinityDomain?: AffinityDomain) {
    this.database = database;
    this.store = new SqlRegistryStore(database);
    this.world.add(documentRegistry, {
      registry: this.store,
      community: SAMPLE_COMMUNITY,
      affinityDomain,
      limits,
    });
  }

  static async open(limits?: ResultLimits, affinityDomain?: AffinityDomain): Promise<ARegistry> {
    const registry = new ARegistry(await emptyDatabase(), limits, affinityDomain);
    await registry.store.change(async (writer) => {
      await writer.addPatient(SAMPLE_PATIENT);
      await writer.addPatient(OTHER_PATIENT);
    });
    return registry;
  }

  register(submission: SubmitObjectsRequest, caller: Caller = aCaller()) {
    return this.world.as(caller)(ITI_42, 'document-registry', submission);
  }

  /** ITI-61. */
  registerOnDemand(submission: SubmitObjectsRequest) {
    return this.world.as(aCaller())(ITI_61, 'document-registry', submission);
  }

  /** ITI-57. */
  update(request: SubmitObjectsRequest) {
    return this.world.as(aCaller())(ITI_57, 'document-registry', request);
  }

  /** ITI-92. */
  restrictedUpdate(request: SubmitObjectsRequest) {
    return this.world.as(aCaller())(ITI_92, 'document-registry', request);
  }

  /** ITI-62. */
  remove(...ids: readonly string[]) {
    const objectRefs = ids.map((id) => ({ id }));
    return this.world.as(aCaller())(ITI_62, 'document-registry', { objectRefs });
  }

  /** ITI-44, from a source that feeds the affinity domain. */
  merge(subsumed: PatientId, surviving: PatientId) {
    const caller = aCaller({ assigningAuthorities: [SAMPLE_COMMUNITY.affinityDomain] });
    const custodian = SAMPLE_COMMUNITY.device;
    const transmission = aTransmission();
    return this.world.as(caller)(ITI_44, 'document-registry', {
      kind: 'merge',
      subsumed,
      surviving,
      names: [],
      transmission,
      custodian,
    });
  }

  /** The codes of all that is refused; empty when the submission was taken. */
  async refusalCodes(submission: SubmitObjectsRequest, caller?: Caller): Promise<string[]> {
    return (await refusalsMet(this.register(submission, caller))).map(({ code }) => code);
  }

  ask(query: AdhocQueryRequest, permission: Permission = SHOWN): Promise<AdhocQueryResponse> {
    return this.world.as(aCaller(), permission)(ITI_18, 'document-registry', query);
  }

  /** What a query finds, each object told by its uniqueId or, for an Association, by its type and ends. */
  async found(query: AdhocQueryRequest, permission?: Permission): Promise<string[]> {
    const { objects } = await this.ask(query, permission);
    const names = new Map((await this.everything()).map((object) => [object.id, nameOf(object)]));
    return objects.map((object) =>
      object.element === 'Association'
        ? `${names.get(object.sourceObject ?? '')} ${shortType(object)} ${names.get(object.targetObject ?? '')}`
        : nameOf(object),
    );
  }

  /** All objects that are stored, in the order of submission. */
  everything(): Promise<readonly RegistryObjectText[]> {
    return this.store.look(async (reader) => {
      const found: RegistryObjectText[] = [];
      for (const patientId of [SAMPLE_PATIENT, OTHER_PATIENT]) {
        for (const kind of ['DocumentEntry', 'SubmissionSet', 'Folder'] as const) {
          found.push(...(await reader.find({ kind, patientId }, 100_000)));
        }
      }
      const either = found.map(({ id }) => id);
      return [...found, ...(await reader.associationsOf({ either }, 100_000))];
    });
  }

  async close(): Promise<void> {
    await this.database.close();
  }
}

/** All that is refused; empty when it was done. */
export async function refusalsMet(work: Promise<unknown>): Promise<readonly Refusal[]> {
  try {
    await work;
    return [];
  } catch (error) {
    const refusals = refusalsOf(error);
    if (!refusals) throw error;
    return refusals;
  }
}

/** `code location` of all that is refused. */
export async function refusedAs(work: Promise<unknown>): Promise<string[]> {
  return (await refusalsMet(work)).map(({ code, location }) => `${code} ${location}`);
}

function nameOf({ element, uniqueId, associationType }: RegistryObjectText): string {
  return element === 'Association' ? `(${associationType?.split(':').at(-1)})` : (uniqueId ?? '?');
}

function shortType({ associationType = '' }: RegistryObjectText): string {
  return associationType.split(':').at(-1) ?? '';
}
