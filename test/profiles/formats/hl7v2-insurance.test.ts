import { parseV2 } from '../../../profiles/formats/hl7v2.ts';
import { insuranceIn } from '../../../profiles/formats/hl7v2-insurance.ts';

const read = (...segments: readonly string[]) =>
  insuranceIn(parseV2(['MSH|^~\\&|A|B', ...segments].join('\r')));
const in1 = (insurer: string, tenth: string) => `IN1|1|01^X^JHSD0001|${insurer}|||||||${tenth}||`;

describe('IN1', () => {
  it('tells insurer, symbol, number and branch: IN1-3, and IN1-10 as three repetitions', () => {
    expect(read(in1('01339019', '12345~101~00'))).toEqual([
      { insurer: '01339019', symbol: '12345', number: '101', branch: '00' },
    ]);
  });

  it('tells a membership without symbol, without branch, or with a number alone', () => {
    expect(read(in1('01339019', '~101~02'))).toEqual([
      { insurer: '01339019', number: '101', branch: '02' },
    ]);
    expect(read(in1('330015', '岡・1~101'))).toEqual([
      { insurer: '330015', symbol: '岡・1', number: '101' },
    ]);
    expect(read(in1('39339080', '39100231'))).toEqual([
      { insurer: '39339080', number: '39100231' },
    ]);
  });

  it('tells several, in any width and escaped, and passes over public funds and what is none', () => {
    const found = read(
      in1('０１３３９０１９', 'A\\T\\B~1~""'),
      in1('54339011', '1234567'),
      in1('12', '1~2~3'),
      in1('01339019', '1~~00'),
      in1('06139019', '1~2~00'),
    );
    expect(found).toEqual([
      { insurer: '01339019', symbol: 'A&B', number: '1' },
      { insurer: '06139019', symbol: '1', number: '2', branch: '00' },
    ]);
  });

  it('says nothing where it is missing or public funds alone, and that there is none where it is null', () => {
    expect(read('PID|1')).toBeUndefined();
    expect(read(in1('54339011', '1234567'))).toBeUndefined();
    expect(read(in1('""', '""'))).toEqual([]);
  });
});
