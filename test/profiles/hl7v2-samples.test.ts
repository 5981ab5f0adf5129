import { ITI_21 } from '../../profiles/pdq/iti-21.ts';
import { headerIn, readMSA } from '../../profiles/formats/hl7v2-reply.ts';
import { readV2 } from '../../profiles/formats/hl7v2.ts';
import { ITI_10 } from '../../profiles/pix/iti-10.ts';
import { ITI_30 } from '../../profiles/pix/iti-30.ts';
import { ITI_8 } from '../../profiles/pix/iti-8.ts';
import { ITI_9 } from '../../profiles/pix/iti-9.ts';
import { Refusal } from '../../profiles/refusal.ts';
import {
  publishedMessage,
  publishedMessages,
  publishedPresent,
  V2_CONTEXT,
} from '../support/hl7v2-samples.ts';

const MPI = '2.16.840.1.113883.3.37.4.1.1.2.1.1';
const HOSP_A = '1.2.392.200119.99.1';
const CONTEXT = {
  ...V2_CONTEXT,
  authorities: {
    known: [
      { oid: HOSP_A, namespace: 'HOSP_A' },
      { oid: '1.2.392.200119.99.9', namespace: 'REGION' },
    ],
    fed: [HOSP_A],
  },
};

/** A source of the MPI: its identifiers are those that count. */
const FROM_MPI = { ...CONTEXT, authorities: { known: [], fed: [MPI] } };

const read = (name: string) => readV2(publishedMessage(name));
const whole = publishedPresent ? it : it.skip;

/** What each published message says, as far as it tells it from another. */
const FEEDS: Readonly<Record<string, unknown>> = {
  'gazelle_iti-8-feed.hl7': { kind: 'add', ids: [{ id: 'PDQ113XX35' }] },
  'gazelle_iti-8.hl7': {
    kind: 'merge',
    surviving: { id: 'PDQ113XX35' },
    subsumed: { id: 'PDQ113XX03' },
  },
  'iti30-or-8_ADT_A01.hl7': {
    kind: 'add',
    ids: [{ id: '306563' }, { id: '30753' }],
    demographics: { names: [{ family: 'Bob', given: ['Barker', 'R.'] }], birthTime: '19290405' },
  },
  'iti30-or-8_ADT_A01_with_BR.hl7': {
    kind: 'add',
    demographics: { names: [{}, { family: 'Smith' }] },
  },
  'iti30-or-8_ADT_A04.hl7': {
    kind: 'add',
    ids: [{ id: '305090' }, { id: '13278' }, { id: '02777' }],
  },
  'iti30-or-8_ADT_A08.hl7': { kind: 'revise', ids: [{ id: '306567' }] },
  'iti30-or-8_ADT_A40.hl7': {
    kind: 'merge',
    surviving: { id: '142025' },
    subsumed: { id: '704686' },
  },
  'iti8_feed_register_maximal.hl7': {
    kind: 'add',
    ids: [
      { id: 'PIX10515W3' },
      { id: 'PIX10515W4' },
      { id: 'PIX10515W5', assigningAuthority: 'domain2' },
    ],
  },
  'iti8_feed_revise_maximal.hl7': {
    kind: 'revise',
    ids: [{}, {}, {}],
    demographics: { names: [{ family: 'WASHINGTON-UPDATE' }, {}, {}] },
  },
  'iti8_message.hl7': { kind: 'add', ids: [{ id: '72001173A', assigningAuthority: HOSP_A }] },
  'ja_iti8_ADT_A04_utf8.hl7': {
    kind: 'add',
    ids: [{ id: '0001234', assigningAuthority: HOSP_A }],
    demographics: {
      names: [
        { family: '山田', given: ['太郎'], representation: 'IDE' },
        { family: 'ヤマダ', given: ['タロウ'], representation: 'SYL' },
      ],
      addresses: [{ streetAddressLine: ['東京都千代田区千代田1-1'], postalCode: '100-0001' }],
      telecoms: [{ value: 'tel:03-0000-0000' }],
    },
  },
  'ja_iti8_ADT_A08_iso2022jp_ssmix2.hl7': {
    kind: 'revise',
    ids: [{ id: '0001234', assigningAuthority: HOSP_A }],
    demographics: { names: [{ family: '山田' }, { family: 'ヤマダ' }], birthTime: '19700312' },
    unchanged: ['mothersMaidenName', 'telecoms', 'multipleBirthOrderNumber'],
  },
  'ja_iti8_ADT_A40_utf8.hl7': {
    kind: 'merge',
    surviving: { id: '0001234' },
    subsumed: { id: '0009999' },
  },
};

