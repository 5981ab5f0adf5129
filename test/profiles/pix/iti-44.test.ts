import {
  ITI_44,
  type AcceptAcknowledgement,
  type PatientIdentityFeed,
  type PatientRegistrationFeed,
} from '../../../profiles/pix/iti-44.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import {
  aPatientId,
  aPatientIdentityFeed,
  aPatientMerge,
  aPerson,
  aTransmission,
  SAMPLE_OIDS,
} from '../../support/hl7v3-builders.ts';
import {
  altered,
  decodeRequest,
  decodeResponse,
  FROZEN,
  keepsTheLaws,
  opened,
  openedSample,
  openedXml,
  partOf,
  refusalOf,
} from '../../support/hl7v3-laws.ts';

const FEEDS: readonly [PatientIdentityFeed, ...PatientIdentityFeed[]] = [
  aPatientIdentityFeed(),
  aPatientIdentityFeed({ kind: 'revise' }),
  aPatientIdentityFeed({
    ids: [aPatientId(), aPatientId({ id: 'A & "B" <C>' })],
    otherIds: [aPatientId({ id: 'X-9', assigningAuthority: '2.999.7' })],
    noneIn: ['2.999.8'],
    demographics: aPerson({
      administrativeGender: 'UN',
      birthTime: '1970',
      multipleBirthOrderNumber: 2,
      names: [{ family: '', given: ['花子', 'マリア'], prefix: 'Dr.', suffix: 'II', use: 'L P' }],
    }),
    providerOrganization: { id: SAMPLE_OIDS.hospitalPatients },
    transmission: aTransmission({
      messageId: { root: '2.999.3', extension: 'm-1' },
      sender: { device: SAMPLE_OIDS.hospital },
    }),
  }),
  aPatientIdentityFeed({
    demographics: aPerson({
      mothersMaidenName: [
        { family: '旧姓', given: ['母'], representation: 'IDE' },
        { family: 'キュウセイ', given: [], representation: 'SYL' },
        { family: '', given: ['Haha'] },
      ],
    }),
  }),
  aPatientIdentityFeed({ demographics: { names: [] } }),
  aPatientMerge(),
  aPatientMerge({ providerOrganization: undefined, names: [] }),
];

const ANSWERS: readonly AcceptAcknowledgement[] = [
  { code: 'CA', details: [] },
  { code: 'CE', details: [{ severity: 'E', code: '204', text: 'unknown', location: '/a/b' }] },
  { code: 'CR', details: [{ severity: 'W' }, { severity: 'I', code: 'X1' }] },
];

const written = ITI_44.request.encode(aPatientIdentityFeed());
const decodeAltered = (piece: string | RegExp, by: string) => () =>
  registrationIn(decodeRequest(ITI_44, altered(written, piece, by)));
const mergeWritten = ITI_44.request.encode(aPatientMerge());

function registrationIn(feed: PatientIdentityFeed): PatientRegistrationFeed {
  if (feed.kind === 'merge') throw new Error('a merge');
  return feed;
}

