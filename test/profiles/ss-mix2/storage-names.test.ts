import {
  extendedTypeOf,
  readExtendedPath,
  readStandardPath,
} from '../../../profiles/ss-mix2/storage-names.ts';

const RESULT = '0000000091_20240612_OML-11_000000020240612_20240612150500000_01_1';
const standard = (name: string, date = '20240612', type = 'OML-11', id = '0000000091') =>
  readStandardPath([id.slice(0, 3), id.slice(3, 6), id, date, type, name]);

describe('The name of a file in the standardised storage', () => {
  it('tells patient, care date, data type, order, time, department and condition flag', () => {
    expect(standard(RESULT)).toEqual({
      patientId: '0000000091',
      careDate: '20240612',
      dataType: 'OML-11',
      order: '000000020240612',
      time: '20240612150500000',
      department: '01',
      conditionFlag: '1',
    });
  });

  it('has no care date and no department where it writes a dash', () => {
    const name = '0000000091_-_ADT-00_999999999999999_20240610093015123_-_1';

    expect(standard(name, '-', 'ADT-00')).toEqual({
      patientId: '0000000091',
      dataType: 'ADT-00',
      order: '999999999999999',
      time: '20240610093015123',
      conditionFlag: '1',
    });
  });

  it.each([
    ['parts', RESULT.slice(0, -2)],
    ['parts', `${RESULT}_1`],
    ['patient id', RESULT.replace('0000000091', '00091')],
    ['care date', RESULT.replace('_20240612_', '_20240631_')],
    ['care date', RESULT.replace('_20240612_', '_-_')],
    ['data type', RESULT.replace('OML-11', 'OML-99')],
    ['order number', RESULT.replace('000000020240612', '20240612')],
    ['time', RESULT.replace('20240612150500000', '20240612150500')],
    ['department', RESULT.replace('_01_', '_内_')],
    ['condition flag', `${RESULT.slice(0, -1)}3`],
    ['folders', RESULT.replaceAll('0000000091', '0000000092')],
    ['folders', RESULT.replace('_20240612_', '_20240613_')],
  ])('is refused for its %s: %s', (fault, name) => {
    expect(standard(name)).toBe(fault);
  });

  it('is refused when the folders are not six', () => {
    expect(readStandardPath(['000', '0000000091', '20240612', 'OML-11', RESULT])).toBe('parts');
  });
});

describe('The name of a content folder in the extended storage', () => {
  const TYPE = '^紹介状^^57133-1^紹介状^LN';
  const FOLDER = `10000137_20240620_${TYPE}_REF2024000123_20240620103000000_01_1`;
  const extended = (name: string, type = TYPE) =>
    readExtendedPath(['100', '001', '10000137', '20240620', type, name]);

  it('tells the same of a type whose name holds carets', () => {
    expect(extended(FOLDER)).toEqual({
      patientId: '10000137',
      careDate: '20240620',
      dataType: TYPE,
      order: 'REF2024000123',
      time: '20240620103000000',
      department: '01',
      conditionFlag: '1',
    });
  });

  it('tells it of a type whose name holds underscores, too', () => {
    const type = 'L_1^看護_記録^99ZL01^^^';

    expect(extended(FOLDER.replace(TYPE, type), type)).toMatchObject({ dataType: type });
  });

  it.each([
    ['folders', FOLDER.replace('10000137', '10000138')],
    ['order number', FOLDER.replace('REF2024000123', 'R'.repeat(23))],
    ['parts', FOLDER.slice(0, -2)],
  ])('is refused for its %s', (fault, name) => {
    expect(extended(name)).toBe(fault);
  });

  it('is refused for a type without its six parts', () => {
    expect(extended(FOLDER.replace(TYPE, '紹介状'), '紹介状')).toBe('data type');
  });

  it('names local and standard code', () => {
    expect(extendedTypeOf('L-1^観察^99ZL01^57133-1^紹介状^LN')).toEqual({
      local: { code: 'L-1', name: '観察', system: '99ZL01' },
      standard: { code: '57133-1', name: '紹介状', system: 'LN' },
    });
  });
});
