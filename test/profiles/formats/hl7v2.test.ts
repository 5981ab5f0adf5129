import { Refusal } from '../../../profiles/refusal.ts';
import {
  componentOf,
  echoOf,
  escapeText,
  fieldText,
  headerAlone,
  isNullField,
  isSaid,
  parseV2,
  placeAt,
  placeOf,
  readV2,
  repetitionsOf,
  requireSegment,
  unescapeText,
  V2_LIMITS,
  type V2Segment,
  writeSegment,
} from '../../../profiles/formats/hl7v2.ts';
import { authorityOf, findCX, writeCX } from '../../../profiles/formats/hl7v2-authorities.ts';
import { findTS, findXTN, namesOf } from '../../../profiles/formats/hl7v2-datatypes.ts';
import { fieldsOfPID, readPID, unsaidIn } from '../../../profiles/formats/hl7v2-person.ts';
import { seededRandom } from '../../support/random.ts';

const MSH = 'MSH|^~\\&|HIS|HOSP_A|PIXMGR|REGION|20250401||ADT^A04|1|P|2.3.1';
const segment = (text: string): V2Segment =>
  requireSegment(parseV2(`${MSH}\r${text}`), text.slice(0, 3));
const field = (text: string, number: number) => repetitionsOf(segment(text), number);
const first = (text: string, number: number) => {
  const [at] = field(text, number);
  if (at === undefined) throw new Error('nothing there');
  return at;
};

