import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { V2Context } from '../../profiles/formats/hl7v2-reply.ts';
import type { DemographicsQueryResponse } from '../../profiles/pdq/iti-47.ts';
import type { PatientDemographicsQuery } from '../../profiles/pdq/iti-21.ts';
import {
  aDemographicsMatch,
  aPatientId,
  aPerson,
  aTransmission,
  SAMPLE_OIDS,
} from './hl7v3-builders.ts';

const { hospitalPatients, affinityDomain, identityDevice } = SAMPLE_OIDS;

/** A world that stands still, in which the hospital feeds its own domain. */
export const V2_CONTEXT: V2Context = {
  now: () => new Date('2030-04-01T09:15:00Z'),
  uuid: () => '0a1b2c3d-0000-4000-8000-00000000000f',
  device: identityDevice,
  authorities: {
    known: [
      { oid: hospitalPatients, namespace: 'HOSP_A' },
      { oid: affinityDomain, namespace: 'REGION' },
    ],
    fed: [hospitalPatients],
  },
  parties: {
    sender: { application: 'HIS', facility: 'HOSP_A' },
    receiver: { application: 'PIXMGR', facility: 'REGION' },
  },
};

const transmission = aTransmission({
  messageId: { root: identityDevice, extension: 'A-000001' },
  sender: { device: identityDevice },
  receiver: { device: identityDevice },
});
const wrapper = { transmission, custodian: identityDevice };
const feed = {
  ...wrapper,
  kind: 'add',
  ids: [aPatientId()],
  otherIds: [],
  demographics: aPerson(),
  providerOrganization: { id: hospitalPatients },
} as const;
const regional = aPatientId({ id: 'R-77', assigningAuthority: affinityDomain });
const merge = {
  ...wrapper,
  kind: 'merge',
  surviving: aPatientId(),
  subsumed: aPatientId({ id: 'a|b^c&d~e\\f' }),
  names: aPerson().names,
} as const;
const unchanged = ['birthTime', 'administrativeGender'] as const;
const feeds = [
  feed,
  { ...feed, ids: [aPatientId(), aPatientId({ id: '2' })], otherIds: [regional] },
  { ...feed, demographics: aPerson({ multipleBirthOrderNumber: 2 }) },
  { ...feed, kind: 'revise', demographics: { names: [] } },
  { ...feed, kind: 'revise', demographics: { names: aPerson().names }, unchanged },
  merge,
] as const;
const acknowledgements = [
  { code: 'CA', details: [] },
  { code: 'CE', details: [{ severity: 'E', code: '204', location: 'PID^1^3' }] },
  { code: 'CR', details: [{ severity: 'E', code: '200', location: 'MSH^1^9' }] },
];
const queryId = { root: identityDevice, extension: 'tag-1' };
const asker = { application: 'EHR', facility: 'CLINIC' };
const query: PatientDemographicsQuery = {
  kind: 'query',
  asker,
  transmission,
  queryId,
  criteria: {
    livingSubjectName: [
      { family: '試験', given: ['太郎'] },
      { family: 'シケン', given: [], representation: 'SYL' },
    ],
    livingSubjectAdministrativeGender: 'M',
    livingSubjectBirthTime: { value: '19700101' },
    livingSubjectId: [aPatientId(), aPatientId({ id: '2' })],
    patientAddress: [{ streetAddressLine: ['1-2-3'], city: '松江市', postalCode: '690-0000' }],
    patientTelecom: [{ value: 'tel:0852-00-0000' }],
    mothersMaidenName: [{ family: '試験', given: [] }],
  },
  scopingOrganizations: [affinityDomain, hospitalPatients],
};
const match = {
  ...aDemographicsMatch({ otherIds: [regional] }),
  ids: [aPatientId()],
  custodian: identityDevice,
  providerOrganization: hospitalPatients,
};
const found: DemographicsQueryResponse = {
  acknowledgement: 'AA',
  queryResponseCode: 'OK',
  matches: [match, { ...match, degree: 80 }],
  details: [],
};

/** Requests and answers of every transaction over MLLP. */
export const V2_SAMPLES: Readonly<
  Record<string, { readonly requests: readonly unknown[]; readonly responses: readonly unknown[] }>
> = {
  'ITI-8': { requests: feeds, responses: acknowledgements },
  'ITI-9': {
    requests: [
      { transmission, queryId, patientIdentifier: aPatientId(), dataSources: [affinityDomain] },
      { transmission, queryId, patientIdentifier: regional, dataSources: [] },
    ],
    responses: [
      {
        acknowledgement: 'AA',
        queryResponseCode: 'OK',
        ids: [regional, aPatientId()],
        custodian: affinityDomain,
        details: [],
      },
      { acknowledgement: 'AA', queryResponseCode: 'NF', ids: [], details: [] },
      {
        acknowledgement: 'AE',
        queryResponseCode: 'AE',
        ids: [],
        details: [{ severity: 'E', code: '204', location: 'QPD^1^3^1^1' }],
      },
    ],
  },
  'ITI-10': {
    requests: [
      { ...feed, kind: 'revise', ids: [aPatientId(), regional], demographics: { names: [] } },
    ],
    responses: acknowledgements,
  },
  'ITI-21': {
    requests: [
      query,
      { ...query, initialQuantity: 10, pointer: 'c-8f3e-10' },
      { ...query, criteria: { patientAccountNumber: [aPatientId()] }, scopingOrganizations: [] },
      { kind: 'cancel', asker, transmission, queryId },
    ],
    responses: [
      found,
      { ...found, continuation: { pointer: 'c-2', total: 9, remaining: 7 } },
      { ...found, continuation: { total: 9, remaining: 0 } },
      { ...found, queryResponseCode: 'NF', matches: [] },
    ],
  },
  'ITI-30': {
    requests: [
      ...feeds,
      { ...wrapper, kind: 'link', ids: [aPatientId(), aPatientId({ id: '2' })] },
      { ...wrapper, kind: 'unlink', ids: [aPatientId(), aPatientId({ id: '2' })] },
      { ...wrapper, kind: 'change', current: aPatientId(), prior: aPatientId({ id: '2' }) },
    ],
    responses: acknowledgements,
  },
};

const PUBLISHED = '../shared/samples/patient-identity/hl7v2';

/** Whether the published messages are beside the checkout. */
export const publishedPresent = existsSync(PUBLISHED);

export function publishedMessages(): readonly string[] {
  return publishedPresent ? readdirSync(PUBLISHED).sort() : [];
}

export function publishedMessage(name: string): Uint8Array {
  return readFileSync(`${PUBLISHED}/${name}`);
}
