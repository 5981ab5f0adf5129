import { createHash } from 'node:crypto';

/** PostgreSQL keeps no longer key in an index than 2,704 octets; no honest MessageID comes near to this. */
const LONGEST = 512;

/** A MessageID as a key of a table: itself, or, of one that is too long for that, its hash. */
export function messageKey(id: string): string {
  return id.length <= LONGEST ? id : `sha256:${createHash('sha256').update(id).digest('hex')}`;
}
