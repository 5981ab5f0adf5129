import type { Transmission } from '../../profiles/formats/hl7v3.ts';
import type { Demographics, PatientId, PersonName } from '../../profiles/patient.ts';
import type {
  DemographicsMatch,
  DemographicsQuery,
  DemographicsQueryResponse,
} from '../../profiles/pdq/iti-47.ts';
import type { PatientMergeFeed, PatientRegistrationFeed } from '../../profiles/pix/iti-44.ts';
import type { PixQuery, PixQueryResponse } from '../../profiles/pix/iti-45.ts';
import type {
  DiscoveredPatient,
  PatientDiscovery,
  PatientDiscoveryResponse,
} from '../../profiles/xcpd/iti-55.ts';

/** Invented OIDs of the sample world: a hospital in one region, a gateway in another. */
export const SAMPLE_OIDS = {
  hospital: '2.999.1.10',
  hospitalPatients: '2.999.1.10.1',
  affinityDomain: '2.999.1.1',
  identityDevice: '2.999.1.2',
  community: '2.999.1',
  otherCommunity: '2.999.2',
  otherGateway: '2.999.2.2',
  otherAffinityDomain: '2.999.2.1',
} as const;

/** 試験 太郎 in kanji, kana and romaji, as one person's three names. */
export const SHIKEN_TARO: readonly PersonName[] = [
  { family: '試験', given: ['太郎'], representation: 'IDE', use: 'L' },
  { family: 'シケン', given: ['タロウ'], representation: 'SYL', use: 'L' },
  { family: 'SHIKEN', given: ['TARO'], representation: 'ABC', use: 'L' },
];

/** An invented man, born on 1 January 1970. */
export function aPerson(over: Partial<Demographics> = {}): Demographics {
  return {
    names: SHIKEN_TARO,
    administrativeGender: 'M',
    birthTime: '19700101',
    addresses: [
      {
        streetAddressLine: ['試験町1-2-3'],
        city: '松江市',
        state: '島根県',
        postalCode: '690-0000',
        country: 'JPN',
        use: 'H',
      },
    ],
    telecoms: [{ value: 'tel:+81-852-00-0000', use: 'HP' }],
    ...over,
  };
}

/** A chart number of the sample hospital. */
export function aPatientId(over: Partial<PatientId> = {}): PatientId {
  return { id: '0001234', assigningAuthority: SAMPLE_OIDS.hospitalPatients, ...over };
}

/** A wrapper from the hospital to the identity actor. */
export function aTransmission(over: Partial<Transmission> = {}): Transmission {
  return {
    messageId: { root: '0a1b2c3d-0000-4000-8000-000000000001' },
    creationTime: '20300401091500',
    sender: { device: SAMPLE_OIDS.hospital, organization: SAMPLE_OIDS.hospital },
    receiver: { device: SAMPLE_OIDS.identityDevice, organization: SAMPLE_OIDS.community },
    ...over,
  };
}

/** ITI-44: the hospital adds 試験 太郎. */
export function aPatientIdentityFeed(
  over: Partial<PatientRegistrationFeed> = {},
): PatientRegistrationFeed {
  return {
    kind: 'add',
    transmission: aTransmission(),
    ids: [aPatientId()],
    otherIds: [],
    demographics: aPerson(),
    providerOrganization: { id: SAMPLE_OIDS.hospitalPatients, name: '試験病院' },
    custodian: SAMPLE_OIDS.hospital,
    ...over,
  };
}

/** ITI-44: the hospital gives up the chart number 0009999 for 0001234. */
export function aPatientMerge(over: Partial<PatientMergeFeed> = {}): PatientMergeFeed {
  return {
    kind: 'merge',
    transmission: aTransmission(),
    surviving: aPatientId(),
    subsumed: aPatientId({ id: '0009999' }),
    names: aPerson().names,
    providerOrganization: { id: SAMPLE_OIDS.hospitalPatients, name: '試験病院' },
    custodian: SAMPLE_OIDS.hospital,
    ...over,
  };
}

