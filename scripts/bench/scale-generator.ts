import { type Cipher, createCipheriv } from 'node:crypto';
import type { PatientId } from '../../profiles/patient.ts';
import type { AllowedCode } from '../../profiles/xds/affinity-domain.ts';
import type { SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import { japaneseCodeSets } from '../../profiles/xds/japan-codes.ts';
import type { Author, Code, DocumentEntry, SubmissionSet } from '../../profiles/xds/metadata.ts';
import {
  associationToEbxml,
  documentEntryToEbxml,
  submissionSetToEbxml,
} from '../../profiles/xds/metadata-ebxml.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';
import { BENCH, benchPatient } from './bench-region.ts';

/** DocumentEntries of each patient. */
export const ENTRIES_A_PATIENT = 10;

/** The submissions of a patient, each with so many entries; together they are `ENTRIES_A_PATIENT`. */
const SUBMISSIONS = [1, 3, 1, 2, 1, 2] as const;

/** The affinity domain of the generated metadata: every code below is of it. */
export const SCALE_CODE_SETS = japaneseCodeSets(`${BENCH.homeCommunityId.slice(8)}.4`);

/** Times from 2020 on, in the clock's minutes of six years. */
const FIRST_INSTANT = Date.UTC(2020, 0, 1);
const MINUTES = 6 * 365 * 24 * 60;
const HOSPITALS = 40;
const DOCTORS = 25;
const BLOCK = Buffer.alloc(65_536);

/** Chance of which its seed alone decides: the key stream of AES, so that no two seeds ever give the same ids. */
export class Dice {
  readonly #stream: Cipher;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(seed: number) {
    const key = Buffer.alloc(16);
    key.writeUInt32BE(seed);
    this.#stream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  }

  /** A whole number from 0 up to, but without, `end`; `end` is far below 2^32, so that the remainder does not show. */
  below(end: number): number {
    return this.#take(4).readUInt32BE() % end;
  }

  /** @throws Error when there is nothing to pick */
  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }

  hex(bytes: number): string {
    return this.#take(bytes).toString('hex');
  }

  /** A lower-case UUID, version 4. */
  uuid(): string {
    const text = this.hex(16);
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-a${text.slice(17, 20)}-${text.slice(20)}`;
  }

  /** An OID under 2.25, of 128 bits. */
  oid(): string {
    return `2.25.${BigInt(`0x${this.hex(16)}`)}`;
  }

  #take(bytes: number): Buffer {
    if (this.#at + bytes > this.#block.length) {
      this.#block = this.#stream.update(BLOCK);
      this.#at = 0;
    }
    this.#at += bytes;
    return this.#block.subarray(this.#at - bytes, this.#at);
  }
}

/**
 * The submissions of so many patients, ten entries each, in the order in which a region would get them: the first of every
 * patient, then the second of every patient, so that what belongs to one patient lies far apart.
 */
export function* submissionsOf(patients: number, dice: Dice): Iterable<SubmitObjectsRequest> {
  for (const [round, entries] of SUBMISSIONS.entries()) {
    const order = shuffled(patients, dice);
    for (const n of order) yield submissionAt(benchPatient(n), { entries, round, dice });
  }
}

function shuffled(count: number, dice: Dice): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, n) => n);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = dice.below(last + 1);
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}

/** One submission of a patient: a SubmissionSet, its entries with symbolic ids, and a HasMember each. */
export function submissionAt(
  patientId: PatientId,
  { entries, round, dice }: { entries: number; round: number; dice: Dice },
): SubmitObjectsRequest {
  const at = new Date(FIRST_INSTANT + (round + dice.below(MINUTES / 6) / (MINUTES / 6)) * YEAR_MS);
  const visit: Visit = { patientId, at, author: authorBy(dice), dice };
  const documents = Array.from({ length: entries }, (_, index) => entryOf(visit, index));
  const set: SubmissionSet = {
    kind: 'SubmissionSet',
    entryUUID: SUBMISSION_SET,
    title: `登録 ${dtm(at).slice(0, 8)}`,
    patientId,
    uniqueId: dice.oid(),
    sourceId: BENCH.sourceId,
    author: [visit.author],
    contentTypeCode: codeOf('contentTypeCode', dice),
    submissionTime: dtm(at),
  };
  return {
    objects: [
      ...documents.map(documentEntryToEbxml),
      submissionSetToEbxml(set),
      ...documents.map(({ entryUUID }, index) =>
        associationToEbxml({
          kind: 'Association',
          entryUUID: `Association${index}`,
          associationType: ASSOCIATION_TYPE.HasMember,
          sourceObject: SUBMISSION_SET,
          targetObject: entryUUID,
          submissionSetStatus: 'Original',
        }),
      ),
    ],
  };
}

const SUBMISSION_SET = 'SubmissionSet1';
const YEAR_MS = 365 * 86_400_000;

interface Visit {
  readonly patientId: PatientId;
  readonly at: Date;
  readonly author: Author;
  readonly dice: Dice;
}

/** The size of what the other scenes submit, and what a Japanese hospital would fill in beyond it. */
function entryOf({ patientId, at, author, dice }: Visit, index: number): DocumentEntry {
  const kind = codeOf('typeCode', dice);
  const start = new Date(at.getTime() - dice.below(14) * 86_400_000);
  return {
    kind: 'DocumentEntry',
    objectType: 'Stable',
    entryUUID: `Document${index}`,
    patientId,
    uniqueId: dice.oid(),
    mimeType: dice.pick(['text/xml', 'application/pdf', 'application/fhir+json']),
    title: `${kind.displayName ?? ''} ${dtm(at).slice(0, 8)}`,
    comments: '計測のための記載。',
    author: [author],
    classCode: kind,
    typeCode: kind,
    formatCode: codeOf('formatCode', dice),
    confidentialityCode: [codeOf('confidentialityCode', dice)],
    eventCodeList: dice.below(3) === 0 ? [eventBy(dice)] : [],
    healthcareFacilityTypeCode: codeOf('healthcareFacilityTypeCode', dice),
    practiceSettingCode: {
      ...codeOf('practiceSettingCode', dice),
      code: String(dice.below(40) + 1).padStart(2, '0'),
    },
    languageCode: 'ja-JP',
    creationTime: dtm(at),
    serviceStartTime: dtm(start),
    serviceStopTime: dtm(at),
    hash: dice.hex(20),
    size: 1_000 + dice.below(500_000),
    repositoryUniqueId: BENCH.repositoryUniqueId,
    sourcePatientId: `C-${patientId.id}^^^&2.999.88.7&ISO`,
    sourcePatientInfo: ['PID-7|19700101'],
    ...(dice.below(4) === 0 ? { referenceIdList: [accessionBy(dice)] } : {}),
  };
}

function authorBy(dice: Dice): Author {
  const hospital = dice.below(HOSPITALS);
  const doctor = dice.below(DOCTORS);
  return {
    authorPerson: `D-${hospital}-${doctor}^見本^医師${doctor}^^^^^^&2.999.88.8.${hospital}&ISO`,
    authorInstitution: [`計測病院${hospital}^^^^^^^^^2.999.88.9.${hospital}`],
  };
}

/** Source: ITI TF-3: Table 4.2.3.1.7-2, CXi. */
function accessionBy(dice: Dice): string {
  return `A-${dice.below(1_000_000_000)}^^^&2.999.88.10&ISO^urn:ihe:iti:xds:2013:accession`;
}

function eventBy(dice: Dice): Code {
  return { ...codeOf('eventCodeList', dice), code: `E${dice.below(2_000)}` };
}

/** A code of the affinity domain; of a scheme whose every code is allowed, one that the caller replaces. */
function codeOf(attribute: keyof typeof SCALE_CODE_SETS.codes, dice: Dice): Code {
  const allowed: AllowedCode = dice.pick(SCALE_CODE_SETS.codes[attribute] ?? []);
  return { code: '', displayName: '', ...allowed };
}

/** DTM to the second. */
function dtm(at: Date): string {
  return at.toISOString().slice(0, 19).replaceAll(/[-T:]/g, '');
}
