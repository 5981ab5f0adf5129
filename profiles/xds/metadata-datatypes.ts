import { decodeCX, decodeXCN, decodeXON, isDTM, isOid, isOidUrn } from '../formats/datatypes.ts';
import { Refusal } from '../refusal.ts';
import { DOCUMENT_AVAILABILITY, nameOfUrn } from './vocabulary.ts';

/** `type/subtype`, without parameters. Source: RFC 6838, section 4.2. */
export function isMimeType(text: string): boolean {
  return /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}$/.test(text);
}

/** One tag such as `ja-JP`. Source: RFC 5646, section 2.1, without the registry of subtags. */
export function isLanguageTag(text: string): boolean {
  return /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/.test(text);
}

function reads(decode: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      decode(text);
      return true;
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
  };
}

const isCX = reads(decodeCX);
const isXCN = reads(decodeXCN);
const isXON = reads(decodeXON);

/** Types whose ids need no authority, and have none. Source: ITI TF-3: Table 4.2.3.1.7-2. */
const WITHOUT_AUTHORITY: readonly string[] = [
  'urn:ihe:iti:xds:2016:studyInstanceUID',
  'urn:ihe:iti:xdw:2013:workflowInstanceId',
];

/** `id^^^&oid&ISO^type`, `id^^^namespace^type` or `id^^^^type`; a sixth component, the community, is let pass. Source: ITI TF-3: Table 4.2.3.1.7-2. */
function isCXi(text: string): boolean {
  const [id, second, third, authority = '', type, , ...more] = text.split('^');
  if (!id || second || third || !type || more.length > 0) return false;
  if (WITHOUT_AUTHORITY.includes(type)) return authority === '';
  if (!authority.includes('&')) return true;
  const [, oid = '', universal, ...rest] = authority.split('&');
  return isOid(oid) && universal === 'ISO' && rest.length === 0;
}

/** A plain text, or `code^^^&oid&ISO`. Source: ITI TF-3: Table 4.2.3.1.7-2. */
function isCodedString(text: string): boolean {
  return text !== '' && (!text.includes('^') || isCX(text));
}

/** Telephone or e-mail: something stands in one of the components that carry an address. */
function isXTN(text: string): boolean {
  const components = text.split('^');
  return [0, 3, 6, 11].some((at) => Boolean(components[at]));
}

/** `XON|XCN|XTN`, trailing parts left out, at least one of them there. Source: ITI TF-3: 4.2.3.3.7. */
function isRecipient(text: string): boolean {
  const parts = text.split('|');
  const [organization, person, telecommunication] = parts;
  return (
    parts.length <= 3 &&
    parts.some((part) => part !== '') &&
    (!organization || isXON(organization)) &&
    (!person || isXCN(person)) &&
    (!telecommunication || isXTN(telecommunication))
  );
}

/** How the value of an attribute is checked. Source: ITI TF-3: Table 4.2.3.1.7-2. */
export const DATATYPES = {
  Availability: (text) => nameOfUrn(DOCUMENT_AVAILABILITY, text) !== undefined,
  CX: isCX,
  CodedString: isCodedString,
  CXi: isCXi,
  DTM: isDTM,
  Identifier: (text) => text.trim() !== '',
  Integer: (text) => /^[0-9]{1,15}$/.test(text),
  Language: isLanguageTag,
  MediaType: isMimeType,
  OID: isOid,
  'OID URN': isOidUrn,
  Recipient: isRecipient,
  SHA1: (text) => /^[0-9A-Fa-f]{40}$/.test(text),
  SourcePatientInfo: (text) => /^PID-[1-9][0-9]?\|/.test(text),
  String: () => true,
  XCN: isXCN,
  XON: isXON,
  XTN: isXTN,
} as const satisfies Record<string, (text: string) => boolean>;

/** The name of a datatype, as the Framework's table has it. */
export type Datatype = keyof typeof DATATYPES;