describe('ITI-44 Patient Identity Feed HL7 V3', () => {
  keepsTheLaws(ITI_44, { requests: FEEDS, responses: ANSWERS });

  describe('reads the mother’s maiden name', () => {
    const relation = (code: string, names: string) =>
      `<personalRelationship classCode="PRS"><code code="${code}" codeSystem="2.16.840.1.113883.5.111"/><relationshipHolder1 classCode="PSN" determinerCode="INSTANCE">${names}</relationshipHolder1></personalRelationship>`;
    const read = (...relations: readonly string[]) =>
      decodeAltered('</patientPerson>', `${relations.join('')}</patientPerson>`)().demographics
        .mothersMaidenName;

    it('of the relationship MTH alone, and where she has none there is none', () => {
      expect(read(relation('MTH', '<name><family>旧姓</family></name>'))).toEqual([
        { family: '旧姓', given: [] },
      ]);
      expect(read(relation('FTH', '<name><family>父</family></name>'))).toBeUndefined();
      expect(read(relation('MTH', '<name nullFlavor="UNK"/>'))).toBeUndefined();
    });

    it('as the family name that she was born with, where one is marked so', () => {
      const names =
        '<name><family>婚姓</family><family qualifier="BR">旧姓</family><given>母</given></name><name><family>婚姓</family></name>';
      expect(read(relation('MTH', names))).toEqual([{ family: '旧姓', given: ['母'] }]);
    });

    it('and writes it with the qualifier BR', () => {
      const mothersMaidenName = [{ family: '旧姓', given: [] }];
      const { xml } = ITI_44.request.encode(
        aPatientIdentityFeed({ demographics: aPerson({ mothersMaidenName }) }),
      );
      expect(xml).toContain('<family qualifier="BR">旧姓</family>');
    });
  });

  it.each([
    ['has none there', 'NA', ['2.999.8']],
    ['has one there that is not known', 'UNK', undefined],
    ['has perhaps one there', 'NI', undefined],
  ])('reads of another domain that the patient %s (%s)', (_what, flavor, noneIn) => {
    const other = `<asOtherIDs classCode="PAT"><id nullFlavor="${flavor}"/><scopingOrganization classCode="ORG" determinerCode="INSTANCE"><id root="2.999.8"/></scopingOrganization></asOtherIDs>`;
    const feed = decodeAltered('</patientPerson>', `${other}</patientPerson>`)();
    expect(feed).toMatchObject({ otherIds: [] });
    expect(feed.noneIn).toEqual(noneIn);
  });

  it('has the actions of add, revise and merge', () => {
    expect(ITI_44.wire.messages.map(({ action }) => action)).toEqual([
      'urn:hl7-org:v3:PRPA_IN201301UV02',
      'urn:hl7-org:v3:PRPA_IN201302UV02',
      'urn:hl7-org:v3:PRPA_IN201304UV02',
    ]);
    expect(ITI_44.request.encode(aPatientIdentityFeed({ kind: 'revise' })).action).toBe(
      'urn:hl7-org:v3:PRPA_IN201302UV02',
    );
  });

  it('writes kanji, kana and romaji as three names with their representation', () => {
    expect(written.xml).toContain(
      '<name use="L IDE"><family>試験</family><given>太郎</given></name>',
    );
    expect(written.xml).toContain('<name use="L SYL">');
    expect(written.xml).toContain('<name use="L ABC">');
  });

  it.each([
    ['a second registration', /<subject .*<\/subject>/, '$&$&', 'SYN110'],
    ['no id', /<id [^>]*extension="0001234"\/>/, '', 'SYN100'],
    ['an id that is null', / extension="0001234"/, ' nullFlavor="NI"', 'SYN100'],
    ['an id without extension', / extension="0001234"/, '', 'SYN101'],
    ['an id whose root is no OID', /root="2.999.1.10.1" ext/, 'root="chart" ext', 'SYN102'],
    ['no name', /<name .*<\/name>(?=<telecom)/, '', 'SYN100'],
    ['no provider organisation', /<providerOrganization.*<\/providerOrganization>/, '', 'SYN100'],
    ['no custodian', /<custodian.*<\/custodian>/, '', 'SYN100'],
    ['another sex', /code="M"/, 'code="Z"', 'SYN103'],
    ['a day that is not in the calendar', /19700101/, '19700230', 'SYN102'],
    [
      'a patient who is not active',
      /<statusCode code="active"\/><patientPerson/,
      '<statusCode code="nullified"/><patientPerson',
      'SYN103',
    ],
    ['a replacement', /<\/custodian>/, '$&<replacementOf/>', 'SYN110'],
    ['two receivers', /<receiver.*<\/receiver>/, '$&$&', 'SYN110'],
    [
      'another interactionId',
      /extension="PRPA_IN201301UV02"/,
      'extension="PRPA_IN201302UV02"',
      'NS200',
    ],
    ['an unknown processingCode', /<processingCode code="P"/, '<processingCode code="X"', 'NS202'],
    [
      'another processingModeCode',
      /<processingModeCode code="T"/,
      '<processingModeCode code="R"',
      'NS250',
    ],
    ['an id of a thousand and one characters', /0001234/, '1'.repeat(1001), 'SYN102'],
  ])('refuses %s', (_what, piece, by, code) => {
    expect(refusalOf(decodeAltered(piece, by)).code).toBe(code);
  });

  it('names the place of the fault, and no value', () => {
    const refusal = refusalOf(decodeAltered(/code="M"/, 'code="Otoko"'));
    expect(refusal.location).toBe(
      '/PRPA_IN201301UV02/controlActProcess/subject/registrationEvent/subject1/patient/patientPerson/administrativeGenderCode',
    );
    expect(refusal.context).toBe('one of M, F, UN, received aaaaa');
  });

  it('merges one identifier into another of the same authority', () => {
    expect(decodeRequest(ITI_44, opened(mergeWritten))).toEqual(aPatientMerge());
    expect(mergeWritten.action).toBe('urn:hl7-org:v3:PRPA_IN201304UV02');
    expect(mergeWritten.xml).toContain(
      '<replacementOf typeCode="RPLC"><priorRegistration classCode="REG" moodCode="EVN">' +
        '<statusCode code="obsolete"/><subject1 typeCode="SBJ"><priorRegisteredRole classCode="PAT">',
    );
  });

  const REPLACEMENT = /<replacementOf .*<\/replacementOf>/;
  it.each([
    ['without a replacement', REPLACEMENT, '', 'SYN100'],
    ['of two pairs', REPLACEMENT, '$&$&', 'SYN110'],
    ['of two subsumed ids', /(<priorRegisteredRole[^>]*>)(<id[^>]*\/>)/, '$1$2$2', 'SYN110'],
    ['without a subsumed id', /(<priorRegisteredRole[^>]*>)<id[^>]*\/>/, '$1', 'SYN100'],
    ['that is still active', /code="obsolete"/, 'code="active"', 'SYN103'],
    ['of two surviving ids', /(<patient [^>]*>)(<id[^>]*\/>)/, '$1$2$2', 'SYN110'],
    ['of an identifier into itself', /0009999/, '0001234', '204'],
    [
      "into another authority's",
      /root="[0-9.]*"( extension="0009999")/,
      'root="2.999.77"$1',
      '204',
    ],
  ])('refuses a merge %s', (_what, piece, by, code) => {
    const message = altered(mergeWritten, piece, by);
    expect(refusalOf(() => decodeRequest(ITI_44, message)).code).toBe(code);
  });

  it('records a merge as an update of the survivor and a deletion of the subsumed identifier (ITI TF-2: 3.44.5.1)', () => {
    const exchange = { side: 'answerer', request: aPatientMerge() } as const;
    expect(ITI_44.audit.action(exchange)).toBe('U');
    expect(ITI_44.audit.objects(exchange)).toMatchObject([
      { kind: 'patient', patientId: { id: '0001234' } },
      { kind: 'patient', patientId: { id: '0009999' }, action: 'D' },
    ]);
    expect(ITI_44.audit.objects(exchange)[0]).not.toHaveProperty('action');
  });

  it('takes a merge whatever else it says of the patient: nothing of that counts (ITI TF-2: 3.44.4.2.3)', () => {
    const odd = altered(mergeWritten, /(<\/name>)(?!<name)/, '$1<birthTime value="不明"/>');
    expect(decodeRequest(ITI_44, odd)).toEqual(aPatientMerge());
  });

  it("reads a sex that is unknown as none, and addresses of the patient role as the person's", () => {
    const feed = decodeAltered(/code="M" codeSystem="[^"]*"/, 'nullFlavor="UNK"')();
    expect(feed.demographics.administrativeGender).toBeUndefined();
    const moved = decodeAltered(
      /(<statusCode code="active"\/>)(<patientPerson.*)(<addr.*<\/addr>)/,
      '$3$1$2',
    )();
    expect(moved).toEqual(aPatientIdentityFeed());
  });

  it('answers with the parties the other way round, and the id of the message', () => {
    const answer = ITI_44.response.encode({ code: 'CA', details: [] }, opened(written), FROZEN);
    expect(partOf(answer, 'sender', 'device', 'id')).toContain(SAMPLE_OIDS.identityDevice);
    expect(partOf(answer, 'receiver', 'device', 'id')).toContain(SAMPLE_OIDS.hospital);
    expect(partOf(answer, 'acknowledgement', 'targetMessage', 'id')).toContain(
      aPatientIdentityFeed().transmission.messageId.root,
    );
    expect(partOf(answer, 'creationTime')).toContain('20300401001500');
    expect(partOf(answer, 'id')).toContain(FROZEN.uuid());
    expect(partOf(answer, 'acknowledgement', 'typeCode')).toContain('code="CA"');
  });

  it('refuses with CE, the code and its code system, the text and the place', () => {
    const refusals = [
      new Refusal('204', 'unknown domain', { location: '/a' }),
      new Refusal('205', 'another person’s'),
      new Refusal('XDSUnknownPatientId', 'not known'),
      new Refusal('INTERR', 'the store is away', { severity: 'Warning' }),
    ];
    const body = ITI_44.refusal(refusals, openedXml('<a/>'), FROZEN);
    expect(decodeResponse(ITI_44, opened(body))).toEqual({
      code: 'CE',
      details: [
        { severity: 'E', code: '204', text: 'unknown domain', location: '/a' },
        { severity: 'E', code: '205', text: 'another person’s' },
        { severity: 'E', code: 'INTERR', text: 'XDSUnknownPatientId: not known' },
        { severity: 'W', code: 'INTERR', text: 'the store is away' },
      ],
    });
    expect(body.xml).toContain('code="204" codeSystem="2.16.840.1.113883.12.357"');
    expect(body.xml).toContain('code="INTERR" codeSystem="2.16.840.1.113883.5.1100"');
  });

  it('reads the application codes that some peers put into an accept acknowledgement', () => {
    const answer = ITI_44.response.encode({ code: 'CE', details: [] }, opened(written), FROZEN);
    expect(decodeResponse(ITI_44, altered(answer, 'code="CE"', 'code="AE"')).code).toBe('CE');
    expect(decodeResponse(ITI_44, altered(answer, 'code="CE"', 'code="AA"')).code).toBe('CA');
    const other = altered(answer, 'code="CE"', 'code="OK"');
    expect(refusalOf(() => decodeResponse(ITI_44, other)).code).toBe('SYN103');
  });

  it('records each id of the patient with the id of the message, created or updated', () => {
    const request = aPatientIdentityFeed({
      kind: 'revise',
      transmission: aTransmission({ messageId: { root: '2.999.3', extension: 'm-1' } }),
    });
    const exchange = { side: 'answerer', request } as const;
    expect(ITI_44.audit.action(exchange)).toBe('U');
    expect(ITI_44.audit.action({ side: 'answerer' })).toBe('C');
    expect(ITI_44.audit.objects(exchange)).toEqual([
      { kind: 'patient', patientId: aPatientId(), detail: { type: 'II', value: '2.999.3^m-1' } },
    ]);
    expect(ITI_44.audit.objects({ side: 'answerer' })).toEqual([]);
  });
});

