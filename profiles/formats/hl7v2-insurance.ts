import {
  fieldText,
  isNullField,
  segmentsOf,
  textOf,
  unescapeText,
  type V2Message,
} from './hl7v2.ts';

/** A membership of a health insurance, in the shape of `profiles/patient.ts`. */
export interface V2Insurance {
  readonly insurer: string;
  readonly symbol?: string;
  readonly number: string;
  readonly branch?: string;
}

/** Memberships of one message. */
const MOST = 10;
const LONGEST = 40;

/**
 * Law numbers (法別番号) of health insurance, with which eight digits begin; six digits are national health insurance. All
 * other payers are public funds, which bear a part of the cost and say nothing of the household.
 */
const HEALTH_INSURANCE = /^(?:0[0-4678]|3[1-4]|39|63|67|7[2-5])\d{6}$|^\d{6}$/;

/**
 * The memberships that IN1 segments tell: IN1-3 the insurer, IN1-10 symbol, number and branch as three repetitions, as JAHIS
 * and SS-MIX2 write them. A number alone is that of late-elderly insurance. What is no membership is passed over.
 *
 * @returns undefined where the message has no IN1 and so says nothing; empty where it says that there is none
 * @see SS-MIX2 storage specification 1.2: ADT-00; HL7 v2.5 section 6.5.6
 */
export function insuranceIn(message: V2Message): readonly V2Insurance[] | undefined {
  const segments = segmentsOf(message, 'IN1');
  const [first] = segments;
  if (first === undefined) return undefined;
  const found = segments.slice(0, MOST).flatMap((segment) => {
    const insurer = (textOf(segment, 3) ?? '').normalize('NFKC').replace(/[\s-]/g, '');
    const parts = fieldText(segment, 10)
      .split(segment.delimiters.repetition)
      .map((part) => unescapeText(part, segment.delimiters).trim().slice(0, LONGEST));
    // One part is the number, two are symbol and number.
    const [symbol = '', number = '', branch = ''] = parts.length === 1 ? ['', ...parts] : parts;
    const said = (part: string) => (part === '""' ? '' : part);
    if (!HEALTH_INSURANCE.test(insurer) || said(number) === '') return [];
    return [
      {
        insurer,
        ...(said(symbol) === '' ? {} : { symbol }),
        number,
        ...(said(branch) === '' ? {} : { branch }),
      },
    ];
  });
  if (found.length > 0) return found;
  return isNullField(first, 3) ? [] : undefined;
}
