import { isOid } from './datatypes.ts';
import {
  componentOf,
  fieldText,
  repetitionsOf,
  type V2Component,
  type V2Repetition,
  type V2Segment,
} from './hl7v2.ts';

/** An authority that assigns patient ids, by both of its names. */
export interface NamedAuthority {
  readonly oid: string;
  /** HD-1: the namespace id; without one its OID stands there, too. */
  readonly namespace?: string;
}

/** The authorities that are known here, and those of the one who sends. */
export interface Authorities {
  readonly known: readonly NamedAuthority[];
  /** OIDs that the sender may feed: the only one is meant where an id names no authority. */
  readonly fed: readonly string[];
}

/** An identifier with its authority. */
export interface V2Id {
  readonly id: string;
  /** OID; where the authority is not known, what the message says of it, which no OID equals. */
  readonly assigningAuthority: string;
}

const MOST = 199;

/**
 * The authority that an HD names: `NS`, `&OID&ISO` or all three. Two names that belong to different authorities name none.
 *
 * @returns its OID; the text of the HD where it is unknown; undefined where nothing is said
 * @see ITI TF-2: Appendix E
 */
export function authorityOf(
  [namespace, universalId, type]: readonly [string?, string?, string?],
  { known }: Pick<Authorities, 'known'>,
): string | undefined {
  if (namespace === undefined && universalId === undefined) return undefined;
  const unknown = [namespace ?? '', universalId ?? '', type ?? ''].join('&').slice(0, MOST);
  const byName = known.find((one) => (one.namespace ?? one.oid) === namespace);
  if (universalId === undefined) return byName?.oid ?? unknown.replace(/&+$/, '');
  const oid = universalId.replace(/^urn:oid:/, '');
  if (type !== undefined && type !== 'ISO') return unknown;
  const own = known.find((one) => one.oid === oid);
  const disagrees = byName !== undefined && byName.oid !== oid;
  const isCalledOtherwise =
    own?.namespace !== undefined && namespace !== undefined && own.namespace !== namespace;
  if (disagrees || isCalledOtherwise) return unknown;
  return isOid(oid) ? oid : unknown;
}

/** The three subcomponents of CX-4: a PIX Manager always sends all of them. Source: ITI TF-2: 3.9.4.2.2. */
export function writtenAuthority(
  oid: string,
  { known }: Pick<Authorities, 'known'>,
): readonly [string, string, string] | readonly [string] {
  if (!isOid(oid)) return oid.split('&') as unknown as readonly [string];
  const namespace = known.find((one) => one.oid === oid)?.namespace ?? oid;
  return [namespace, oid, 'ISO'];
}

/** A CX. @returns undefined where it has no id, or a null one */
export function findCX(at: V2Repetition, authorities: Authorities): V2Id | undefined {
  const id = componentOf(at, 1);
  if (id === undefined) return undefined;
  return { id, assigningAuthority: authorityIn(at, authorities) ?? soleOf(authorities) ?? '' };
}

/** The authority that CX-4 of this repetition names. */
export function authorityIn(at: V2Repetition, authorities: Authorities): string | undefined {
  const part = (subcomponent: number) => componentOf(at, 4, subcomponent);
  return authorityOf([part(1), part(2), part(3)], authorities);
}

function soleOf({ fed }: Authorities): string | undefined {
  return fed.length === 1 ? fed[0] : undefined;
}

/** A field of CX: each id with the place of its repetition. */
export function idsIn(
  segment: V2Segment,
  field: number,
  authorities: Authorities,
): readonly { readonly id: V2Id; readonly at: V2Repetition }[] {
  if (fieldText(segment, field) === '') return [];
  return repetitionsOf(segment, field).flatMap((at) => {
    const id = findCX(at, authorities);
    return id === undefined ? [] : [{ id, at }];
  });
}

/** A CX to write. */
export function writeCX(
  { id, assigningAuthority }: V2Id,
  authorities: Authorities,
): readonly V2Component[] {
  if (assigningAuthority === '') return [id];
  return [id, undefined, undefined, writtenAuthority(assigningAuthority, authorities)];
}

/** A CX that names a domain alone. */
export function writeDomain(oid: string, authorities: Authorities): readonly V2Component[] {
  return [undefined, undefined, undefined, writtenAuthority(oid, authorities)];
}
