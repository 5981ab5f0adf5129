import type { Caller } from '../../../actors/actor.ts';
import type {
  Correlation,
  CorrelationStore,
} from '../../../actors/initiating-gateway/correlation-store.ts';
import type {
  Retrieval,
  RetrievalOutcome,
  RetrievalQueue,
} from '../../../actors/initiating-gateway/retrieval.ts';
import type { InitiatingGatewayStores } from '../../../actors/initiating-gateway/stores.ts';
import { samePatientId, type PatientId } from '../../../profiles/patient.ts';
import type { DiscoveredPatient, PatientDiscoveryResponse } from '../../../profiles/xcpd/iti-55.ts';
import {
  type Answers,
  COMMUNITY,
  DEMOGRAPHICS,
  found,
  KAGAWA,
  OKAYAMA,
} from '../responding-gateway/world.ts';

/** 試験 太郎 as the others know him. */
export const TARO_IN_OKAYAMA: PatientId = { id: 'OKAYAMA-9', assigningAuthority: '2.999.392.33.3' };
export const TARO_IN_KAGAWA: PatientId = { id: 'KAGAWA-5', assigningAuthority: '2.999.392.37.3' };

/** A hospital system of Shimane. */
export const HOSPITAL: Partial<Caller> = {
  name: 'shimane-hospital',
  kinds: ['system'],
  institution: '3210000001',
  homeCommunityIds: [],
};

/** Correlations in memory, for one test. */
export class RememberedCorrelations implements CorrelationStore {
  readonly kept: Correlation[] = [];

  async find(patientId: PatientId, now: Date): Promise<readonly Correlation[]> {
    return this.kept.filter(
      (one) => samePatientId(one.patientId, patientId) && one.expiresAt.getTime() > now.getTime(),
    );
  }

  async keep(correlation: Correlation): Promise<void> {
    this.kept.push(correlation);
  }

  async forget(patientId: PatientId, homeCommunityId?: string): Promise<void> {
    const left = this.kept.filter(
      (one) =>
        !samePatientId(one.patientId, patientId) ||
        (homeCommunityId !== undefined && one.homeCommunityId !== homeCommunityId),
    );
    this.kept.splice(0, this.kept.length, ...left);
  }
}

/** A queue whose retrievals end as the test says. */
export class ToldRetrievals implements RetrievalQueue {
  readonly submitted: Retrieval[] = [];
  outcomes: Record<string, RetrievalOutcome> = {};

  async submit(retrievals: readonly Retrieval[]) {
    this.submitted.push(...retrievals);
    return retrievals.map((retrieval) => ({
      retrieval,
      outcome: this.outcomes[retrieval.documentUniqueId] ?? ({ kind: 'pending' } as const),
    }));
  }

  async list() {
    return [];
  }
}

/** Shimane's gateway with its partners Okayama and Kagawa. */
export function aGateway(
  overrides: Partial<InitiatingGatewayStores> = {},
): InitiatingGatewayStores {
  return {
    community: COMMUNITY,
    communities: () => [
      { homeCommunityId: OKAYAMA, homeCommunityIds: [OKAYAMA] },
      { homeCommunityId: KAGAWA, homeCommunityIds: [KAGAWA] },
    ],
    correlations: new RememberedCorrelations(),
    retrievals: new ToldRetrievals(),
    fanOutDeadlineMs: 5_000,
    retrievalDeadlineMs: 5_000,
    retrievalLongestMs: 10_000,
    ...overrides,
  };
}

/** A match that another community tells of. */
export function aDiscovered(id: PatientId, homeCommunityId: string): DiscoveredPatient {
  return {
    id,
    otherIds: [],
    demographics: DEMOGRAPHICS,
    homeCommunityId,
    supportsHealthDataLocator: false,
    degree: 100,
  };
}

/** The answer to ITI-55. */
export function discovered(
  matches: readonly DiscoveredPatient[],
  rest: Partial<PatientDiscoveryResponse> = {},
): PatientDiscoveryResponse {
  return {
    acknowledgement: 'AA',
    queryResponseCode: matches.length > 0 ? 'OK' : 'NF',
    matches,
    requestedDemographics: [],
    details: [],
    ...rest,
  };
}

/** Our own actors know the patient and have nothing of hers; both partners do not know her. */
export const ALONE: Answers = {
  'ITI-18 document-registry': () => found(),
  'ITI-47 patient-identity': () => ({
    acknowledgement: 'AA',
    queryResponseCode: 'OK',
    matches: [
      {
        ids: [],
        otherIds: [],
        demographics: DEMOGRAPHICS,
        degree: 100,
        custodian: '2.999.392.32.1',
      },
    ],
    details: [],
  }),
  [`ITI-55 ${OKAYAMA}`]: () => discovered([]),
  [`ITI-55 ${KAGAWA}`]: () => discovered([]),
};