/** ITI-45: which id has the chart number 0001234 in the affinity domain? */
export function aPixQuery(over: Partial<PixQuery> = {}): PixQuery {
  return {
    transmission: aTransmission(),
    queryId: { root: SAMPLE_OIDS.hospital, extension: 'q-1' },
    patientIdentifier: aPatientId(),
    dataSources: [SAMPLE_OIDS.affinityDomain],
    ...over,
  };
}

/** ITI-45 answer: one regional id. */
export function aPixQueryResponse(over: Partial<PixQueryResponse> = {}): PixQueryResponse {
  return {
    acknowledgement: 'AA',
    queryResponseCode: 'OK',
    ids: [aPatientId({ id: 'R-1', assigningAuthority: SAMPLE_OIDS.affinityDomain })],
    custodian: SAMPLE_OIDS.identityDevice,
    details: [],
    ...over,
  };
}

/** ITI-47: by name, sex and birth date. */
export function aDemographicsQuery(over: Partial<DemographicsQuery> = {}): DemographicsQuery {
  return {
    transmission: aTransmission(),
    queryId: { root: SAMPLE_OIDS.hospital, extension: 'q-2' },
    criteria: {
      livingSubjectName: SHIKEN_TARO,
      livingSubjectAdministrativeGender: 'M',
      livingSubjectBirthTime: { value: '19700101' },
    },
    scopingOrganizations: [],
    ...over,
  };
}

/** ITI-47: one patient of the answer. */
export function aDemographicsMatch(over: Partial<DemographicsMatch> = {}): DemographicsMatch {
  return {
    ids: [aPatientId({ id: 'R-1', assigningAuthority: SAMPLE_OIDS.affinityDomain })],
    otherIds: [{ ...aPatientId() }],
    demographics: aPerson(),
    degree: 100,
    custodian: SAMPLE_OIDS.identityDevice,
    ...over,
  };
}

/** ITI-47 answer: one patient. */
export function aDemographicsQueryResponse(
  over: Partial<DemographicsQueryResponse> = {},
): DemographicsQueryResponse {
  return {
    acknowledgement: 'AA',
    queryResponseCode: 'OK',
    matches: [aDemographicsMatch()],
    details: [],
    ...over,
  };
}

/** ITI-55: the first community asks the second one. */
export function aPatientDiscovery(over: Partial<PatientDiscovery> = {}): PatientDiscovery {
  return {
    transmission: aTransmission({
      sender: { device: SAMPLE_OIDS.identityDevice, organization: SAMPLE_OIDS.community },
      receiver: { device: SAMPLE_OIDS.otherGateway, organization: SAMPLE_OIDS.otherCommunity },
    }),
    queryId: { root: SAMPLE_OIDS.identityDevice, extension: 'q-3' },
    criteria: {
      livingSubjectName: SHIKEN_TARO,
      livingSubjectAdministrativeGender: 'M',
      livingSubjectBirthTime: { value: '19700101' },
      livingSubjectId: [{ id: 'R-1', assigningAuthority: SAMPLE_OIDS.affinityDomain }],
    },
    reverseAuthority: SAMPLE_OIDS.affinityDomain,
    correlationTimeToLive: 'P7D',
    ...over,
  };
}

/** ITI-55: one patient of the answer. */
export function aDiscoveredPatient(over: Partial<DiscoveredPatient> = {}): DiscoveredPatient {
  return {
    id: { id: 'R-2', assigningAuthority: SAMPLE_OIDS.otherAffinityDomain },
    otherIds: [],
    demographics: aPerson(),
    homeCommunityId: `urn:oid:${SAMPLE_OIDS.otherCommunity}`,
    supportsHealthDataLocator: false,
    degree: 100,
    ...over,
  };
}

/** ITI-55 answer: one patient. */
export function aPatientDiscoveryResponse(
  over: Partial<PatientDiscoveryResponse> = {},
): PatientDiscoveryResponse {
  return {
    acknowledgement: 'AA',
    queryResponseCode: 'OK',
    matches: [aDiscoveredPatient()],
    requestedDemographics: [],
    details: [],
    correlationTimeToLive: 'P7D',
    ...over,
  };
}
