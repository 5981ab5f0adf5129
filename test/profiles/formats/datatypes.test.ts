import fc from 'fast-check';
import {
  decodeCX,
  decodeXCN,
  decodeXON,
  dtmOf,
  encodeCX,
  encodeXCN,
  encodeXON,
  isDTM,
  isOid,
  isOidUrn,
  isUuidUrn,
  lowerBound,
  shape,
  upperBound,
  type XCN,
} from '../../../profiles/formats/datatypes.ts';
import { Refusal } from '../../../profiles/refusal.ts';

const words = fc.string({ unit: 'binary', minLength: 1 });
const oids = fc
  .array(fc.nat(), { minLength: 1, maxLength: 4 })
  .map((arcs) => `2.999.${arcs.join('.')}`);

describe('CX', () => {
  it('is an id and the OID of its authority', () => {
    const cx = { id: 'PAT-1', assigningAuthority: '2.999.3.7' };
    expect(decodeCX('PAT-1^^^&2.999.3.7&ISO')).toEqual(cx);
    expect(encodeCX(cx)).toBe('PAT-1^^^&2.999.3.7&ISO');
  });

  it('escapes the separators of HL7', () => {
    expect(encodeCX({ id: 'a^b|c~d&e\\f', assigningAuthority: '2.999' })).toBe(
      'a\\S\\b\\F\\c\\R\\d\\T\\e\\E\\f^^^&2.999&ISO',
    );
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(words, oids, (id, assigningAuthority) => {
        expect(decodeCX(encodeCX({ id, assigningAuthority }))).toEqual({ id, assigningAuthority });
      }),
    );
  });

  it.each([
    '',
    'PAT-1',
    '^^^&2.999&ISO',
    'PAT-1^^^2.999&ISO',
    'PAT-1^^^ns&2.999&ISO',
    'PAT-1^^^&2.999&iso',
    'PAT-1^^^&2.999&DNS',
    'PAT-1^^^&2.999&ISO^PI',
    'PAT-1^1^^&2.999&ISO',
    'PAT-1^^^&urn:oid:2.999&ISO',
    'PAT-1^^^&2.09&ISO',
    'PAT-1^^^&2&ISO',
    'PAT-1^^^&2.999&ISO\n',
    'A~B^^^&2.999&ISO',
    'A\\X\\^^^&2.999&ISO',
    'A\\^^^&2.999&ISO',
  ])('is not %j', (text) => {
    expect(() => decodeCX(text)).toThrow(Refusal);
  });

  it('is refused with the code of the transaction, and tells no number', () => {
    try {
      decodeCX('山田-12345', 'XDSStoredQueryParamNumber');
      throw new Error('it was accepted');
    } catch (error) {
      expect(error).toMatchObject({ code: 'XDSStoredQueryParamNumber' });
      expect((error as Refusal).context).toContain('aa-99999');
    }
  });
});

describe('XON', () => {
  it.each([
    ['Some Hospital', { organizationName: 'Some Hospital' }],
    ['Some Hospital^^^^^^^^^2.999.1.2', { organizationName: 'Some Hospital', id: '2.999.1.2' }],
    [
      '試験病院^^^^^&2.999.9&ISO^^^^123',
      { organizationName: '試験病院', assigningAuthority: '2.999.9', id: '123' },
    ],
  ])('%s is read, and written as it was', (text, xon) => {
    expect(decodeXON(text)).toEqual(xon);
    expect(encodeXON(xon)).toBe(text);
    expect(decodeXON(`${text}^^`)).toEqual(xon);
  });

  it.each([
    '',
    '^^^^^^^^^2.999',
    'Name^L',
    'Name^^^^^^^^^123',
    'Name^^^^^ns&2.999&ISO^^^^123',
    'Name^^^^^&123&ISO^^^^123',
    'Name^^^^^&2.999&ISO^^^^1^x',
    'A&B',
    'A|B',
  ])('is not %j', (text) => {
    expect(() => decodeXON(text)).toThrow(Refusal);
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(words, oids, words, (organizationName, assigningAuthority, id) => {
        const xon = { organizationName, assigningAuthority, id };
        expect(decodeXON(encodeXON(xon))).toEqual(xon);
      }),
    );
  });
});

