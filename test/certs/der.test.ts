import {
  booleanOf,
  childrenOf,
  encodeDer,
  encodeFlags,
  encodeOid,
  encodeText,
  flagsOf,
  integerOf,
  MalformedDer,
  oidOf,
  readDer,
  TAG,
  textOf,
  timeOf,
} from '../../certs/der.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('DER, read strictly', () => {
  it.each([
    ['an indefinite length', '30 80 00 00'],
    ['a length longer than needed', '30 81 01 00'],
    ['a length beyond the end', '04 05 00'],
    ['octets after the end', '05 00 00'],
    ['a tag of several octets', '1f 81 01 00'],
    ['nothing at all', ''],
    ['a length of five octets', '04 85 00 00 00 00 01 00'],
  ])('refuses %s', (_what, octets) => {
    expect(() => readDer(hex(octets))).toThrow(MalformedDer);
  });

  it.each([
    ['a negative number', '02 01 80', integerOf],
    ['a number with leading zeros', '02 02 00 01', integerOf],
    ['a BOOLEAN of 01', '01 01 01', booleanOf],
    ['an OID with leading zeros in an arc', '06 03 2a 80 01', oidOf],
    ['an OID that is cut off', '06 02 2a 86', oidOf],
    ['a time without seconds', '17 0b 3330303130313030303 05a', timeOf],
    ['the thirtieth of February', `17 0d ${Buffer.from('300230000000Z').toString('hex')}`, timeOf],
    ['a UTF8String that is not UTF-8', '0c 02 c3 28', textOf],
    ['a text of another kind', '05 00', textOf],
  ])('refuses %s', (_what, octets, read) => {
    expect(() => read(readDer(hex(octets)))).toThrow(MalformedDer);
  });

  it.each([['2.999.392.1'], ['1.2.392.100495.1.5.1.3.0.1'], ['0.9.2342.19200300.100.1.25']])(
    'reads back the OID %s',
    (oid) => expect(oidOf(readDer(encodeOid(oid)))).toBe(oid),
  );

  it('reads back flags and long contents', () => {
    expect([...flagsOf(readDer(encodeFlags([5, 6])))]).toEqual([5, 6]);
    expect([...flagsOf(readDer(encodeFlags([8])))]).toEqual([8]);
    const long = '長'.repeat(30_000);
    expect(textOf(readDer(encodeText(long)))).toBe(long);
  });

  it('reads both kinds of time, and the century of the short one', () => {
    const time = (tag: number, text: string) =>
      timeOf(readDer(encodeText(text, tag))).toISOString();
    expect(time(TAG.utcTime, '491231235959Z')).toBe('2049-12-31T23:59:59.000Z');
    expect(time(TAG.utcTime, '500101000000Z')).toBe('1950-01-01T00:00:00.000Z');
    expect(time(TAG.generalizedTime, '20500101000000Z')).toBe('2050-01-01T00:00:00.000Z');
  });

  it('refuses a structure cut at any octet, and never hangs', () => {
    const inner = encodeDer(TAG.sequence, encodeOid('2.999.1'), encodeText('x'.repeat(200)));
    const whole = encodeDer(TAG.sequence, inner, inner);
    for (let end = 0; end < whole.length; end += 1) {
      expect(() => readDer(whole.subarray(0, end))).toThrow(MalformedDer);
    }
    expect(childrenOf(readDer(whole))).toHaveLength(2);
  });
});