const FEED_SAMPLES = [
  'hl7v3/iti44_from-ADT_A01.xml',
  'hl7v3/iti44_from-ADT_A01_with_BR.xml',
  'hl7v3/iti44_from-ADT_A04.xml',
  'hl7v3/iti44_from-ADT_A08.xml',
  'hl7v3/ja_iti44_PRPA_IN201301UV02_add.xml',
] as const;

/** The schema lets an id stand without a root; the Framework wants one, and an id without authority is nobody's. */
const WITHOUT_ROOT = [
  'hl7v3/iti44_PRPA_IN201301UV02_add_maximal.xml',
  'hl7v3/iti44_PRPA_IN201302UV02_revise_maximal.xml',
] as const;

describe.each([...FEED_SAMPLES, ...WITHOUT_ROOT])('the feed %s', (name) => {
  const sample = openedSample(name);
  const rootless = WITHOUT_ROOT.some((one) => one === name);

  (sample === undefined ? it.skip : it)('is read, unless an id has no authority', () => {
    if (sample === undefined) return;
    if (rootless) {
      expect(refusalOf(() => decodeRequest(ITI_44, sample)).code).toBe('SYN101');
    } else {
      const feed = registrationIn(decodeRequest(ITI_44, sample));
      expect(feed.ids.length).toBeGreaterThan(0);
      expect(feed.demographics.names.length).toBeGreaterThan(0);
    }
  });
});

