import { readV2, type V2Message } from '../../profiles/formats/hl7v2.ts';
import { decodeCX } from '../../profiles/formats/datatypes.ts';
import { headerIn, type V2Context } from '../../profiles/formats/hl7v2-reply.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { readMerge, readRegistration } from '../../profiles/pix/adt.ts';
import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import type { FedMerge } from '../../actors/patient-identity/feed-many.ts';
import { withoutBlanks } from '../../actors/patient-identity/feed-v2.ts';
import type { Registration } from '../../actors/patient-identity/iti-44-patient-identity-feed-hl7v3.ts';
import { CsvError, csvRows } from './csv.ts';
import { placesOf, registrationOf } from './registrations.ts';

/** What is wrong in a file and where, without anything of a person. Lines count from 1. */
export interface ImportFault {
  readonly line: number;
  /** Of a CSV the column's name; of a message the segment and field (`PID^1^3`). */
  readonly column?: string;
  readonly reason: string;
}

/** One record of a file: a registration, a merge of two chart numbers, or what keeps it from being either. */
export type ImportRecord =
  | { readonly line: number; readonly registration: Registration }
  | { readonly line: number; readonly merge: FedMerge }
  | { readonly line: number; readonly fault: ImportFault };

/** Which assigning authority the chart numbers of a file are of. */
export interface AuthorityMapping {
  /** By institution code, in place of the national rule. */
  readonly byInstitution: ReadonlyMap<string, string>;
  /** For messages: that which numbers are of that name none; and of several, the only one that counts. */
  readonly sole?: string;
  /** OID of the region's own ids, where those that a file tells among other ids are not to be taken. */
  readonly passedOver?: string;
}

/**
 * Records of a CSV with the columns of `patient match`. The authority of an institution's chart numbers is that which the
 * mapping names, or its OID by the national rule (1.2.392.100495.20.3.51.1 and the ten digits). Ids in the column `other_ids`
 * are what asOtherIDs are to a feed.
 *
 * @throws CsvError where the file itself cannot be read on: no head, a quote that is never closed
 */
export async function* csvRecords(
  chunks: AsyncIterable<string> | Iterable<string>,
  mapping: AuthorityMapping,
): AsyncGenerator<ImportRecord> {
  let places: ReturnType<typeof placesOf> | undefined;
  let width = 0;
  for await (const { line, cells } of csvRows(chunks)) {
    if (places === undefined) {
      places = placesOf(cells);
      width = cells.length;
      continue;
    }
    try {
      if (cells.length !== width) {
        throw new CsvError(line, `has ${cells.length} cells where the head has ${width}`);
      }
      const row = Object.fromEntries([...places].map(([name, at]) => [name, cells[at]?.trim()]));
      const { ids, demographics } = registrationOf(row, line);
      const mapped = mapping.byInstitution.get(row['institution_code'] ?? '');
      yield {
        line,
        registration: {
          ids:
            mapped === undefined ? ids : ids.map(({ id }) => ({ id, assigningAuthority: mapped })),
          otherIds: takenOf(otherIdsOf(row.other_ids ?? '', line), mapping),
          demographics,
        },
      };
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      const { column, reason } = error;
      yield { line, fault: { line, ...(column === undefined ? {} : { column }), reason } };
    }
  }
  if (places === undefined) throw new CsvError(1, 'the file is empty');
}

/** Other ids of one person. */
const MOST_OTHER_IDS = 50;

/** Ids as `ID^^^&OID&ISO`, with `~` between. @throws CsvError */
function otherIdsOf(text: string, line: number): readonly PatientId[] {
  if (text === '') return [];
  const parts = text.split('~');
  if (parts.length > MOST_OTHER_IDS) {
    throw new CsvError(line, `has more than ${MOST_OTHER_IDS} ids`, 'other_ids');
  }
  try {
    return parts.map((part) => decodeCX(part.trim()));
  } catch {
    throw new CsvError(line, 'must be ids as ID^^^&OID&ISO, with ~ between', 'other_ids');
  }
}

