import { createHash, type KeyObject } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import {
  contextTag,
  encodeDer,
  encodeFlags,
  encodeOid,
  octetsOfBits,
  readDer,
  requireChildren,
  TAG,
} from './der.ts';
import { encodeHcRole } from './hc-roles.ts';
import { encodeHosts } from './hosts.ts';
import { EXTENSION, KEY_USAGE, PURPOSE } from './oids.ts';
import type { NewExtension } from './x509.ts';

/** keyUsage, extKeyUsage and key identifiers of an organisation's certificate. */
export function organisationExtensions(
  publicKey: KeyObject,
  issuer: Certificate,
): readonly NewExtension[] {
  const purposes = [PURPOSE.clientAuth, PURPOSE.serverAuth].map((purpose) => encodeOid(purpose));
  return [
    ...authorityKeyExtension(issuer),
    subjectKeyExtension(publicKey),
    {
      oid: EXTENSION.keyUsage,
      critical: true,
      value: encodeFlags([KEY_USAGE.digitalSignature]),
    },
    {
      oid: EXTENSION.extKeyUsage,
      critical: false,
      value: encodeDer(TAG.sequence, ...purposes),
    },
  ];
}

/** certificatePolicies, critical, with one policy. */
export function policyExtension(policy: string): NewExtension {
  const value = encodeDer(TAG.sequence, encodeDer(TAG.sequence, encodeOid(policy)));
  return { oid: EXTENSION.certificatePolicies, critical: true, value };
}

/** basicConstraints, keyUsage and key identifier of a CA. */
export function authorityExtensions(
  publicKey: KeyObject,
  pathLength?: number,
): readonly NewExtension[] {
  const isAuthority = encodeDer(TAG.boolean, Uint8Array.of(0xff));
  const length =
    pathLength === undefined ? [] : [encodeDer(TAG.integer, Uint8Array.of(pathLength))];
  return [
    {
      oid: EXTENSION.basicConstraints,
      critical: true,
      value: encodeDer(TAG.sequence, isAuthority, ...length),
    },
    {
      oid: EXTENSION.keyUsage,
      critical: true,
      value: encodeFlags([KEY_USAGE.keyCertSign, KEY_USAGE.cRLSign]),
    },
    subjectKeyExtension(publicKey),
  ];
}

function subjectKeyExtension(publicKey: KeyObject): NewExtension {
  const spki = readDer(publicKey.export({ format: 'der', type: 'spki' }));
  const bits = octetsOfBits(requireChildren(spki, TAG.sequence)[1]);
  // RFC 5280 names SHA-1 for key identifiers; it is a label and protects nothing.
  const identifier = createHash('sha1').update(bits).digest();
  const value = encodeDer(TAG.octetString, identifier);
  return { oid: EXTENSION.subjectKeyIdentifier, critical: false, value };
}

/** authorityKeyIdentifier: keyid with issuer and serial, as HPKI has it; keyid alone in CRLs. */
export function authorityKeyExtension(issuer: Certificate, whole = true): readonly NewExtension[] {
  if (issuer.subjectKeyIdentifier === undefined) return [];
  const directoryName = encodeDer(contextTag(4, true), issuer.issuer.der);
  const serial = Buffer.from(issuer.serialNumber, 'hex');
  const sign = (serial[0] ?? 0) >= 0x80 ? [Uint8Array.of(0)] : [];
  const value = encodeDer(
    TAG.sequence,
    encodeDer(contextTag(0, false), Buffer.from(issuer.subjectKeyIdentifier, 'hex')),
    ...(whole ? [encodeDer(contextTag(1, true), directoryName)] : []),
    ...(whole ? [encodeDer(contextTag(2, false), ...sign, serial)] : []),
  );
  return [{ oid: EXTENSION.authorityKeyIdentifier, critical: false, value }];
}

/** cRLDistributionPoints with one URI; none without it. */
export function crlExtension(url: string | undefined): readonly NewExtension[] {
  if (url === undefined) return [];
  const uri = encodeDer(contextTag(6, false), Buffer.from(url, 'latin1'));
  const point = encodeDer(contextTag(0, true), encodeDer(contextTag(0, true), uri));
  const value = encodeDer(TAG.sequence, encodeDer(TAG.sequence, point));
  return [{ oid: EXTENSION.cRLDistributionPoints, critical: false, value }];
}

/** subjectAltName of these hosts. @throws NotAHost */
export function hostsExtension(hosts: readonly string[]): NewExtension {
  return { oid: EXTENSION.subjectAltName, critical: false, value: encodeHosts(hosts) };
}

/** subjectDirectoryAttributes with one hcRole. */
export function hcRoleExtension(role: string): NewExtension {
  const oid = EXTENSION.subjectDirectoryAttributes;
  return { oid, critical: false, value: encodeHcRole(role) };
}
