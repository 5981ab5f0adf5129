import {
  characterSetsOf,
  decodeText,
  encodeText,
  ISO_IR87,
  UTF_8,
} from '../../../profiles/formats/hl7v2-charsets.ts';
import { jisX0208, jisX0212 } from '../../../profiles/formats/jis.ts';
import { Refusal } from '../../../profiles/refusal.ts';

const octets = (...parts: (string | number)[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))),
  );
const read = (bytes: Uint8Array, declared: string) => decodeText(bytes, characterSetsOf(declared));
const write = (text: string, declared: string) => encodeText(text, characterSetsOf(declared));

describe('The table of JIS X 0208', () => {
  it('has the 6,879 characters of the standard, and reads each octet pair back', () => {
    let count = 0;
    for (let first = 0x21; first <= 0x7e; first += 1) {
      for (let second = 0x21; second <= 0x7e; second += 1) {
        const found = jisX0208().at(first, second);
        if (!found?.isStandard) continue;
        count += 1;
        expect(jisX0208().octetsOf(found.text)).toBe((first << 8) | second);
      }
    }
    expect(count).toBe(6_879);
  });

  it.each([
    ['〜', 0x2141, '～'],
    ['‖', 0x2142, '∥'],
    ['−', 0x215d, '－'],
    ['¢', 0x2171, '￠'],
    ['£', 0x2172, '￡'],
    ['¬', 0x224c, '￢'],
  ])(
    'gives %s for its octets as the standard does, and takes the full-width twin too',
    (character, code, twin) => {
      expect(jisX0208().at(code >> 8, code & 0xff)?.text).toBe(character);
      expect(jisX0208().octetsOf(character)).toBe(code);
      expect(jisX0208().octetsOf(twin)).toBe(code);
    },
  );

  it('reads NEC’s and IBM’s rows, and writes none of them', () => {
    expect(jisX0208().at(0x2d, 0x21)).toEqual({ text: '①', isStandard: false });
    expect(jisX0208().octetsOf('①')).toBeUndefined();
    expect(jisX0208().octetsOf('髙')).toBeUndefined();
  });

  it('has 丂 of JIS X 0212', () => {
    expect(jisX0212().octetsOf('丂')).toBe(0x3021);
  });
});