function takenOf(
  otherIds: readonly PatientId[],
  { passedOver }: AuthorityMapping,
): readonly PatientId[] {
  return otherIds.filter(({ assigningAuthority }) => assigningAuthority !== passedOver);
}

/** Octets of one message, and messages of one file. */
const MOST_OCTETS = 1_048_576;

/** A message as it stands in a file. */
interface FileMessage {
  readonly line: number;
  readonly octets: Uint8Array;
  /** It is longer than is read. */
  readonly isTooLong: boolean;
}

/** A trailer, which counts what came before it. */
interface Trailer {
  readonly line: number;
  readonly said: number | undefined;
  readonly found: number;
}

const CR = 0x0d;
const LF = 0x0a;
const HEADS = ['FHS', 'BHS', 'BTS', 'FTS'];

/**
 * Records of HL7 v2 messages, alone or as a batch (FHS BHS … BTS FTS), one segment a line; what frames MLLP is passed over.
 * Each message is decoded by its own MSH-18. A01, A04, A05 and A08 are registrations, A40 is a merge, all else is a fault.
 *
 * @see HL7 v2.5 section 2.10.3
 */
export async function* messageRecords(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  mapping: AuthorityMapping,
  context: V2Context,
): AsyncGenerator<ImportRecord> {
  for await (const part of partsOf(chunks)) {
    if ('found' in part) {
      const { line, said, found } = part;
      if (said === undefined || said === found) continue;
      const reason = `counts ${said} messages where ${found} came before it`;
      yield { line, fault: { line, column: 'BTS^1^1', reason } };
      continue;
    }
    const { line } = part;
    try {
      yield { line, ...recordIn(part, mapping, context) };
    } catch (error) {
      const [refusal] = refusalsOf(error) ?? [];
      if (!(refusal instanceof Refusal)) throw error;
      const { location: column, code, context: reason } = refusal;
      const where = column === undefined ? {} : { column };
      yield { line, fault: { line, ...where, reason: `${code}: ${reason}` } };
    }
  }
}

const KINDS: Readonly<Record<string, 'add' | 'revise'>> = {
  A01: 'add',
  A04: 'add',
  A05: 'add',
  A08: 'revise',
};

function recordIn(
  { octets, isTooLong }: FileMessage,
  mapping: AuthorityMapping,
  context: V2Context,
): { readonly registration: Registration } | { readonly merge: FedMerge } {
  if (isTooLong) throw new Refusal('102', `at most ${MOST_OCTETS} octets in a message`);
  const message = readV2(octets);
  const { type, trigger = '' } = headerIn(message);
  if (type === 'ADT' && trigger === 'A40') return { merge: mergeIn(message, mapping, context) };
  const kind = type === 'ADT' ? KINDS[trigger] : undefined;
  if (kind === undefined) {
    throw new Refusal('201', 'only ADT^A01, A04, A05, A08 and A40 are imported', {
      location: 'MSH^1^9',
    });
  }
  const { ids, otherIds, demographics, unchanged } = withoutBlanks(
    readRegistration(message, kind, context),
  );
  return {
    registration: {
      ids: onlyOf(ids, mapping.sole),
      otherIds: takenOf(otherIds, mapping),
      demographics,
      ...(unchanged === undefined ? {} : { unchanged }),
    },
  };
}

/** @throws Refusal 204 for ids of another authority than the one that is imported */
function mergeIn(message: V2Message, { sole }: AuthorityMapping, context: V2Context): FedMerge {
  const { surviving, subsumed } = readMerge(message, context);
  if (sole === undefined || subsumed.assigningAuthority === sole) return { surviving, subsumed };
  throw new Refusal('204', 'no identifier of the authority that is imported', {
    location: 'MRG^1^1',
  });
}

