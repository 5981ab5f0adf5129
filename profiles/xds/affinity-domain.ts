import { shape } from '../formats/datatypes.ts';
import type { RegistryObject } from '../formats/ebxml.ts';
import { editDistance } from '../formats/edit-distance.ts';
import { Refusal } from '../refusal.ts';
import type { Code } from './metadata.ts';
import { classificationsOf, codeOf, kindOf, type MetadataKind } from './metadata-xml.ts';
import { CLASSIFICATION } from './vocabulary.ts';

/** Where an attribute's codes stand: its object, its name, its `classificationScheme`. */
interface CodedAttributeRow {
  readonly kind: MetadataKind;
  readonly attribute: CodedAttribute;
  readonly classificationScheme: string;
}

/** Attributes whose codes an affinity domain may fix; `codeList` is a Folder's. Source: ITI TF-3: Table 4.2.5.1-1. */
export const CODED_ATTRIBUTES = [
  'classCode',
  'confidentialityCode',
  'eventCodeList',
  'formatCode',
  'healthcareFacilityTypeCode',
  'practiceSettingCode',
  'typeCode',
  'contentTypeCode',
  'codeList',
  'associationDocumentation',
] as const;

/** The name of such an attribute, as the Framework spells it. */
export type CodedAttribute = (typeof CODED_ATTRIBUTES)[number];

const ROWS: readonly CodedAttributeRow[] = (
  Object.entries(CLASSIFICATION) as [MetadataKind, Readonly<Record<string, string>>][]
).flatMap(([kind, schemes]) =>
  CODED_ATTRIBUTES.flatMap((attribute) => {
    const classificationScheme = schemes[attribute];
    return classificationScheme === undefined ? [] : [{ kind, attribute, classificationScheme }];
  }),
);

const ROWS_OF = new Map(
  ROWS.map(({ kind }) => [kind, ROWS.filter((row) => row.kind === kind)] as const),
);

/** The attribute whose codes a `classificationScheme` announces; undefined for a foreign one. */
export function attributeOfScheme(classificationScheme: string): CodedAttribute | undefined {
  return ROWS.find((row) => row.classificationScheme === classificationScheme)?.attribute;
}

/** A code that is allowed, or, without `code`, every code of a coding scheme: `ICD-10` is too long to be listed. */
export interface AllowedCode {
  readonly code?: string;
  readonly codingScheme: string;
  readonly displayName?: string;
}

/** The code sets of an affinity domain, as they are written down. What is absent is not restricted. */
export interface CodeSets {
  readonly codes: Readonly<Partial<Record<CodedAttribute, readonly AllowedCode[]>>>;
  readonly mimeTypes?: readonly string[];
}

/** What is done with a code that the affinity domain does not know. */
export type UnknownCodes = 'refuse' | 'accept';

/** An affinity domain: code sets made quick to look up. Made by `affinityDomainOf`. */
export interface AffinityDomain {
  readonly unknownCodes: UnknownCodes;
  readonly codes: ReadonlyMap<CodedAttribute, CodeSet>;
  readonly mimeTypes?: ReadonlySet<string>;
}

/** One attribute's codes. */
export class CodeSet {
  /** Codes by coding scheme; undefined for a scheme whose every code is allowed. */
  readonly #schemes = new Map<string, ReadonlySet<string> | undefined>();

  constructor(allowed: readonly AllowedCode[]) {
    const listed = new Map<string, Set<string>>();
    for (const { code, codingScheme } of allowed) {
      const codes = listed.get(codingScheme) ?? new Set();
      if (code !== undefined) codes.add(code);
      listed.set(codingScheme, codes);
    }
    const whole = new Set(allowed.filter(({ code }) => code === undefined).map(schemeOf));
    for (const [scheme, codes] of listed) {
      this.#schemes.set(scheme, whole.has(scheme) ? undefined : codes);
    }
  }

  /** Scheme and code are compared exactly; the display name never. Source: ITI TF-3: 4.2.3.1.2. */
  has({ code, codingScheme }: Code): boolean {
    if (!this.#schemes.has(codingScheme)) return false;
    const codes = this.#schemes.get(codingScheme);
    return codes === undefined || codes.has(code);
  }

  /**
   * The allowed code that was probably meant: of all that are listed, first the same code under another scheme, then the
   * one of the same scheme that is spelled most like it, then of any scheme. Undefined where no codes are listed.
   */
  nearest({ code, codingScheme }: Code): Code | undefined {
    const wanted = code.slice(0, LONGEST_COMPARED);
    let best: Code | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [scheme, codes] of this.#schemes) {
      for (const listed of codes ?? []) {
        const spelling = editDistance(wanted, listed.slice(0, LONGEST_COMPARED));
        const foreign = listed !== code && scheme !== codingScheme ? LONGEST_COMPARED : 0;
        if (spelling + foreign < least) {
          best = { code: listed, codingScheme: scheme };
          least = spelling + foreign;
        }
      }
    }
    return best;
  }
}

/** Codes are compared up to here; hardly one that is in use is longer. */
const LONGEST_COMPARED = 64;
/** For so many unknown codes of a submission the nearest is looked for: that takes time, and the first ones help enough. */
const MOST_COMPARED = 20;