describe('ISO IR87', () => {
  const line = 'PID|||1||高橋^健一~タカハシ^ケンイチ|Ａ';

  it('reads what it writes, and is ASCII again before every delimiter and at the end', () => {
    const written = write(line, '~ISO IR87');
    expect(written.lost).toEqual([]);
    expect(read(written.octets, '~ISO IR87').text).toBe(line);
    const raw = Buffer.from(written.octets).toString('latin1');
    expect(raw.replaceAll(/\u001b\$B(?:[!-~][!-~])+\u001b\(B/g, '')).toBe('PID|||1||^~^|');
  });

  it('carries every character of the standard both ways', () => {
    let all = '';
    for (let first = 0x21; first <= 0x7e; first += 1) {
      for (let second = 0x21; second <= 0x7e; second += 1) {
        const found = jisX0208().at(first, second);
        if (found?.isStandard) all += found.text;
      }
    }
    const { octets: written, lost } = write(all, 'ISO IR87');
    expect(lost).toEqual([]);
    expect(read(written, 'ISO IR87').text).toBe(all);
  });

  it('is decoded before it is split: second octets that look like delimiters are none', () => {
    // 亜 0x3021 … 0x217C is ‡-like: any cell with the octet 0x7C or 0x5E.
    const pipe = jisX0208().at(0x21, 0x7c)?.text ?? '';
    const caret = jisX0208().at(0x30, 0x5e)?.text ?? '';
    const written = write(`${pipe}${caret}|x`, '~ISO IR87');
    expect(read(written.octets, '~ISO IR87').text).toBe(`${pipe}${caret}|x`);
  });

  it('reads JIS 1978, JIS roman, whose yen and overline delimit, and kana of seven bits', () => {
    expect(
      read(
        octets(0x1b, '$@', 0x3b, 0x33, 0x1b, '(J', 'A\\~', 0x1b, '(I', 0x31, 0x1b, '(B'),
        '~ISO IR87',
      ).text,
    ).toBe('山A\\~ｱ');
  });

  it('reads JIS X 0208:1990, whose announcer holds a delimiter', () => {
    const written = write('山田', '~ISO IR87').octets;
    expect(read(Buffer.concat([octets(0x1b, '&@'), written]), '~ISO IR87').text).toBe('山田');
  });

  it('reads JIS X 0212, and writes it where ISO IR159 is named', () => {
    const written = write('丂', 'ISO IR87~ISO IR159');
    expect([...written.octets]).toEqual([0x1b, 0x24, 0x28, 0x44, 0x30, 0x21, 0x1b, 0x28, 0x42]);
    expect(read(written.octets, 'ISO IR87~ISO IR159').text).toBe('丂');
    expect(write('丂', 'ISO IR87').lost).toEqual([{ index: 0, instead: '〓' }]);
  });

  it('reads the escape sequences of HL7 text', () => {
    expect(read(octets('\\M2442\\;3\\C2842\\|\\C2949\\1\\C2842\\'), '~ISO IR87').text).toBe('山|ｱ');
  });

  it('takes NEC’s rows, and says so; an empty cell is read as the geta mark', () => {
    const nec = read(octets(0x1b, '$B', 0x2d, 0x21, 0x1b, '(B'), '~ISO IR87');
    expect(nec).toMatchObject({ text: '①', oddities: ['jis-extension'] });
    const empty = read(octets(0x1b, '$B', 0x7e, 0x7e, 0x1b, '(B'), '~ISO IR87');
    expect(empty).toMatchObject({ text: '〓', oddities: ['jis-unassigned'] });
  });

  it('ends at the end of a segment, though the sender forgot to', () => {
    expect(read(octets(0x1b, '$B', 0x3b, 0x33, '\rPID'), '~ISO IR87').text).toBe('山\rPID');
  });

  it.each([
    ['髙', '〓', '髙'],
    ['①', '〓', '①'],
    ['㈱', '〓', '㈱'],
    ['𠮷', '〓', '𠮷'],
    ['é', '〓', 'é'],
    ['ｱ', 'ア', 'ア'],
    ['ﾀﾞ', 'ダ', 'ダ'],
    ['ﾊﾟ', 'パ', 'パ'],
  ])('puts something for %s, which it cannot carry, and reports it', (character, instead) => {
    const text = `A${character}B`;
    const written = write(text, '~ISO IR87');
    expect(written.lost).toEqual([{ index: 1, instead }]);
    expect(read(written.octets, '~ISO IR87').text).toBe(`A${instead}B`);
  });

  it('carries half-width kana where ISO IR13 is named', () => {
    const written = write('ｱﾞ', 'ISO IR87~ISO IR13');
    expect(written.lost).toEqual([]);
    expect(read(written.octets, 'ISO IR87~ISO IR13').text).toBe('ｱﾞ');
  });

  it('cannot be broken by an ESC in a name', () => {
    expect(write('\u001b$B', '~ISO IR87').lost).toEqual([{ index: 0, instead: '〓' }]);
  });
});

describe('What systems really send', () => {
  const yamada = '山田太郎 ヤマダ';

  it('reads raw CP932 under ISO IR87, and says so', () => {
    const { octets: cp932 } = write('髙橋 ﾔﾏﾀﾞ', 'CP932');
    expect(read(cp932, '~ISO IR87')).toMatchObject({
      text: '髙橋 ﾔﾏﾀﾞ',
      oddities: ['cp932-undeclared'],
      sets: { declared: '~ISO IR87' },
    });
  });

  it('reads UTF-8 under ISO IR87, and says so', () => {
    expect(read(Buffer.from(yamada), '~ISO IR87')).toMatchObject({
      text: yamada,
      oddities: ['utf-8-undeclared'],
    });
  });

  it('reads kana of eight bits beside kanji of ISO-2022-JP, declared or not', () => {
    const written = write('山田', '~ISO IR87').octets;
    const mixed = Buffer.concat([Buffer.from([0xd4, 0xcf, 0xc0, 0xde]), Buffer.from('^'), written]);
    for (const declared of ['~ISO IR87', '']) {
      expect(read(mixed, declared)).toMatchObject({ text: 'ﾔﾏﾀﾞ^山田' });
      expect(read(mixed, declared).oddities).toContain('kana-undeclared');
    }
    expect(read(mixed, 'ISO IR13~ISO IR87')).toMatchObject({ text: 'ﾔﾏﾀﾞ^山田', oddities: [] });
  });

  it('reads UTF-8 and CP932 where half-width kana are declared beside ISO IR87', () => {
    for (const name of ['UNICODE UTF-8', 'CP932']) {
      expect(read(write(yamada, name).octets, 'ISO IR13~ISO IR87').text).toBe(yamada);
    }
    expect(() => read(octets(0x41, 0xff), 'ISO IR13')).toThrow(/102/);
  });

  it('reads UTF-8 where nothing is declared, and answers in it', () => {
    expect(read(Buffer.from(yamada), '')).toMatchObject({ text: yamada, sets: UTF_8 });
  });

  it('reads ISO-2022-JP where nothing is declared, and answers in it', () => {
    const { octets: written } = write(yamada, '~ISO IR87');
    expect(read(written, '')).toMatchObject({ text: yamada, sets: ISO_IR87 });
  });

  it('guesses no CP932 where nothing is declared', () => {
    const { octets: cp932 } = write('髙橋', 'CP932');
    expect(() => read(cp932, '')).toThrow(Refusal);
  });

  it.each(['EUC-JP', 'CP932', 'UNICODE UTF-8', 'UTF-8'])('reads what it writes in %s', (name) => {
    const written = write(yamada, name);
    expect(written.lost).toEqual([]);
    expect(read(written.octets, name).text).toBe(yamada);
  });

  it.each([
    ['8859/1', 'Müller'],
    ['8859/15', 'Müller €'],
    ['ASCII', 'Mueller'],
  ])('reads what it writes in %s', (name, text) => {
    const written = write(text, name);
    expect(written.lost).toEqual([]);
    expect(read(written.octets, name).text).toBe(text);
  });

  it('puts a question mark where there is no geta mark, and reports it', () => {
    const written = write('aé山', '8859/1');
    expect(Buffer.from(written.octets).toString('latin1')).toBe('aé?');
    expect(written.lost).toEqual([{ index: 2, instead: '?' }]);
  });

  it('loses nothing in UTF-8, variation selectors and all', () => {
    const text = '葛󠄀城 𠮷 ～－';
    expect(read(write(text, 'UNICODE UTF-8').octets, 'UNICODE UTF-8').text).toBe(text);
  });

  it('refuses octets that are no UTF-8 where UTF-8 is declared', () => {
    expect(() => read(octets(0xff), 'UNICODE UTF-8')).toThrow(/102/);
  });

  it('refuses a character set that it does not read', () => {
    expect(() => characterSetsOf('BIG-5')).toThrow(/103/);
  });
});
