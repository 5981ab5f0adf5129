import {
  csvRecords,
  type ImportRecord,
  messageRecords,
} from '../../../scripts/identity/import-records.ts';
import { CsvError } from '../../../scripts/identity/csv.ts';

const HEAD =
  'record_id,institution_code,local_patient_id,family_kanji,given_kanji,birth_date,sex,insurer_no,insured_number,insured_branch';
const ROW = 'R1,3299900000,4711,試験,太郎,1970-01-01,M,01339999,101,00';
const NO_MAPPING = { byInstitution: new Map<string, string>() };

async function all(records: AsyncIterable<ImportRecord>): Promise<readonly ImportRecord[]> {
  const found: ImportRecord[] = [];
  for await (const record of records) found.push(record);
  return found;
}
const csv = (text: string, mapping = NO_MAPPING) => all(csvRecords([text], mapping));
const faults = (records: readonly ImportRecord[]) =>
  records.flatMap((record) => ('fault' in record ? [record.fault] : []));
const idsIn = (records: readonly ImportRecord[]) =>
  records.flatMap((record) => ('registration' in record ? record.registration.ids : []));

describe('A CSV of registrations', () => {
  it('gives chart numbers the authority of the national rule, or that of the mapping', async () => {
    const other = 'R2,3299911111,12,見本,花子,1970-01-01,F,,,';
    const byInstitution = new Map([['3299911111', '2.999.1']]);
    const records = await csv(`${HEAD}\n${ROW}\n${other}\n`, { byInstitution });
    expect(idsIn(records)).toEqual([
      { id: '4711', assigningAuthority: '1.2.392.100495.20.3.51.13299900000' },
      { id: '12', assigningAuthority: '2.999.1' },
    ]);
    expect(records[0]).toMatchObject({
      line: 2,
      registration: {
        demographics: {
          birthTime: '19700101',
          administrativeGender: 'M',
          insurance: [{ insurer: '01339999', number: '101', branch: '00' }],
        },
      },
    });
  });

  it('tells what is wrong by line and column, without anything of the person, and goes on', async () => {
    const wrong = [
      'R1,32,4711,試験,太郎,1970-01-01,M,,,',
      'R2,3299900000,,試験,太郎,1970-01-01,M,,,',
      'R3,3299900000,4713,試験,太郎,somewhen,M,,,',
      'R4,3299900000,4714,試験,太郎,1970-01-01,X,,,',
      'R5,3299900000,4715',
      ROW,
    ];
    const records = await csv(`${HEAD}\n${wrong.join('\n')}\n`);
    expect(faults(records)).toEqual([
      { line: 2, column: 'institution_code', reason: 'must have ten digits' },
      { line: 3, column: 'local_patient_id', reason: 'must not be empty' },
      { line: 4, column: 'birth_date', reason: 'must be a date such as 1958-03-12' },
      { line: 5, column: 'sex', reason: 'must be M, F, O or U' },
      { line: 6, reason: 'has 3 cells where the head has 10' },
    ]);
    expect(idsIn(records)).toHaveLength(1);
    expect(JSON.stringify(faults(records))).not.toMatch(/試験|太郎|somewhen/);
  });

  it('takes no day that there is not; of one that is known in part, that part', async () => {
    const dates = [
      '1970-13-45',
      '1970-02-30',
      '0000-00-00',
      '1970-00-00',
      '1970-03-00',
      '昭和45年1月1日',
    ];
    const rows = dates.map((date, at) => `R${at},3299900000,48${at},試験,太郎,${date},M,,,`);
    const records = await csv(`${HEAD}\n${rows.join('\n')}\n`);
    expect(faults(records).map(({ line, column }) => [line, column])).toEqual([
      [2, 'birth_date'],
      [3, 'birth_date'],
    ]);
    const births = records.flatMap((record) =>
      'registration' in record ? [record.registration.demographics.birthTime] : [],
    );
    expect(births).toEqual([undefined, '1970', '197003', '19700101']);
  });

  it('cannot be read without its head, or behind a quote that is never closed', async () => {
    await expect(csv('')).rejects.toBeInstanceOf(CsvError);
    await expect(csv('record_id,sex\n1,M\n')).rejects.toThrow('institution_code');
    await expect(csv(`${HEAD}\n"${ROW}\n`)).rejects.toThrow('never closed');
  });
});

const AUTHORITY = '2.999.3.8';
const CONTEXT = {
  now: () => new Date('2030-01-01T00:00:00Z'),
  uuid: () => '00000000-0000-4000-8000-000000000000',
  device: '2.999.1',
  authorities: { known: [{ oid: AUTHORITY, namespace: 'HOSP' }, { oid: '2.999.3.9' }], fed: [] },
};
const message = (trigger: string, pid3: string, pid5 = 'TEST^TARO') =>
  [
    `MSH|^~\\&|A|B|C|D|20300101||ADT^${trigger}|1|P|2.5|||||||UNICODE UTF-8`,
    'EVN||20300101',
    `PID|||${pid3}||${pid5}||19700101|M`,
    'PV1||O',
  ].join('\r');