const QUERIES: Readonly<Record<string, unknown>> = {
  'gazelle_iti-21.hl7': {
    criteria: { livingSubjectName: [{ family: 'Mayer', given: ['Hans'] }] },
    initialQuantity: 10,
  },
  'iti21_QBP_Q22.hl7': {
    criteria: {
      livingSubjectName: [{ family: 'MOORE' }],
      livingSubjectBirthTime: { value: '19380224' },
    },
    scopingOrganizations: ['1.3.6.1.4.1.21367.2005.1.1'],
  },
  'iti21_QBP_Q22_id-query.hl7': {
    criteria: {
      livingSubjectId: [
        { id: 'PDQ113XX03', assigningAuthority: '1.2.3.4' },
        { id: 'PDQ113XX04', assigningAuthority: '1.2.3.4.5' },
      ],
      patientAccountNumber: [{ id: 'ACC001', assigningAuthority: '1.2.3' }],
    },
  },
  'iti21_QBP_Q22_maximal.hl7': {
    criteria: {
      livingSubjectName: [{ family: 'Heidi', given: ['MARY'] }],
      livingSubjectAdministrativeGender: 'F',
      patientAddress: [{ streetAddressLine: ['3443 North Arctic Avenue'], city: 'Some City' }],
    },
  },
  'ja_iti21_QBP_Q22_block1.hl7': {
    criteria: { livingSubjectName: [{ family: 'ヤマダ' }] },
    initialQuantity: 1,
  },
  'ja_iti21_QBP_Q22_block2_continuation.hl7': { pointer: 'c-8f3e-1' },
  'ja_iti21_QCN_J01_cancel.hl7': { kind: 'cancel', queryId: { extension: 'tag-9' } },
};

const PIX_ANSWERS: Readonly<Record<string, unknown>> = {
  'gazelle_iti-9-response.hl7': { queryResponseCode: 'OK', ids: [{ id: '78912' }] },
  'iti21_RSP_K22.hl7': { queryResponseCode: 'OK', ids: [{ id: '12312' }] },
  'iti9_RSP_K23_err-1.hl7': {
    acknowledgement: 'AE',
    ids: [],
    details: [{ code: '204', location: 'QPD^1^3^1^1' }],
  },
  'iti9_RSP_K23_err-2.hl7': { acknowledgement: 'AR', ids: [], details: [{ code: '204' }] },
  'iti9_RSP_K23_nf-1.hl7': { queryResponseCode: 'NF', ids: [] },
  'iti9_RSP_K23_nf-2.hl7': { queryResponseCode: 'NF', ids: [] },
  'iti9_RSP_K23_ok-1.hl7': { ids: [{ id: '78912' }] },
  'iti9_RSP_K23_ok-2.hl7': { ids: [{ id: '79471' }, { id: '78912' }] },
  'iti9_RSP_K23_ok-3.hl7': { ids: [{ id: '78912' }] },
  'iti9_RSP_K23_ok-4.hl7': { ids: [{ id: '79471' }] },
  'ja_iti9_RSP_K23_case1_ok.hl7': {
    ids: [{ id: 'R-77', assigningAuthority: '1.2.392.200119.99.9' }],
  },
  'ja_iti9_RSP_K23_case2_nf.hl7': { acknowledgement: 'AA', queryResponseCode: 'NF' },
  'ja_iti9_RSP_K23_case3_unknown-id.hl7': { details: [{ location: 'QPD^1^3^1^1' }] },
  'ja_iti9_RSP_K23_case4_unknown-source-domain.hl7': { details: [{ location: 'QPD^1^3^1^4' }] },
  'ja_iti9_RSP_K23_case5_unknown-target-domain.hl7': { details: [{ location: 'QPD^1^4^1' }] },
};

const PDQ_ANSWERS: Readonly<Record<string, unknown>> = {
  'iti21_RSP_K22.pid4.hl7': {
    matches: [{ ids: [{ id: 'PDQ113XX0001' }] }, { ids: [{ id: '78007' }] }],
  },
  'iti21_RSP_K22_connectathon2011.hl7': { continuation: { pointer: '10' } },
  'iti21_RSP_K22_maximal.hl7': {
    matches: [{ ids: [{ id: '305013' }], demographics: { administrativeGender: 'M' } }],
  },
  'ja_iti21_ACK_J01.hl7': { acknowledgement: 'AA', matches: [] },
  'ja_iti21_RSP_K22_block1_with-DSC.hl7': {
    matches: [{ ids: [{ id: 'R-77' }] }],
    continuation: { pointer: 'c-8f3e-1', total: 2, remaining: 1 },
  },
  'ja_iti21_RSP_K22_error_unknown-QPD-8-domain.hl7': {
    acknowledgement: 'AE',
    details: [{ location: 'QPD^1^8^1' }],
  },
};

