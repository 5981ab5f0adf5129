import {
  openMessage,
  readTransmission,
  transmissionOf,
  writeMessage,
} from '../../../profiles/formats/hl7v3.ts';
import {
  ACKNOWLEDGEMENT_DETAIL_CODES,
  detailsOf,
  findDetailCode,
  queryResponseCodeOf,
} from '../../../profiles/formats/hl7v3-codes.ts';
import {
  findAD,
  findINT,
  findPN,
  findTEL,
  isTS,
  isUid,
  readII,
  timestampOf,
  writeAD,
  writePN,
  writtenII,
} from '../../../profiles/formats/hl7v3-datatypes.ts';
import {
  findChild,
  isNull,
  located,
  requireChild,
} from '../../../profiles/formats/hl7v3-reading.ts';
import {
  answeredOf,
  recordedQueryOf,
  writeAcknowledgement,
} from '../../../profiles/formats/hl7v3-reply.ts';
import { parseXml } from '../../../profiles/formats/xml.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import { aTransmission, SHIKEN_TARO } from '../../support/hl7v3-builders.ts';
import { FROZEN, refusalOf } from '../../support/hl7v3-laws.ts';

const XMLNS = 'xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const place = (xml: string) => located(parseXml(xml.replace(/^<[a-z]+/i, `$& ${XMLNS}`)));

describe('a V3 name', () => {
  it('is read back as it was written, in each representation', () => {
    for (const name of SHIKEN_TARO) expect(findPN(place(writePN('name', name)))).toEqual(name);
  });

  it.each([
    [
      '<name use="L IDE"><family> 試験 </family><given/><given>太郎</given></name>',
      { family: '試験', given: ['太郎'], representation: 'IDE', use: 'L' },
    ],
    [
      '<name use="SRCH"><family>a</family><family>b</family></name>',
      { family: 'a b', given: [], use: 'SRCH' },
    ],
    ['<name>\n 試験太郎\n</name>', { family: '試験太郎', given: [] }],
    ['<name>Dr. <given>Taro</given></name>', { family: '', given: ['Taro'] }],
    [
      '<name use="SYL IDE"><family>a</family></name>',
      { family: 'a', given: [], representation: 'IDE', use: 'SYL' },
    ],
    [
      '<name><delimiter>,</delimiter><prefix>Dr.</prefix><family>a</family><suffix>II</suffix></name>',
      { family: 'a', given: [], prefix: 'Dr.', suffix: 'II' },
    ],
  ])('%s is read', (xml, name) => {
    expect(findPN(place(xml))).toEqual(name);
  });

  it.each([
    '<name nullFlavor="NA"/>',
    '<name xsi:nil="true"/>',
    '<name/>',
    '<name><given> </given></name>',
  ])('%s says nothing', (xml) => {
    expect(findPN(place(xml))).toBeUndefined();
  });
});

describe('a V3 address', () => {
  it('keeps a part without a field of its own as a line', () => {
    const xml =
      '<addr use="H">島根県<city>松江市</city><houseNumber>5</houseNumber><useablePeriod/></addr>';
    expect(findAD(place(xml))).toEqual({
      use: 'H',
      city: '松江市',
      streetAddressLine: ['島根県', '5'],
    });
  });

  it('is read back as it was written', () => {
    const address = {
      streetAddressLine: ['1', '2'],
      city: 'c',
      state: 's',
      postalCode: 'p',
      country: 'JPN',
      use: 'H',
    };
    expect(findAD(place(writeAD('addr', address)))).toEqual(address);
  });

  it('that is null, or only has a use, says nothing', () => {
    expect(findAD(place('<addr nullFlavor="UNK"/>'))).toBeUndefined();
    expect(findAD(place('<addr use="H"/>'))).toBeUndefined();
  });

  it('of more than a hundred parts is refused', () => {
    const xml = `<addr>${'<houseNumber>1</houseNumber>'.repeat(101)}</addr>`;
    expect(refusalOf(() => findAD(place(xml))).code).toBe('SYN110');
  });
});

describe('other V3 data types', () => {
  it.each([
    '1970',
    '197001',
    '19700101',
    '1970010109',
    '197001010930',
    '19700101093000',
    '19700101093000.123+0900',
    '20000229',
  ])('%s is a TS', (text) => {
    expect(isTS(text)).toBe(true);
  });

  it.each([
    '',
    '70',
    '1970013',
    '19701301',
    '19700132',
    '20010229',
    '19000229',
    '1970010124',
    '19700101+0900',
    '1970-01-01',
    ' 1970',
  ])('%j is none', (text) => {
    expect(isTS(text)).toBe(false);
  });

  it('takes OIDs, UUIDs and reserved names as root of an II, and nothing else', () => {
    expect(readII(place('<id root="2.999" extension=" x "/>'))).toEqual({
      root: '2.999',
      extension: 'x',
    });
    expect(readII(place('<id root="0a1b2c3d-0000-4000-8000-000000000014" extension=""/>'))).toEqual(
      {
        root: '0a1b2c3d-0000-4000-8000-000000000014',
      },
    );
    expect(isUid('GMO-1')).toBe(true);
    for (const root of ['', 'a b', '-1', `1.${'2'.repeat(128)}`]) expect(isUid(root)).toBe(false);
    expect(refusalOf(() => readII(place('<id extension="1"/>'))).code).toBe('SYN101');
    expect(refusalOf(() => readII(place('<id root="urn:oid:2.999"/>'))).code).toBe('SYN102');
    expect(writtenII({ root: '2.999' })).toBe('2.999');
  });

  it('takes a telecom without a value as none', () => {
    expect(findTEL(place('<telecom nullFlavor="NI"/>'))).toBeUndefined();
    expect(findTEL(place('<telecom use="H"/>'))).toBeUndefined();
    expect(findTEL(place('<telecom use="H" value="tel:1"/>'))).toEqual({
      value: 'tel:1',
      use: 'H',
    });
  });

  it('takes whole numbers within their bounds', () => {
    const bounds = { least: 0, most: 100 };
    expect(findINT(place('<value value="100"/>'), bounds)).toBe(100);
    expect(findINT(place('<value nullFlavor="NI"/>'), bounds)).toBeUndefined();
    for (const value of ['-1', '101', '1.5', '1e1', '0x1', '99999999999']) {
      expect(refusalOf(() => findINT(place(`<value value="${value}"/>`), bounds)).code).toBe(
        'SYN102',
      );
    }
  });

  it('reads what is declared missing as null', () => {
    expect(isNull(place('<a xsi:nil="1"/>'))).toBe(true);
    expect(isNull(place('<a xsi:nil="false"/>'))).toBe(false);
  });
});

