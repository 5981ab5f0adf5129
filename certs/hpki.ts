import { type Certificate, institutionOf, labelOf } from './certificate.ts';
import { MalformedDer } from './der.ts';
import { type Finding, refused, remarked } from './findings.ts';
import { findHcRole, readHcRoles } from './hc-roles.ts';
import { valuesOf } from './names.ts';
import { EXTENSION, findSignatureAlgorithm, KEY_USAGE, PURPOSE, TRIAL_POLICY } from './oids.ts';

/** Which end of a TLS connection a certificate is to stand for. */
export type TlsUse = 'client' | 'server';

/** What this place accepts. */
export interface HpkiProfile {
  /** Policy OIDs of organisation authentication that are accepted. */
  readonly policies: readonly string[];
}

/** Accepts the trial CA's policy alone; an operator names those of real CAs. */
export const TRIAL_PROFILE: HpkiProfile = { policies: [TRIAL_POLICY] };

/** The use inside an HPKI policy OID: 1 signature, 2 authentication of persons, 3 of organisations. */
export const HPKI_POLICY = /^1\.2\.392\.100495\.1\.5\.1\.([123])\.\d+\.\d+$/;

/** Extensions that are understood; any other critical one refuses the certificate. Source: RFC 5280, section 4.2. */
const UNDERSTOOD: readonly string[] = [
  EXTENSION.subjectDirectoryAttributes,
  EXTENSION.subjectKeyIdentifier,
  EXTENSION.keyUsage,
  EXTENSION.subjectAltName,
  EXTENSION.basicConstraints,
  EXTENSION.cRLDistributionPoints,
  EXTENSION.certificatePolicies,
  EXTENSION.authorityKeyIdentifier,
  EXTENSION.extKeyUsage,
];

const FIVE_YEARS_AND_A_DAY_MS = (5 * 366 + 1) * 86_400_000;

/**
 * Holds one organisation certificate against the HPKI profile: everything that needs neither its issuer nor the time.
 * Warnings tell of what an HPKI certificate usually has; they refuse nothing.
 */
export function profileFindings(
  certificate: Certificate,
  profile: HpkiProfile,
  uses: readonly TlsUse[] = ['client', 'server'],
): readonly Finding[] {
  return [
    ...soundnessFindings(certificate),
    ...usageFindings(certificate, uses),
    ...policyFindings(certificate, profile),
    ...subjectFindings(certificate, uses),
    ...hcRoleFindings(certificate),
    ...lifeFindings(certificate),
  ];
}

/** What every certificate must be, also a CA's: version 3, strong, and understood. */
export function soundnessFindings(certificate: Certificate): readonly Finding[] {
  const findings: Finding[] = [];
  if (certificate.version !== 3) {
    findings.push(refused('version', `version ${certificate.version}`));
  }
  if (!findSignatureAlgorithm(certificate.signatureAlgorithm)) {
    findings.push(refused('signature-algorithm', certificate.signatureAlgorithm));
  }
  const weakness = weaknessOf(certificate);
  if (weakness) findings.push(refused('key-strength', weakness));
  for (const { oid, critical } of certificate.extensions.values()) {
    if (critical && !UNDERSTOOD.includes(oid)) {
      findings.push(refused('unknown-critical-extension', oid));
    }
  }
  return findings;
}

/** The one role that the certificate names; undefined where there is none, or not exactly one. */
export function hcRoleOf(certificate: Certificate): string | undefined {
  const extension = certificate.extensions.get(EXTENSION.subjectDirectoryAttributes);
  try {
    const roles = extension ? readHcRoles(extension.value) : [];
    return roles.length === 1 ? roles[0] : undefined;
  } catch (error) {
    if (error instanceof MalformedDer) return undefined;
    throw error;
  }
}

const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];

function weaknessOf({ publicKey }: Certificate): string | undefined {
  const { modulusLength = 0, namedCurve = '' } = publicKey.asymmetricKeyDetails ?? {};
  if (publicKey.asymmetricKeyType === 'rsa') {
    return modulusLength >= 2048 ? undefined : `RSA of ${modulusLength} bits`;
  }
  if (publicKey.asymmetricKeyType === 'ec') {
    return CURVES.includes(namedCurve) ? undefined : `curve ${namedCurve}`;
  }
  return `a key of kind ${publicKey.asymmetricKeyType ?? 'unknown'}`;
}