function schemeOf({ codingScheme }: AllowedCode): string {
  return codingScheme;
}

/** Code sets, ready for the check of submissions. */
export function affinityDomainOf(
  { codes, mimeTypes }: CodeSets,
  unknownCodes: UnknownCodes,
): AffinityDomain {
  const sets = CODED_ATTRIBUTES.flatMap((attribute) => {
    const allowed = codes[attribute];
    return allowed === undefined ? [] : [[attribute, new CodeSet(allowed)] as const];
  });
  return {
    unknownCodes,
    codes: new Map(sets),
    ...(mimeTypes === undefined ? {} : { mimeTypes: new Set(mimeTypes) }),
  };
}

/** A code, or a mimeType, that the affinity domain does not know. */
export interface UnknownCode {
  /** The object that carries it. */
  readonly object: string;
  readonly attribute: CodedAttribute | 'mimeType';
  readonly code: string;
  /** Absent for a mimeType. */
  readonly codingScheme?: string;
  /** What was probably meant. */
  readonly nearest?: Code | string;
}

/**
 * Every code and mimeType in the objects that the affinity domain does not know, whatever it does with such.
 *
 * An empty code, or one without a codingScheme, is left to the rules of the metadata. The nearest code is given for the
 * first 20.
 */
export function unknownCodesOf(
  objects: readonly RegistryObject[],
  domain: AffinityDomain,
): readonly UnknownCode[] {
  const unknown = objects.flatMap((object) => {
    const kind = kindOf(object);
    const rows = kind === undefined ? [] : (ROWS_OF.get(kind) ?? []);
    return [
      ...rows.flatMap((row) => unknownIn(object, row, domain)),
      ...unknownMimeType(object, domain),
    ];
  });
  return unknown.map((one, at) => {
    const nearest = at < MOST_COMPARED ? nearestTo(one, domain) : undefined;
    return nearest === undefined ? one : { ...one, nearest };
  });
}

function unknownIn(
  object: RegistryObject,
  { attribute, classificationScheme }: CodedAttributeRow,
  { codes }: AffinityDomain,
): readonly UnknownCode[] {
  const set = codes.get(attribute);
  if (set === undefined) return [];
  return classificationsOf(object, classificationScheme)
    .map(codeOf)
    .filter((code) => code.code !== '' && code.codingScheme !== '' && !set.has(code))
    .map(({ code, codingScheme }) => ({ object: object.id, attribute, code, codingScheme }));
}

function unknownMimeType(
  object: RegistryObject,
  { mimeTypes }: AffinityDomain,
): readonly UnknownCode[] {
  if (mimeTypes === undefined || object.element !== 'ExtrinsicObject') return [];
  const { id, mimeType } = object;
  if (mimeType === undefined || mimeType === '' || mimeTypes.has(mimeType)) return [];
  return [{ object: id, attribute: 'mimeType', code: mimeType }];
}

function nearestTo(
  { attribute, code, codingScheme }: UnknownCode,
  { codes, mimeTypes }: AffinityDomain,
): Code | string | undefined {
  if (attribute !== 'mimeType') {
    return codes.get(attribute)?.nearest({ code, codingScheme: codingScheme ?? '' });
  }
  const wanted = code.slice(0, LONGEST_COMPARED);
  const distances = [...(mimeTypes ?? [])].map(
    (known) => [editDistance(wanted, known), known] as const,
  );
  return distances.sort(([one], [other]) => one - other)[0]?.[1];
}

/**
 * What an affinity domain refuses in a submission: one refusal a code, with the object's id as location and the attribute,
 * the coding scheme and the nearest code in its context. Empty where unknown codes are accepted.
 *
 * @param by whose error code: XDSRegistryMetadataError or XDSRepositoryMetadataError
 * @see ITI TF-2: 3.42.4.1.3 (codes and mimeType of the affinity domain); ITI TF-3: Table 4.2.4.1-2
 */
export function refusalsOfCodes(
  objects: readonly RegistryObject[],
  domain: AffinityDomain,
  by: 'Registry' | 'Repository' = 'Registry',
): readonly Refusal[] {
  if (domain.unknownCodes === 'accept') return [];
  return unknownCodesOf(objects, domain).map(
    (unknown) =>
      new Refusal(`XDS${by}MetadataError`, unknownCodeText(unknown), { location: unknown.object }),
  );
}

/** One unknown code as a sentence, for whoever sent it. */
export function unknownCodeText({ attribute, code, codingScheme, nearest }: UnknownCode): string {
  const given =
    codingScheme === undefined ? shown(code) : `${shown(code)} of ${shown(codingScheme)}`;
  return `${attribute} ${given} is not known in this affinity domain${hint(nearest, codingScheme)}`;
}

function hint(nearest: UnknownCode['nearest'], codingScheme: string | undefined): string {
  if (nearest === undefined) return '';
  if (typeof nearest === 'string') return `; the nearest is ${nearest}`;
  const under = nearest.codingScheme === codingScheme ? '' : ` of ${nearest.codingScheme}`;
  return `; the nearest is ${nearest.code}${under}`;
}

/** A code as it is; the shape of what no code system would have. */
function shown(text: string): string {
  return /^[!-~]{1,100}$/.test(text) ? text : shape(text);
}
