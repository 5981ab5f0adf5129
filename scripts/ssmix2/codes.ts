import { readCodeSets } from '../../gateway/code-sets.ts';
import type { Config } from '../../gateway/config.ts';
import { DATA_TYPES } from '../../profiles/ss-mix2/data-types.ts';
import { departmentName } from '../../profiles/ss-mix2/departments.ts';
import { extendedTypeOf, type StorageVersion } from '../../profiles/ss-mix2/storage-names.ts';
import type { CodedAttribute, CodeSets } from '../../profiles/xds/affinity-domain.ts';
import { japaneseCodeSets } from '../../profiles/xds/japan-codes.ts';
import type { Code } from '../../profiles/xds/metadata.ts';
import { FORMAT_CODES, mimeTypeOf } from '../document-codes.ts';

/** How a version of the storage is described in the region's own codes. */
export interface DocumentCodes {
  readonly typeCode: Code;
  readonly formatCode: Code;
  readonly practiceSettingCode: Code;
  readonly mimeType: string;
  readonly title: string;
}

/** Source: japan-codes; LOINC. What is not here has the data type's own code in the region's local list. */
const LOINC_OF: Readonly<Record<string, string>> = {
  'OML-11': '11502-2',
  'OMP-01': '57833-6',
  'OMP-11': '57833-6',
  'PPR-01': '11450-4',
  'ADT-61': '48765-2',
  'OMG-11': '18748-4',
};

/** SS-MIX2 table of departments. */
const DEPARTMENTS = '1.2.392.200250.2.2.2';
/** A message of HL7 v2 in ER7. */
export const ER7 = 'x-application/hl7-v2+er7';
/** Where the name of a file does not tell what it is. */
export const ANY_OCTETS = 'application/octet-stream';
const LOINC_SYSTEM_NAMES = ['LN', 'LOINC'];

/** The code sets that the region of this config accepts. */
export function codeSetsOf(config: Config): CodeSets {
  const { codes } = config.affinity;
  return codes === undefined ? japaneseCodeSets(`${config.affinityDomain}.4`) : readCodeSets(codes);
}

/**
 * The codes of a version's document.
 *
 * @param department the SS-MIX2 code for a version that names none
 * @returns the attribute for which the region has no code
 */
export function codesOf(
  { version, inner }: { version: StorageVersion; inner?: string },
  { sets, department }: { sets: CodeSets; department: string },
): DocumentCodes | CodedAttribute {
  const code = version.department ?? department;
  const practiceSettingCode = {
    code,
    codingScheme: DEPARTMENTS,
    displayName: departmentName(code),
  };
  if (inner !== undefined) return extendedCodes(version, { inner, sets, practiceSettingCode });
  const { dataType } = version;
  const typeCode =
    listed(sets, 'typeCode', LOINC_OF[dataType] ?? `jp:ssmix2:${dataType}`) ??
    listed(sets, 'typeCode', dataType);
  const formatCode = listed(sets, 'formatCode', `jp:ssmix2:${dataType}`);
  if (typeCode === undefined) return 'typeCode';
  if (formatCode === undefined) return 'formatCode';
  const title = DATA_TYPES.get(dataType)?.name.ja ?? dataType;
  return { typeCode, formatCode, practiceSettingCode, mimeType: ER7, title };
}

/** A type folder of the extended storage tells its LOINC code itself. */
function extendedCodes(
  { dataType }: StorageVersion,
  {
    inner,
    sets,
    practiceSettingCode,
  }: { inner: string; sets: CodeSets; practiceSettingCode: Code },
): DocumentCodes | CodedAttribute {
  const { local, standard } = extendedTypeOf(dataType);
  const isLoinc = LOINC_SYSTEM_NAMES.includes(standard.system);
  const typeCode =
    (isLoinc ? listed(sets, 'typeCode', standard.code) : undefined) ??
    listed(sets, 'typeCode', local.code);
  if (typeCode === undefined) return 'typeCode';
  const mimeType = mimeTypeOf(inner);
  const isReferral = typeCode.code === '57133-1' && mimeType === 'text/xml';
  const formatCode =
    (isReferral ? listed(sets, 'formatCode', 'jp:cda-referral:1') : undefined) ??
    FORMAT_CODES.mimeTypeSufficient;
  return {
    typeCode,
    formatCode,
    practiceSettingCode,
    mimeType: mimeType ?? ANY_OCTETS,
    title: standard.name || local.name || typeCode.displayName || typeCode.code,
  };
}

function listed(sets: CodeSets, attribute: CodedAttribute, code: string): Code | undefined {
  const found = sets.codes[attribute]?.find((allowed) => allowed.code === code);
  return found && { ...found, code };
}
