import { CSV_LIMITS, CsvError, csvRows } from '../../../scripts/identity/csv.ts';
import { CHART_NUMBERS, readRegistrations } from '../../../scripts/identity/registrations.ts';

async function all<T>(rows: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const row of rows) found.push(row);
  return found;
}
const cellsOf = async (...chunks: readonly string[]) =>
  (await all(csvRows(chunks))).map(({ cells }) => cells);

const HEAD = 'record_id,institution_code,local_patient_id,family_kanji,given_kanji,birth_date,sex';
const ROW = 'S1,3310000014,0001,試験,太郎,1970-01-01,M';

describe('a CSV', () => {
  it.each([
    ['LF', 'a,b\nc,d\n'],
    ['CRLF', 'a,b\r\nc,d\r\n'],
    ['CR', 'a,b\rc,d\r'],
    ['no line end at the end', 'a,b\nc,d'],
    ['a byte order mark', '\uFEFFa,b\nc,d\n'],
    ['empty lines', 'a,b\n\n\r\nc,d\n\n'],
    ['quotes', '"a","b"\n"c",d\n'],
  ])('is read with %s', async (_, text) => {
    expect(await cellsOf(text)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    // Cut anywhere, it is the same.
    expect(await cellsOf(...text)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('keeps commas, quotes and line ends inside quotes', async () => {
    expect(await cellsOf('"a,""b""\r\nc",d\n')).toEqual([['a,"b"\r\nc', 'd']]);
  });

  it('counts lines inside quotes too', async () => {
    const rows = await all(csvRows(['"a\nb",c\nd,e\n']));
    expect(rows.map(({ line }) => line)).toEqual([1, 3]);
  });

  it('keeps empty cells, and a line of commas', async () => {
    expect(await cellsOf('a,,\n,,\n')).toEqual([
      ['a', '', ''],
      ['', '', ''],
    ]);
  });

  it.each([
    ['a quote that is never closed', 'a,b\n"c,d\n', 2],
    ['a quote inside a cell', 'a,b\nc"d,e\n', 2],
    ['text after a closing quote', 'a\n"b"c\n', 2],
    ['a cell beyond the limit', `a\n${'x'.repeat(CSV_LIMITS.cell + 1)}`, 2],
    ['more cells than the limit', `a\n${','.repeat(CSV_LIMITS.cells + 1)}`, 2],
  ])('with %s is refused with its line', async (_, text, line) => {
    const error = await cellsOf(text).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(CsvError);
    expect((error as CsvError).line).toBe(line);
  });
});

describe('registrations', () => {
  it('are read whatever the order of the columns; unknown ones are passed over', async () => {
    const text = `note,sex,record_id,institution_code,local_patient_id,person_id\nx,F,S1,3310000014,0007,P1\n`;
    const [row] = await all(readRegistrations([text]));
    expect(row).toEqual({
      recordId: 'S1',
      line: 2,
      ids: [{ id: '0007', assigningAuthority: `${CHART_NUMBERS}3310000014` }],
      demographics: { names: [], administrativeGender: 'F' },
    });
  });

  it('keep what was sent, as it was sent', async () => {
    const [row] = await all(readRegistrations([`${HEAD},birth_raw\n${ROW},S450101\n`]));
    expect(row?.demographics).toMatchObject({
      names: [{ family: '試験', given: ['太郎'], representation: 'IDE' }],
      birthTime: '19700101',
      birthText: 'S450101',
    });
  });

  it.each<[string, string, number, string | undefined]>([
    ['an empty file', '', 1, undefined],
    ['a head without record_id', 'institution_code,local_patient_id\n', 1, 'record_id'],
    ['a row that is too short', `${HEAD}\nS1,3310000014\n`, 2, undefined],
    ['an empty record_id', `${HEAD}\n${ROW.replace('S1', '')}\n`, 2, 'record_id'],
    ['a record_id that was there', `${HEAD}\n${ROW}\n${ROW}\n`, 3, 'record_id'],
    [
      'an institution code that is none',
      `${HEAD}\n${ROW.replace('3310000014', '33')}\n`,
      2,
      'institution_code',
    ],
    [
      'a birth date that is none',
      `${HEAD}\n${ROW.replace('1970-01-01', 'soon')}\n`,
      2,
      'birth_date',
    ],
    ['a sex that there is none of', `${HEAD}\n${ROW.replace(/M$/, 'X')}\n`, 2, 'sex'],
  ])('with %s are refused, with line and column', async (_, text, line, column) => {
    const error = await all(readRegistrations([text])).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(CsvError);
    expect(error).toMatchObject({ line, column });
    // What is wrong is told, whose it is not.
    expect((error as CsvError).message).not.toMatch(/試験|太郎|0001/);
  });
});
