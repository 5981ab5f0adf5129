import {
  findGender,
  findNM,
  findTS,
  findXAD,
  findXTN,
  namesOf,
  type V2Address,
  type V2Name,
  type V2Telecom,
  writeXAD,
  writeXPN,
  writeXTN,
  writtenGender,
} from './hl7v2-datatypes.ts';
import { isNullField, isSaid, repetitionsOf, type V2Field, type V2Segment } from './hl7v2.ts';
import { known } from './hl7v3-reading.ts';

/** What PID says of a person. The shape is that of `profiles/patient.ts`. */
export interface V2Person {
  readonly names: readonly V2Name[];
  readonly mothersMaidenName?: readonly V2Name[];
  readonly administrativeGender?: 'M' | 'F' | 'UN';
  readonly birthTime?: string;
  readonly addresses?: readonly V2Address[];
  readonly telecoms?: readonly V2Telecom[];
  readonly multipleBirthOrderNumber?: number;
}

/** Fields of PID by what they hold. Source: HL7 v2.5 section 3.4.2. */
const FIELDS = {
  names: [5],
  mothersMaidenName: [6],
  birthTime: [7],
  administrativeGender: [8],
  addresses: [11],
  telecoms: [13, 14],
  multipleBirthOrderNumber: [25],
} as const satisfies Record<keyof V2Person, readonly number[]>;

/**
 * Reads the demographics of a PID segment; a field that is null says that there is nothing.
 *
 * @throws Refusal 102 or 103, at the field
 */
export function readPID(pid: V2Segment): V2Person {
  const list = <Value>(
    fields: readonly number[],
    find: (at: ReturnType<typeof repetitionsOf>[number]) => Value | undefined,
  ) => {
    const values = fields
      .flatMap((field) => repetitionsOf(pid, field))
      .map(find)
      .filter((value) => value !== undefined);
    return values.length === 0 ? undefined : values;
  };
  const mothersMaidenName = namesOf(repetitionsOf(pid, 6));
  return known<V2Person>({
    names: namesInPID(pid),
    mothersMaidenName: mothersMaidenName.length === 0 ? undefined : mothersMaidenName,
    birthTime: list(FIELDS.birthTime, findTS)?.[0],
    administrativeGender: list(FIELDS.administrativeGender, findGender)?.[0],
    addresses: list(FIELDS.addresses, findXAD),
    telecoms: list(FIELDS.telecoms, findXTN),
    multipleBirthOrderNumber: list(FIELDS.multipleBirthOrderNumber, findNM)?.[0],
  });
}

/** The names alone, whatever else the segment says. */
export function namesInPID(pid: V2Segment): readonly V2Name[] {
  return namesOf(repetitionsOf(pid, 5));
}

/** XPN-7 of a maiden name, table 0200. */
const MAIDEN_NAME = 'M';
/** XPN-7 where nobody said of which kind a name is: the component is required. Source: HL7 v2.5 table 0200. */
const UNSPECIFIED = 'U';

/**
 * What a PID segment leaves as it was: fields that are empty, not null, and names of which nothing but the kind is said, for
 * PID-5 must be there (`^^^^^^U`). Source: HL7 v2.5 section 2.5.3.
 */
export function unsaidIn(pid: V2Segment): readonly (keyof V2Person)[] {
  const isNameless = namesInPID(pid).length === 0 && !isNullField(pid, 5);
  return (Object.keys(FIELDS) as (keyof V2Person)[]).filter(
    (name) => !FIELDS[name].some((field) => isSaid(pid, field)) || (name === 'names' && isNameless),
  );
}

/** The demographic fields of PID, to write. */
export function fieldsOfPID(person: V2Person): Readonly<Record<number, V2Field>> {
  const order = person.multipleBirthOrderNumber;
  return {
    5: person.names.map((name) => writeXPN(name, UNSPECIFIED)),
    6: person.mothersMaidenName?.map((name) => writeXPN(name, MAIDEN_NAME)),
    7: person.birthTime,
    8: writtenGender(person.administrativeGender),
    11: person.addresses?.map(writeXAD),
    13: person.telecoms?.map(writeXTN),
    ...(order === undefined ? {} : { 24: 'Y', 25: String(order) }),
  };
}