describe('the other samples of ITI-44', () => {
  const twoPatients = openedSample('hl7v3/iti44_multipatient_request_invalid.xml');
  const merge = openedSample('hl7v3/ja_iti44_PRPA_IN201304UV02_merge.xml');
  const acknowledgement = openedSample('hl7v3/iti44_MCCI_IN000002UV01_ack.xml');

  (twoPatients === undefined ? it.skip : it)('two patients in one feed are refused', () => {
    if (twoPatients === undefined) return;
    expect(refusalOf(() => decodeRequest(ITI_44, twoPatients)).code).toBe('SYN110');
  });

  (merge === undefined ? it.skip : it)('a merge is read', () => {
    if (merge === undefined) return;
    expect(decodeRequest(ITI_44, merge)).toMatchObject({
      kind: 'merge',
      surviving: { id: '0001234' },
      subsumed: { id: '0009999' },
    });
  });

  it.each([
    ['hl7v3/iti44_from-ADT_A40.xml', undefined],
    // Its two identifiers are of two authorities.
    ['hl7v3/iti44_PRPA_IN201304UV02_merge_maximal.xml', '204'],
  ])('%s is read, or refused with %s', (name, code) => {
    const sample = openedSample(name);
    if (sample === undefined) return;
    if (code === undefined) expect(decodeRequest(ITI_44, sample).kind).toBe('merge');
    else expect(refusalOf(() => decodeRequest(ITI_44, sample)).code).toBe(code);
  });

  (acknowledgement === undefined ? it.skip : it)('an acknowledgement is read', () => {
    if (acknowledgement === undefined) return;
    expect(decodeResponse(ITI_44, acknowledgement)).toEqual({ code: 'CA', details: [] });
  });
});