function usageFindings(certificate: Certificate, uses: readonly TlsUse[]): readonly Finding[] {
  const { keyUsage, extKeyUsage, extensions } = certificate;
  const findings: Finding[] = [];
  if (certificate.isAuthority || keyUsage?.has(KEY_USAGE.keyCertSign)) {
    findings.push(refused('certificate-authority', labelOf(certificate)));
  }
  if (!keyUsage?.has(KEY_USAGE.digitalSignature)) {
    findings.push(refused('key-usage', 'digitalSignature is absent'));
  }
  if (keyUsage?.has(KEY_USAGE.nonRepudiation)) {
    findings.push(refused('key-usage', 'nonRepudiation: a signature certificate'));
  }
  if (keyUsage && extensions.get(EXTENSION.keyUsage)?.critical !== true) {
    findings.push(remarked('key-usage-critical', 'not critical'));
  }
  for (const use of uses) {
    const purpose = use === 'client' ? 'clientAuth' : 'serverAuth';
    if (!extKeyUsage?.includes(PURPOSE[purpose])) {
      findings.push(refused('extended-key-usage', `${purpose} is absent`));
    }
  }
  return findings;
}

function policyFindings(certificate: Certificate, profile: HpkiProfile): readonly Finding[] {
  const { policies, extensions } = certificate;
  const detail = policies.length === 0 ? 'none' : policies.join(', ');
  if (!policies.some((policy) => profile.policies.includes(policy))) {
    return [refused('policy', `${detail}; accepted: ${profile.policies.join(', ')}`)];
  }
  // A certificate that may also sign, or that also stands for a person, is not an organisation's alone.
  const other = policies.find((policy) => /^[12]$/.test(HPKI_POLICY.exec(policy)?.[1] ?? ''));
  if (other) return [refused('policy', `${other} is not organisation authentication`)];
  if (extensions.get(EXTENSION.certificatePolicies)?.critical !== true) {
    return [remarked('policy-critical', 'not critical')];
  }
  return [];
}

function subjectFindings(certificate: Certificate, uses: readonly TlsUse[]): readonly Finding[] {
  const { subject, subjectAltName } = certificate;
  const findings: Finding[] = [];
  const code = institutionOf(certificate);
  if (code === undefined || !/^[A-Za-z0-9.:_-]{1,64}$/.test(code)) {
    const count = valuesOf(subject, 'serialNumber').length;
    findings.push(refused('institution-code', `${count} given, or of another form`));
  }
  if (valuesOf(subject, 'C').join() !== 'JP') {
    findings.push(remarked('subject-country', `C=${valuesOf(subject, 'C').join()}`));
  }
  const hosts = subjectAltName.dnsNames.length + subjectAltName.ipAddresses.length;
  if (uses.includes('server') && hosts === 0) {
    findings.push(refused('subject-alt-name', 'no dNSName, no iPAddress'));
  }
  return findings;
}

function hcRoleFindings(certificate: Certificate): readonly Finding[] {
  const extension = certificate.extensions.get(EXTENSION.subjectDirectoryAttributes);
  if (!extension) return [remarked('hc-role-absent', 'no subjectDirectoryAttributes')];
  const role = hcRoleOf(certificate);
  if (role === undefined) return [refused('hc-role', 'expected exactly one of the known scheme')];
  return findHcRole(role) ? [] : [remarked('hc-role-unknown', role)];
}

function lifeFindings({ notBefore, notAfter, crlDistributionPoints }: Certificate) {
  const findings: Finding[] = [];
  const lengthMs = notAfter.getTime() - notBefore.getTime();
  if (lengthMs < 0) findings.push(refused('validity', 'notAfter before notBefore'));
  if (lengthMs > FIVE_YEARS_AND_A_DAY_MS) {
    findings.push(remarked('validity-length', `${Math.round(lengthMs / 86_400_000)} days`));
  }
  if (crlDistributionPoints.length === 0) {
    findings.push(remarked('crl-distribution-point', 'none'));
  }
  return findings;
}
