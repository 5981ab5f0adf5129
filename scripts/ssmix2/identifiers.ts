import { createHash } from 'node:crypto';
import type { StorageKey, StorageVersion } from '../../profiles/ss-mix2/storage-names.ts';
import { oidOfUuid } from '../document-codes.ts';

/** The namespace of the name-based UUIDs that are made of places in a storage; fixed for ever. */
const NAMESPACE = '0d6a4e2c-6e0b-5b5f-9d0e-5a7f3c1b2d48';

/** A UUID that the same name always gives. Source: RFC 9562: 5.5 (version 5). */
function uuidOf(name: string): string {
  const octets = createHash('sha1')
    .update(Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest()
    .subarray(0, 16);
  octets.writeUInt8((octets.readUInt8(6) & 0x0f) | 0x50, 6);
  octets.writeUInt8((octets.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = octets.toString('hex');
  return [8, 12, 16, 20]
    .map((end, at) => hex.slice([0, 8, 12, 16][at], end))
    .join('-')
    .concat('-', hex.slice(20));
}

/** The name of a patient of an institution: tells nothing to whoever reads it. */
export function patientMark(institution: string, patientId: string): string {
  return uuidOf(JSON.stringify([institution, patientId]));
}

/** The name of an order, or list, whatever its version. */
export function orderMark(institution: string, key: StorageKey): string {
  const { patientId, careDate = '-', dataType, order } = key;
  return uuidOf(JSON.stringify([institution, patientId, careDate, dataType, order]));
}

/**
 * The name of one version, the same whenever and wherever the storage is read: one file twice is one document.
 *
 * @param file in the extended storage, the file inside the content folder
 */
export function versionMark(institution: string, version: StorageVersion, file?: string): string {
  return uuidOf(JSON.stringify([orderMark(institution, version), version.time, file ?? '']));
}

/** The ids that a version's document and its submission have at the registry. */
export function documentIds(mark: string) {
  return {
    entryUUID: `urn:uuid:${uuidOf(`${mark}/entry`)}`,
    uniqueId: oidOfUuid(mark),
    submissionUniqueId: oidOfUuid(uuidOf(`${mark}/submission`)),
  } as const;
}