const read = (text: string | Uint8Array, size = 7, sole?: string) => {
  const octets = typeof text === 'string' ? Buffer.from(text) : text;
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < octets.length; at += size) chunks.push(octets.subarray(at, at + size));
  return all(messageRecords(chunks, { ...NO_MAPPING, ...(sole && { sole }) }, CONTEXT));
};

describe('A file of HL7 v2 messages', () => {
  const one = message('A04', '1^^^HOSP');
  const two = message('A08', '2^^^HOSP', '試験^太郎^^^^^L^I');

  it('is read alone or as a batch, whatever ends its lines, and framed as for MLLP', async () => {
    const ids = ['1', '2'].map((id) => ({ id, assigningAuthority: AUTHORITY }));
    const batch = ['FHS|^~\\&', 'BHS|^~\\&', one, two, 'BTS|2', 'FTS|1'].join('\r');
    for (const text of [
      `${one}\r${two}\r`,
      batch,
      batch.replaceAll('\r', '\r\n'),
      batch.replaceAll('\r', '\n'),
      `\u000b${one}\r\u001c\r\u000b${two}\r\u001c\r`,
    ]) {
      const records = await read(text);
      expect(faults(records)).toEqual([]);
      expect(idsIn(records)).toEqual(ids);
    }
    const [, revision] = await read(`${one}\r${two}\r`);
    expect(revision).toMatchObject({
      line: 5,
      registration: {
        unchanged: ['mothersMaidenName', 'addresses', 'telecoms', 'multipleBirthOrderNumber'],
      },
    });
  });

  it('is decoded message by message, by its MSH-18', async () => {
    const jis = Buffer.from(
      message('A04', '3^^^HOSP', '\u001b$B;n83\u001b(B').replace('UNICODE UTF-8', '~ISO IR87'),
      'latin1',
    );
    const records = await read(Buffer.concat([Buffer.from(`${two}\r`), jis]), 11);
    expect(faults(records)).toEqual([]);
    expect(records[1]).toMatchObject({
      registration: { demographics: { names: [{ family: '試験' }] } },
    });
  });

  it('tells what is wrong by line and field, and goes on', async () => {
    const text = [
      message('A24', '1^^^HOSP'),
      message('A04', '1'),
      message('A04', '1^^^HOSP~2^^^&2.999.3.9&ISO'),
      message('A04', ''),
      'MSH|^~',
      'PID|1',
      one,
      'BTS|9',
    ].join('\r');
    const records = await read(text);
    expect(
      faults(records).map(({ line, column, reason }) => [line, column, reason.slice(0, 3)]),
    ).toEqual([
      [1, 'MSH^1^9', '201'],
      [5, 'PID^1^3^1^4', '204'],
      [9, 'PID^1^3', '204'],
      [13, 'PID^1^3', '101'],
      [17, expect.anything(), expect.any(String)],
      [23, 'BTS^1^1', 'cou'],
    ]);
    expect(idsIn(records)).toEqual([{ id: '1', assigningAuthority: AUTHORITY }]);
  });

  it('tells the merge of an A40, of the authority that is imported alone', async () => {
    const merge = `${message('A40', '1^^^HOSP')}\rMRG|2^^^HOSP`;
    const of = (id: string) => ({ id, assigningAuthority: AUTHORITY });
    expect(await read(merge)).toEqual([
      { line: 1, merge: { surviving: of('1'), subsumed: of('2') } },
    ]);
    expect(await read(merge, 50, AUTHORITY)).toHaveLength(1);
    expect(faults(await read(merge, 50, '2.999.3.9'))).toMatchObject([
      { column: expect.anything() },
    ]);
    expect(faults(await read(message('A40', '1^^^HOSP')))).toMatchObject([{ line: 1 }]);
  });

  it('takes of several authorities the one that is imported, and refuses a message that has none of it', async () => {
    const several = message('A04', '1^^^HOSP~2^^^&2.999.3.9&ISO');
    expect(idsIn(await read(several, 50, '2.999.3.9'))).toEqual([
      { id: '2', assigningAuthority: '2.999.3.9' },
    ]);
    expect(faults(await read(one, 50, '2.999.3.9'))).toMatchObject([
      { line: 1, column: 'PID^1^3' },
    ]);
  });

  it('does not keep what is too long', async () => {
    const long = `${one}\rOBX|${'x'.repeat(1_100_000)}\r${two}\r`;
    const records = await read(long, 65_536);
    expect(faults(records)).toMatchObject([{ line: 1, reason: expect.stringContaining('octets') }]);
    expect(idsIn(records)).toEqual([{ id: '2', assigningAuthority: AUTHORITY }]);
  });
});