/** One hospital's numbers. @throws Refusal 204 for those of several, where it is not said which counts */
function onlyOf(ids: readonly PatientId[], sole: string | undefined): readonly PatientId[] {
  const own =
    sole === undefined ? ids : ids.filter(({ assigningAuthority }) => assigningAuthority === sole);
  const authorities = new Set(own.map(({ assigningAuthority }) => assigningAuthority));
  if (authorities.size === 1) return own;
  const reason =
    authorities.size === 0
      ? 'no identifier of the authority that is imported'
      : 'identifiers of several authorities: say which one is imported';
  throw new Refusal('204', reason, { location: 'PID^1^3' });
}

async function* partsOf(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<FileMessage | Trailer> {
  let lines: Uint8Array[] = [];
  let begun = 0;
  let size = 0;
  let messages = 0;
  const message = (): FileMessage[] => {
    if (lines.length === 0) return [];
    const octets = Buffer.concat(lines.flatMap((one) => [one, Uint8Array.of(CR)]));
    const isTooLong = size > MOST_OCTETS;
    lines = [];
    size = 0;
    messages += 1;
    return [{ line: begun, octets, isTooLong }];
  };
  for await (const { line, octets } of octetLines(chunks)) {
    const name = Buffer.from(octets.subarray(0, 3)).toString('latin1');
    if (name === 'MSH' || HEADS.includes(name)) yield* message();
    if (name === 'MSH') begun = line;
    if (name === 'BHS') messages = 0;
    if (name === 'BTS') {
      const said = /^BTS.(\d{1,9})/.exec(Buffer.from(octets).toString('latin1'))?.[1];
      yield { line, said: said === undefined ? undefined : Number(said), found: messages };
    }
    if (HEADS.includes(name)) continue;
    if (name !== 'MSH' && lines.length === 0) begun = line;
    size += octets.length + 1;
    // What is too long is not kept: what it begins with says that it is.
    if (size <= MOST_OCTETS || lines.length === 0) lines.push(octets.subarray(0, MOST_OCTETS));
  }
  yield* message();
}

/** Lines that are not empty, without what ends them. No character set of HL7 v2 has a CR or LF inside a character. */
async function* octetLines(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<{ readonly line: number; readonly octets: Uint8Array }> {
  let rest: Uint8Array[] = [];
  let kept = 0;
  let line = 1;
  let afterReturn = false;
  const taken = () => {
    const octets = withoutFrame(Buffer.concat(rest));
    rest = [];
    kept = 0;
    return octets;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const octet = chunk[at];
      if (octet !== CR && octet !== LF) continue;
      const isSecond = octet === LF && afterReturn && at === start && kept === 0;
      rest.push(chunk.subarray(start, at));
      const octets = taken();
      if (octets.length > 0) yield { line, octets };
      if (!isSecond) line += 1;
      start = at + 1;
      afterReturn = octet === CR;
    }
    if (start < chunk.length) {
      afterReturn = false;
      const left = chunk.subarray(start);
      // Of a line without an end no more is kept than makes it too long.
      if (kept <= MOST_OCTETS) rest.push(left);
      kept += left.length;
    }
  }
  const last = taken();
  if (last.length > 0) yield { line, octets: last };
}

/** MLLP's start and end of a block, and a byte order mark. */
function withoutFrame(octets: Uint8Array): Uint8Array {
  let start = 0;
  while ([0x0b, 0x1c, 0xef, 0xbb, 0xbf].includes(octets[start] ?? 0)) start += 1;
  let end = octets.length;
  while (end > start && octets[end - 1] === 0x1c) end -= 1;
  return octets.subarray(start, end);
}

/** True for a file that holds HL7 v2 messages and no CSV, by its first octets. */
export function looksLikeMessages(octets: Uint8Array): boolean {
  const head = Buffer.from(withoutFrame(octets.subarray(0, 16))).toString('latin1');
  return /^(?:FHS|BHS|MSH)[^A-Za-z0-9_,]/.test(head);
}