describe('An HL7 v2 message', () => {
  it('counts fields from MSH-1, the delimiter itself', () => {
    const msh = requireSegment(parseV2(MSH), 'MSH');
    expect([1, 2, 3, 9, 12, 18].map((number) => fieldText(msh, number))).toEqual([
      '|',
      '^~\\&',
      'HIS',
      'ADT^A04',
      '2.3.1',
      '',
    ]);
  });

  it('says where a part stands, with the number of the repetition, empty ones counted', () => {
    const [, second] = field('PID|||1~~3^^^A&B', 3);
    expect(second && placeOf(second, 4, 2)).toBe('PID^1^3^3^4^2');
    expect(second && componentOf(second, 4, 2)).toBe('B');
  });

  it('tells an empty value from one that deletes', () => {
    const pid = segment('PID|||1||""||""^x|^^');
    expect([isNullField(pid, 5), isNullField(pid, 6), isNullField(pid, 7)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([isSaid(pid, 5), isSaid(pid, 6), isSaid(pid, 8)]).toEqual([true, false, false]);
    expect(componentOf(first('PID|||""^^^A', 3), 1)).toBeUndefined();
  });

  it.each([
    ['', 'nothing'],
    ['PID|1', 'no MSH'],
    ['MSH', 'no delimiters'],
    ['MSH|^~\\|', 'a delimiter twice'],
    ['MSHA^~\\&A', 'a letter as a delimiter'],
    [`${MSH}\rpid|1`, 'a segment in small letters'],
    [`${MSH}\r${'ZZZ\r'.repeat(V2_LIMITS.segments)}`, 'too many segments'],
  ])('refuses %j: %s', (text) => {
    expect(() => parseV2(text)).toThrow(Refusal);
    expect(() => parseV2(text)).toThrow(/^100/);
  });

  it('costs little when it is nothing but delimiters', () => {
    const pid = segment(`PID${'|'.repeat(1_000_000)}`);
    expect(fieldText(pid, 5)).toBe('');
    expect(repetitionsOf(segment(`PID|||${'1~'.repeat(500_000)}`), 3)).toHaveLength(
      V2_LIMITS.repetitions,
    );
  });

  it('begins after a byte order mark', () => {
    expect(readV2(Buffer.from(`\ufeff${MSH}|||||| UNICODE UTF-8`)).segments).toHaveLength(1);
  });

  it('finds MSH-18 behind a facility in kanji whose octets look like delimiters', () => {
    const text = Buffer.concat([
      Buffer.from('MSH|^~\\&|HIS|'),
      Buffer.from([0x1b, 0x24, 0x42, 0x21, 0x7c, 0x30, 0x5e, 0x1b, 0x28, 0x42]),
      Buffer.from('|||1||ADT^A04|1|P|2.5||||||~ISO IR87||ISO 2022-1994'),
    ]);
    expect(readV2(text)).toMatchObject({ sets: { declared: '~ISO IR87' }, oddities: [] });
  });

  it('finds MSH-18 behind a facility in kanji and half-width kana', () => {
    const text = Buffer.concat([
      Buffer.from('MSH|^~\\&|HIS|'),
      Buffer.from([0x1b, 0x24, 0x42, 0x21, 0x7c, 0x1b, 0x28, 0x49, 0x31, 0x1b, 0x28, 0x42]),
      Buffer.from('|||1||ADT^A04|1|P|2.5||||||ISO IR13~ISO IR87'),
    ]);
    expect(readV2(text)).toMatchObject({ sets: { declared: 'ISO IR13~ISO IR87' }, oddities: [] });
  });

  it('knows the header of what it cannot read otherwise', () => {
    const alone = headerAlone(Buffer.from([...Buffer.from(`${MSH}\rPID|`), 0xff]));
    expect(fieldText(requireSegment(alone, 'MSH'), 10)).toBe('1');
    expect(fieldText(requireSegment(headerAlone(Buffer.from('?')), 'MSH'), 10)).toBe('');
  });

  it('is repeated with the standard delimiters', () => {
    const [, qpd] = parseV2('MSH#%*@$#A\rQPD#a%b*c$d@S@|##').segments;
    expect(qpd && echoOf(qpd)).toBe('QPD|a^b~c&d\\S\\\\F\\||');
  });

  it('names the field of a character', () => {
    const text = `${MSH}\rPID|||1||a\rPID|||2||x\r`;
    expect(placeAt(text, text.indexOf('x'))).toBe('PID^2^5');
    expect(placeAt(text, text.indexOf('HIS'))).toBe('MSH^1^3');
  });
});

describe('Escape sequences', () => {
  it.each([
    ['\\F\\\\S\\\\T\\\\R\\\\E\\', '|^&~\\'],
    ['a\\.br\\b', 'a\nb'],
    ['\\X41\\\\XE5B1B1\\', 'A山'],
    ['\\Zx\\ \\H\\', '\\Zx\\ \\H\\'],
    ['open \\F', 'open \\F'],
    ['\\\\', '\\\\'],
  ])('of %j mean %j', (written, meant) => {
    expect(unescapeText(written)).toBe(meant);
  });

  it('bring back any text at all', () => {
    const random = seededRandom(20_260_401);
    const below = (most: number) => Math.floor(random() * most);
    const characters = [...'|^~\\&ab山\n\u0001F.X4'];
    for (let round = 0; round < 2_000; round += 1) {
      const text = Array.from(
        { length: below(12) },
        () => characters[below(characters.length)],
      ).join('');
      expect(unescapeText(escapeText(text))).toBe(text);
      expect(escapeText(text)).not.toMatch(/[|^~&\n\u0001]/);
    }
  });

  it('keep values apart that a segment is made of', () => {
    const text = writeSegment('PID', {
      3: [['a|b', undefined, undefined, ['c&d', 'e^f']], ['g~h']],
      5: '""',
    });
    const [one, other] = field(text, 3);
    expect(one && [componentOf(one, 1), componentOf(one, 4, 1), componentOf(one, 4, 2)]).toEqual([
      'a|b',
      'c&d',
      'e^f',
    ]);
    expect(other && componentOf(other, 1)).toBe('g~h');
    expect(text.endsWith('|""')).toBe(true);
  });
});

describe('An assigning authority', () => {
  const known = [{ oid: '2.999.1', namespace: 'HOSP_A' }, { oid: '2.999.2' }];

  it.each([
    [['HOSP_A'], '2.999.1'],
    [[undefined, '2.999.1', 'ISO'], '2.999.1'],
    [['HOSP_A', '2.999.1', 'ISO'], '2.999.1'],
    [['HOSP_A', 'urn:oid:2.999.1', 'ISO'], '2.999.1'],
    [['ANY', '2.999.2', 'ISO'], '2.999.2'],
    [['2.999.2'], '2.999.2'],
    [[undefined, '2.999.3', 'ISO'], '2.999.3'],
    [[], undefined],
  ] as const)('%j is %s', (hd, oid) => {
    expect(authorityOf(hd as never, { known })).toBe(oid);
  });

  it.each([
    [['HOSP_A', '2.999.2', 'ISO'], 'the names are of two authorities'],
    [['HOSP_B', '2.999.1', 'ISO'], 'the namespace is not that of the OID'],
    [['HOSP_B'], 'an unknown namespace'],
    [[undefined, '2.999.1', 'DNS'], 'a type other than ISO'],
  ] as const)('%j is none that is known: %s', (hd, _why) => {
    const found = authorityOf(hd as never, { known });
    expect(known.some(({ oid }) => oid === found)).toBe(false);
    expect(found).toBeDefined();
  });

  it('is the only one of the sender where none is named', () => {
    const at = first('PID|||1', 3);
    expect(findCX(at, { known, fed: ['2.999.1'] })).toEqual({
      id: '1',
      assigningAuthority: '2.999.1',
    });
    expect(findCX(at, { known, fed: ['2.999.1', '2.999.2'] })?.assigningAuthority).toBe('');
  });

  it('is written with all three subcomponents', () => {
    const written = (oid: string) =>
      writeSegment('PID', {
        3: [writeCX({ id: '1', assigningAuthority: oid }, { known, fed: [] })],
      });
    expect(written('2.999.1')).toBe('PID|||1^^^HOSP_A&2.999.1&ISO');
    expect(written('2.999.2')).toBe('PID|||1^^^2.999.2&2.999.2&ISO');
  });
});

describe('A person in PID', () => {
  const names = (text: string) => namesOf(field(`PID|||||${text}`, 5));

  it('has names in kanji, kana and romaji, in any order, and by their characters where XPN-8 is missing', () => {
    expect(
      names('試験^花子^^^^^L^I~シケン^ハナコ^^^^^L^P').map((name) => name.representation),
    ).toEqual(['IDE', 'SYL']);
    expect(
      names('SHIKEN^HANAKO~シケン^ハナコ~試験^花子').map((name) => name.representation),
    ).toEqual(['ABC', 'SYL', 'IDE']);
    expect(names('しけん^はなこ')[0]?.representation).toBe('SYL');
    expect(names('MOHR^ALICE')[0]).toEqual({ family: 'MOHR', given: ['ALICE'] });
  });

  it('may have everything in the family name, or nothing', () => {
    expect(names('試験　花子')[0]).toMatchObject({ family: '試験　花子', given: [] });
    expect(names(' ')).toEqual([]);
    expect(names('""')).toEqual([]);
    expect(names('^^^^^^S')).toEqual([]);
  });

  it('has a telephone number in XTN-1, 12 or 7, and an address in XAD-8', () => {
    const number = (text: string) => findXTN(first(`PID|||||||||||||${text}`, 13));
    expect(number('^PRN^PH^^^^^^^^^086-000-1001')).toEqual({
      value: 'tel:086-000-1001',
      use: 'HP',
    });
    expect(number('086-000-1001')).toEqual({ value: 'tel:086-000-1001' });
    expect(number('^WPN^PH^^81^86^0001001')).toEqual({ value: 'tel:81-86-0001001', use: 'WP' });
    expect(number('^PRN^CP^^^^^^^^^090-0000-0000')).toEqual({
      value: 'tel:090-0000-0000',
      use: 'MC',
    });
    expect(number('^NET^Internet^a@example.org')).toEqual({ value: 'mailto:a@example.org' });
    expect(readPID(segment('PID|||||||||||^^^^700-0001^JPN^H^岡山市試験町1-2')).addresses).toEqual([
      { streetAddressLine: ['岡山市試験町1-2'], postalCode: '700-0001', country: 'JPN', use: 'H' },
    ]);
  });

  it('keeps the precision of a birth date, and refuses what is no date', () => {
    const birth = (text: string) => findTS(first(`PID|||||||${text}`, 7));
    expect(birth('1970')).toBe('1970');
    expect(birth('197001')).toBe('197001');
    expect(birth('197001010930')).toBe('19700101');
    expect(birth('19700101093000.1230+0900')).toBe('19700101093000');
    for (const wrong of ['不明', '19700230', '00000000', '1970-01-01', '197']) {
      expect(() => birth(wrong)).toThrow(/^102/);
    }
  });

  it('knows the sexes of table 0001, and refuses others', () => {
    const sex = (text: string) => readPID(segment(`PID||||||||${text}`)).administrativeGender;
    expect(['M', 'F', 'O', 'A', 'U', 'N', '""'].map(sex)).toEqual([
      'M',
      'F',
      'UN',
      'UN',
      undefined,
      undefined,
      undefined,
    ]);
    expect(() => sex('X')).toThrow(/^103/);
  });

  it('has the mother’s maiden name in PID-6, in whatever it is written', () => {
    const pid = segment('PID|||1||A|旧姓^母^^^^^^I~キュウセイ^ハハ^^^^^^P|');
    const { mothersMaidenName, names } = readPID(pid);
    expect(mothersMaidenName).toEqual([
      { family: '旧姓', given: ['母'], representation: 'IDE' },
      { family: 'キュウセイ', given: ['ハハ'], representation: 'SYL' },
    ]);
    expect(unsaidIn(pid)).not.toContain('mothersMaidenName');
    const fields = fieldsOfPID({ names, mothersMaidenName });
    // XPN-7 of a maiden name: table 0200. IPF's conformance profiles want it.
    expect(writeSegment('PID', fields)).toContain('|旧姓^母^^^^^M^I~キュウセイ^ハハ^^^^^M^P');
    expect(readPID(segment('PID|||1||A|""|')).mothersMaidenName).toBeUndefined();
  });

  it('has the required XPN-7 in every name, unspecified where nobody said of which kind it is', () => {
    const names = [
      { family: '試験', given: ['花子'], representation: 'IDE', use: 'L' },
      { family: 'シケン', given: ['ハナコ'], representation: 'SYL' },
    ] as const;
    const written = writeSegment('PID', fieldsOfPID({ names }));
    expect(written).toBe('PID|||||試験^花子^^^^^L^I~シケン^ハナコ^^^^^U^P');
    expect(readPID(segment(written)).names).toEqual(names);
  });

  it('leaves as it was what is empty, and not what is null', () => {
    expect(unsaidIn(segment('PID|||1||A||""|F'))).toEqual([
      'mothersMaidenName',
      'addresses',
      'telecoms',
      'multipleBirthOrderNumber',
    ]);
    for (const nameless of ['^^^^^^U', ' ']) {
      expect(unsaidIn(segment(`PID|||1||${nameless}`))).toContain('names');
    }
    expect(unsaidIn(segment('PID|||1||""'))).not.toContain('names');
  });
});