describe('XCN', () => {
  it.each<[string, XCN]>([
    [
      '11375^Welby^Marcus^J^Jr^Dr^MD^^&2.999.6.197&ISO',
      {
        id: '11375',
        family: 'Welby',
        given: 'Marcus',
        middle: 'J',
        suffix: 'Jr',
        prefix: 'Dr',
        degree: 'MD',
        assigningAuthority: '2.999.6.197',
      },
    ],
    ['^試験^太郎', { family: '試験', given: '太郎' }],
    ['11375', { id: '11375' }],
    ['^scanner software', { family: 'scanner software' }],
  ])('%s is read, and written as it was', (text, xcn) => {
    expect(decodeXCN(text)).toEqual(xcn);
    expect(encodeXCN(xcn)).toBe(text);
    expect(decodeXCN(`${text}^^`)).toEqual(xcn);
  });

  it('passes over what HL7 v2.5 has beyond', () => {
    expect(decodeXCN('1^van Dyck&van&Dyck^A^^^^^X^&2.999&ISO^L^^^PI')).toEqual({
      id: '1',
      family: 'van Dyck',
      given: 'A',
      assigningAuthority: '2.999',
    });
  });

  it.each(['', '^^Marcus', '^^^^^^^^&2.999&ISO', '1^A^^^^^^^2.999', '1^A^^^^^^^&x&ISO', '1^A|B'])(
    'is not %j',
    (text) => {
      expect(() => decodeXCN(text)).toThrow(Refusal);
    },
  );

  it('is read back as it was written', () => {
    const some = fc.option(words, { nil: undefined });
    const xcns = fc.record(
      {
        family: words,
        id: some,
        given: some,
        middle: some,
        suffix: some,
        prefix: some,
        degree: some,
      },
      { requiredKeys: ['family'] },
    );
    fc.assert(
      fc.property(xcns, oids, (xcn, assigningAuthority) => {
        const whole = { ...xcn, assigningAuthority };
        expect(decodeXCN(encodeXCN(whole))).toEqual(whole);
      }),
    );
  });
});

describe('DTM', () => {
  it.each([
    '2030',
    '203001',
    '20300101',
    '2030010123',
    '203001012359',
    '20300101235959',
    '20280229',
    '00010101',
  ])('is %s', (text) => {
    expect(isDTM(text)).toBe(true);
  });

  it.each([
    '',
    '203',
    '20301',
    '203013',
    '203000',
    '20300100',
    '20300230',
    '2030010124',
    '203001012360',
    '20300101235960',
    '20300101000000.0',
    '20300101+0900',
    '2030-01-01',
    ' 2030',
    '2030\n',
    '２０３０',
  ])('is not %j', (text) => {
    expect(isDTM(text)).toBe(false);
  });

  it.each([
    ['2030', '20300101000000', '20301231235959'],
    ['203002', '20300201000000', '20300228235959'],
    ['202802', '20280201000000', '20280229235959'],
    ['203012', '20301201000000', '20301231235959'],
    ['20300101', '20300101000000', '20300101235959'],
    ['2030010105', '20300101050000', '20300101055959'],
    ['203001010506', '20300101050600', '20300101050659'],
    ['20300101050607', '20300101050607', '20300101050607'],
    ['000102', '00010201000000', '00010228235959'],
  ])('%s stands for the time from %s to %s', (dtm, first, last) => {
    expect(lowerBound(dtm)).toBe(first);
    expect(upperBound(dtm)).toBe(last);
  });

  it('of a moment is in UTC, to the second', () => {
    expect(dtmOf(new Date('2030-04-01T09:15:02.999+09:00'))).toBe('20300401001502');
    const years = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z') };
    fc.assert(
      fc.property(fc.date({ ...years, noInvalidDate: true }), (date) => {
        expect(isDTM(dtmOf(date))).toBe(true);
      }),
    );
  });
});

describe('Identifiers', () => {
  it.each([
    '2.999',
    '1.2.840.10008',
    '0.0',
    '1.39.1',
    '1.42.20100312.2',
    '3.4.5',
    `2.${'9'.repeat(62)}`,
  ])('%s is an OID', (text) => {
    expect(isOid(text)).toBe(true);
    expect(isOidUrn(`urn:oid:${text}`)).toBe(true);
  });

  it.each([
    '',
    '2',
    '2.01',
    '02.1',
    '2..1',
    '2.1a',
    '2.999.',
    '.2',
    'urn:oid:2.999',
    '2.999 ',
    `2.${'9'.repeat(63)}`,
  ])('%j is no OID', (text) => {
    expect(isOid(text)).toBe(false);
    expect(isOidUrn(text)).toBe(text === 'urn:oid:2.999');
  });

  it('an entryUUID is in lower case, with its prefix', () => {
    expect(isUuidUrn('urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1')).toBe(true);
    for (const text of [
      '7edca82f-054d-47f2-a032-9b2a5b5186c1',
      'urn:uuid:7EDCA82F-054D-47F2-A032-9B2A5B5186C1',
      'urn:uuid:7edca82f054d47f2a0329b2a5b5186c1',
      'Document01',
    ]) {
      expect(isUuidUrn(text)).toBe(false);
    }
  });

  it('a shape tells no name and no number', () => {
    expect(shape('試験 太郎 1234-5ｶﾅがﾞ^&é٣')).toBe('aa aa 9999-9aaaa^&a9');
    expect(shape('x'.repeat(1000))).toHaveLength(67);
  });
});