const NOTIFICATIONS: Readonly<Record<string, unknown>> = {
  'gazelle_iti-10.hl7': { ids: [{ id: '13278' }, { id: '02777' }, { id: '5555' }] },
  'iti10_ADT_A31_update-notification-1.hl7': { ids: [{ id: '52231059' }] },
  'iti10_ADT_A31_update-notification-2.hl7': { ids: [{ id: '01' }, { id: 'LOCAL01' }] },
  'ja_iti10_ADT_A31.hl7': { ids: [{ id: '0001234' }, { id: 'R-77' }], demographics: { names: [] } },
};

/** Why a published message is refused. */
const REFUSED: Readonly<Record<string, readonly [code: string, location: string | undefined]>> = {
  'iti30-or-8_ADT_A10.hl7': ['201', undefined],
  'iti8_ADT_A01_incomplete-invalid.hl7': ['100', 'PID^1'],
  // Octets of ISO 8859-1 without MSH-18.
  'iti8_ADT_A40_iso-8859-1.hl7': ['102', 'MSH^1^18'],
  // The two identifiers are of different authorities.
  'iti8_feed_merge_maximal.hl7': ['204', 'PID^1^3^1^4'],
  // v2.3, and no EVN.
  'iti8_NIST_toolkit2_A01.txt': ['100', 'EVN^1'],
  'iti8_NIST_toolkit2_A43.txt': ['201', undefined],
};

const ACKNOWLEDGEMENTS = ['iti8_NIST_toolkit2_ACK.txt', 'ja_error_ACK_AR_unsupported-type.hl7'];
const OF_MPI = 'iti8_ADT_A40_utf8.hl7';
const PIX_QUERY = 'ja_iti9_QBP_Q23.hl7';

describe('The published messages', () => {
  whole('are all looked at here', () => {
    const known = [FEEDS, QUERIES, PIX_ANSWERS, PDQ_ANSWERS, NOTIFICATIONS, REFUSED].flatMap(
      Object.keys,
    );
    expect([...known, ...ACKNOWLEDGEMENTS, OF_MPI, PIX_QUERY].sort()).toEqual(
      [...publishedMessages()].sort(),
    );
  });

  whole.each(Object.entries(FEEDS))('%s is read as the feed that it is', (name, meant) => {
    expect(ITI_8.request.decode(read(name), CONTEXT)).toMatchObject(meant as object);
  });
  whole.each(Object.entries(QUERIES))('%s is read as the query that it is', (name, meant) => {
    expect(ITI_21.request.decode(read(name), CONTEXT)).toMatchObject(meant as object);
  });
  whole.each(Object.entries(PIX_ANSWERS))('%s is read as the answer that it is', (name, meant) => {
    expect(ITI_9.response.decode(read(name), CONTEXT)).toMatchObject(meant as object);
  });
  whole.each(Object.entries(PDQ_ANSWERS))('%s is read as the answer that it is', (name, meant) => {
    expect(ITI_21.response.decode(read(name), CONTEXT)).toMatchObject(meant as object);
  });
  whole.each(Object.entries(NOTIFICATIONS))(
    '%s is read as the notification that it is',
    (name, meant) => {
      expect(ITI_10.request.decode(read(name), CONTEXT)).toMatchObject(meant as object);
    },
  );

  whole.each(Object.entries(REFUSED))('%s is refused for its reason', (name, [code, location]) => {
    const act = () => {
      const message = read(name);
      const is25 = headerIn(message).version === '2.5';
      return (is25 ? ITI_30 : ITI_8).request.decode(message, CONTEXT);
    };
    expect(act).toThrow(Refusal);
    expect(act).toThrow(expect.objectContaining({ code, location }) as unknown as Error);
  });

  whole(
    'of a merge with an identifier without an authority are read as the source means them',
    () => {
      expect(ITI_8.request.decode(read(OF_MPI), FROM_MPI)).toMatchObject({
        kind: 'merge',
        surviving: { id: '305014', assigningAuthority: MPI },
        subsumed: { id: '305010', assigningAuthority: MPI },
      });
    },
  );

  whole('of acknowledgement are read as what they say', () => {
    expect(ACKNOWLEDGEMENTS.map((name) => readMSA(read(name)).outcome)).toEqual(['A', 'R']);
  });

  whole('of a PIX query are read as the question', () => {
    expect(ITI_9.request.decode(read(PIX_QUERY), CONTEXT)).toMatchObject({
      patientIdentifier: { id: '0001234', assigningAuthority: HOSP_A },
      dataSources: ['1.2.392.200119.99.9'],
      queryId: { extension: 'tag-1' },
    });
  });
});
