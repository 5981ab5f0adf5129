import { parseV2 } from '../../../profiles/formats/hl7v2.ts';
import { ITI_21 } from '../../../profiles/pdq/iti-21.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import { V2_CONTEXT } from '../../support/hl7v2-samples.ts';

const asking = (...parameters: readonly string[]) =>
  parseV2(
    `MSH|^~\\&|EHR|CLINIC|PDS|REGION|20300401||QBP^Q22^QBP_Q21|Q-1|P|2.5\rQPD|IHE PDQ Query|tag|${parameters.join('~')}\rRCP|I\r`,
  );

function refusalOf(...parameters: readonly string[]): Refusal | undefined {
  try {
    ITI_21.request.decode(asking(...parameters), V2_CONTEXT);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

describe('QPD-3 of ITI-21', () => {
  it.each([
    ['an unknown sex alone, which would ask for everybody', ['@PID.8^U'], '101', 'QPD^1^3'],
    ['the kind of an address alone', ['@PID.11.7^H'], '103', 'QPD^1^3^1^1'],
    [
      'a county, of which nothing is kept',
      ['@PID.7^19700101', '@PID.11.9^32201'],
      '103',
      'QPD^1^3^2^1',
    ],
    ['the use of a telephone alone', ['@PID.5.1.1^試験', '@PID.13.2^PRN'], '103', 'QPD^1^3^2^1'],
  ] as const)('is refused where it asks for %s', (_what, parameters, code, location) => {
    expect(refusalOf(...parameters)).toMatchObject({ code, location });
  });

  it('may say that the sex is unknown beside what is known, and how a number is used beside the number', () => {
    expect(refusalOf('@PID.8^U', '@PID.7^19700101')).toBeUndefined();
    expect(refusalOf('@PID.13.1^0852000000', '@PID.13.2^PRN')).toBeUndefined();
  });
});
