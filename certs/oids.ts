/** Certificate extensions. Source: RFC 5280, section 4.2. */
export const EXTENSION = {
  subjectDirectoryAttributes: '2.5.29.9',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  cRLNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  cRLDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
} as const;

/** Purposes of extKeyUsage. Source: RFC 5280, section 4.2.1.12. */
export const PURPOSE = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** Bits of keyUsage. Source: RFC 5280, section 4.2.1.3. */
export const KEY_USAGE = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const;

/** anyPolicy. Source: RFC 5280, section 4.2.1.4. */
export const ANY_POLICY = '2.5.29.32.0';

/** Policy of the trial CA: organisation authentication (use 3), test certificates (0). Source: MHLW HPKI policy OIDs. */
export const TRIAL_POLICY = '1.2.392.100495.1.5.1.3.0.1';

/** hcRole, and the Japanese scheme of role names. Source: ISO 17090-2; MHLW HPKI certificate policy. */
export const HC_ROLE = '1.0.17090.0.1';
export const HC_ROLE_SCHEME = '1.2.392.100495.1.6.1.1';

/** Signature algorithms that are accepted, and how node:crypto calls their hash. Source: RFC 4055, RFC 5758. */
export const SIGNATURE_ALGORITHMS = {
  '1.2.840.113549.1.1.11': { name: 'sha256WithRSAEncryption', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { name: 'sha384WithRSAEncryption', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { name: 'sha512WithRSAEncryption', hash: 'sha512' },
  '1.2.840.10045.4.3.2': { name: 'ecdsa-with-SHA256', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { name: 'ecdsa-with-SHA384', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { name: 'ecdsa-with-SHA512', hash: 'sha512' },
} as const;

/** The row of a signature algorithm, if it is accepted. RSA-PSS is not: no HPKI CA uses it. */
export function findSignatureAlgorithm(
  oid: string,
): { readonly name: string; readonly hash: string } | undefined {
  return Object.entries(SIGNATURE_ALGORITHMS).find(([known]) => known === oid)?.[1];
}