describe('the place of a fault', () => {
  it('is the path to it', () => {
    const message = place('<a><b><c/></b></a>');
    expect(findChild(message, 'b', 'c')?.path).toBe('/a/b/c');
    expect(findChild(message, 'b', 'd', 'e')).toBeUndefined();
    const refusal = refusalOf(() => requireChild(message, 'b', 'c', 'd'));
    expect(refusal).toMatchObject({ code: 'SYN100', location: '/a/b/c', context: 'd is required' });
  });
});

describe('the transmission wrapper', () => {
  it('is read back as it was written', () => {
    const transmission = aTransmission();
    const xml = writeMessage({
      interaction: 'X_IN1',
      transmission,
      acceptAckCode: 'AL',
      content: [],
    });
    expect(readTransmission(openMessage(parseXml(xml), ['X_IN1']))).toEqual(transmission);
  });

  it('of a new message has a fresh id and the time in UTC', () => {
    const { sender, receiver } = aTransmission();
    expect(transmissionOf(FROZEN, { sender, receiver })).toEqual({
      messageId: { root: FROZEN.uuid() },
      creationTime: '20300401001500',
      sender,
      receiver,
    });
    expect(timestampOf(FROZEN.now())).toBe('20300401001500');
  });

  it('without a creationTime that says something is refused', () => {
    const xml = writeMessage({
      interaction: 'X_IN1',
      transmission: aTransmission(),
      acceptAckCode: 'AL',
      content: [],
    });
    const silent = parseXml(xml.replace(/<creationTime [^>]*>/, '<creationTime nullFlavor="NI"/>'));
    expect(refusalOf(() => readTransmission(located(silent))).code).toBe('SYN101');
  });
});

describe('what an answer repeats of a request', () => {
  it('is nothing, where the request says nothing', () => {
    expect(answeredOf(parseXml('<a/>'))).toEqual({});
    expect(answeredOf(parseXml('<a xmlns="urn:hl7-org:v3"><id/><sender/></a>'))).toEqual({});
  });

  it('is what can be taken, and written again', () => {
    const xml = `<a ${XMLNS}><id root="2.999" extension="${'1'.repeat(1001)}"/><sender><device><id root="bad root"/></device></sender></a>`;
    expect(answeredOf(parseXml(xml))).toEqual({ messageId: { root: '2.999' } });
  });
});

describe('an acknowledgement', () => {
  it('is written whatever its text holds, and no longer than it may be read again', () => {
    const text = `\u0000\ud83d${'あ'.repeat(997)}😀 and more`;
    const details = [{ severity: 'E', text, location: '' }] as const;
    const xml = writeAcknowledgement({ code: 'AE', targetMessage: undefined, details });
    expect(xml).toContain(`<text>??${'あ'.repeat(997)}?</text></acknowledgementDetail>`);
    expect(xml).toContain('<targetMessage><id nullFlavor="UNK"/></targetMessage>');
  });
});

describe('a recorded query', () => {
  it('is recorded as it came where it is no XML', () => {
    expect(recordedQueryOf('<a')).toEqual({ id: 'unknown', text: '<a' });
  });
});

describe('the codes of acknowledgementDetail', () => {
  it('each have a code system and a meaning', () => {
    for (const [code, row] of Object.entries(ACKNOWLEDGEMENT_DETAIL_CODES)) {
      expect(findDetailCode(code)).toBe(row);
      expect(row.codeSystem).toMatch(/^2\.16\.840\.1\.113883\./);
      expect(row.means).toMatch(/\.$/);
    }
    expect(findDetailCode('toString')).toBeUndefined();
  });

  it('tell a code that V3 does not know in the text', () => {
    expect(detailsOf([new Refusal('XDSRegistryError', 'full', { severity: 'Warning' })])).toEqual([
      { severity: 'W', code: 'INTERR', text: 'XDSRegistryError: full' },
    ]);
  });

  it('make QE of faults of the query alone', () => {
    expect(queryResponseCodeOf([new Refusal('SYN100', '')])).toBe('QE');
    expect(queryResponseCodeOf([new Refusal('SYN100', ''), new Refusal('204', '')])).toBe('AE');
  });
});