describe('a minimal feed as a conformance runner sends it', () => {
  it('is read, though it names no organisations and puts the given name first', () => {
    const id = '2.999.4.1';
    const device = (role: string, typeCode: string) =>
      `<${role} typeCode="${typeCode}"><device classCode="DEV" determinerCode="INSTANCE"><id root="2.999.4.2"/></device></${role}>`;
    const feed = registrationIn(
      decodeRequest(
        ITI_44,
        openedXml(
          `<PRPA_IN201301UV02 xmlns="urn:hl7-org:v3" ITSVersion="XML_1.0"><id root="2.25.329800735698586629295641978511506172918"/><creationTime value="20300401000000"/>` +
            '<interactionId root="2.16.840.1.113883.1.6" extension="PRPA_IN201301UV02"/><processingCode code="P"/><processingModeCode code="T"/><acceptAckCode code="AL"/>' +
            device('receiver', 'RCV') +
            device('sender', 'SND') +
            '<controlActProcess classCode="CACT" moodCode="EVN"><code code="PRPA_TE201301UV02" codeSystem="2.16.840.1.113883.1.18"/>' +
            '<subject typeCode="SUBJ"><registrationEvent classCode="REG" moodCode="EVN"><id nullFlavor="NA"/><statusCode code="active"/>' +
            `<subject1 typeCode="SBJ"><patient classCode="PAT"><id root="${id}" extension="P-1"/><statusCode code="active"/>` +
            '<patientPerson classCode="PSN" determinerCode="INSTANCE"><name><given>Taro</given><family>Shiken</family></name></patientPerson>' +
            `<providerOrganization classCode="ORG" determinerCode="INSTANCE"><id root="${id}"/><contactParty classCode="CON"/></providerOrganization></patient></subject1>` +
            `<custodian typeCode="CST"><assignedEntity classCode="ASSIGNED"><id root="${id}"/></assignedEntity></custodian></registrationEvent></subject></controlActProcess></PRPA_IN201301UV02>`,
        ),
      ),
    );
    expect(feed.ids).toEqual([{ id: 'P-1', assigningAuthority: id }]);
    expect(feed.demographics).toEqual({ names: [{ family: 'Shiken', given: ['Taro'] }] });
    expect(feed.transmission.sender).toEqual({ device: '2.999.4.2' });
  });
});
