import { type Certificate, institutionOf, readCertificates } from '../certs/certificate.ts';
import { MalformedDer } from '../certs/der.ts';
import { CERTIFICATE_RULES, type Finding } from '../certs/findings.ts';
import { findHcRole } from '../certs/hc-roles.ts';
import { NotAHost } from '../certs/hosts.ts';
import { hcRoleOf } from '../certs/hpki.ts';
import { findSignatureAlgorithm, KEY_USAGE, PURPOSE } from '../certs/oids.ts';
import { Pkcs12Refused } from '../certs/pkcs12.ts';
import { type RevocationList, readRevocationLists } from '../certs/revocation.ts';
import { codeOf, KeyFileRefused, readPublicFile } from '../gateway/safeguards/key-files.ts';
import { CommandError } from './command.ts';
import type { Text } from './messages.ts';

/**
 * Runs work on files of certificates; what an operator can mend becomes a `CommandError` that names the file.
 * @throws CommandError, or what is a defect
 */
export async function onFile<Value>(where: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    const what = findProblem(error);
    if (what === undefined) throw error;
    const file = error instanceof KeyFileRefused ? error.path : where;
    throw new CommandError(what, { where: file, cause: error });
  }
}

/** The certificates of a file. @throws CommandError */
export function certificatesOf(file: string): Promise<readonly Certificate[]> {
  return onFile(file, async () => readCertificates(await readPublicFile(file)));
}

/** The first certificate of a file, and those that follow it. @throws CommandError */
export async function chainOfFile(
  file: string,
): Promise<{ readonly own: Certificate; readonly sent: readonly Certificate[] }> {
  const [own, ...sent] = await certificatesOf(file);
  if (own) return { own, sent };
  throw new CommandError(
    { en: 'it holds no certificate', ja: '証明書が含まれていません' },
    { where: file },
  );
}

/** The CRLs of a file. @throws CommandError */
export function listsOfFile(file: string): Promise<readonly RevocationList[]> {
  return onFile(file, async () => readRevocationLists(await readPublicFile(file)));
}

function findProblem(error: unknown): Text | undefined {
  if (error instanceof MalformedDer) {
    return {
      en: `not a readable certificate or CRL: ${error.message}`,
      ja: `証明書または CRL として読めません: ${error.message}`,
    };
  }
  if (error instanceof KeyFileRefused) {
    return { en: error.reason, ja: `鍵ファイルを扱えません: ${error.reason}` };
  }
  if (error instanceof NotAHost) {
    return { en: error.message, ja: `ホスト名でも IP アドレスでもありません: ${error.message}` };
  }
  if (error instanceof Pkcs12Refused) {
    return { en: error.message, ja: `PKCS#12 を開けません: ${error.message}` };
  }
  const code = codeOf(error) ?? '';
  if (code === 'ENOENT') return { en: 'there is no such file', ja: 'ファイルがありません' };
  if (code === 'EACCES')
    return { en: 'may not be read or written', ja: '読み書きの権限がありません' };
  if (code.startsWith('ERR_OSSL')) {
    return { en: 'not a private key that can be read', ja: '秘密鍵として読めません' };
  }
  return undefined;
}

/** A finding in one line, in both languages. */
export function findingText({ rule, severity, detail }: Finding): Text {
  const { en, ja } = CERTIFICATE_RULES[rule];
  return severity === 'error'
    ? { en: `error    ${rule}: ${en} (${detail})`, ja: `誤り  ${rule}: ${ja}（${detail}）` }
    : { en: `remark   ${rule}: ${en} (${detail})`, ja: `注意  ${rule}: ${ja}（${detail}）` };
}

/** What a certificate says, for programs and people. */
export function descriptionOf(certificate: Certificate) {
  const { publicKey, subjectAltName } = certificate;
  const details = publicKey.asymmetricKeyDetails;
  const role = hcRoleOf(certificate);
  return {
    subject: certificate.subject.text,
    issuer: certificate.issuer.text,
    institution: institutionOf(certificate),
    serialNumber: certificate.serialNumber,
    fingerprint: certificate.fingerprint,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    key: `${publicKey.asymmetricKeyType} ${details?.modulusLength ?? details?.namedCurve ?? ''}`.trim(),
    signature:
      findSignatureAlgorithm(certificate.signatureAlgorithm)?.name ??
      certificate.signatureAlgorithm,
    isAuthority: certificate.isAuthority,
    keyUsage: namesOf(KEY_USAGE, (bit) => certificate.keyUsage?.has(bit) === true),
    extKeyUsage: (certificate.extKeyUsage ?? []).map(
      (oid) => namesOf(PURPOSE, (known) => known === oid)[0] ?? oid,
    ),
    policies: certificate.policies,
    hcRole: role === undefined ? undefined : { name: role, ja: findHcRole(role)?.ja },
    hosts: [...subjectAltName.dnsNames, ...subjectAltName.ipAddresses],
    crlDistributionPoints: certificate.crlDistributionPoints,
  };
}

/** What a CRL says. */
export function listDescriptionOf({ issuer, thisUpdate, nextUpdate, revoked }: RevocationList) {
  return {
    issuer,
    thisUpdate: thisUpdate.toISOString(),
    nextUpdate: nextUpdate?.toISOString(),
    revoked: [...revoked.values()].map((entry) => ({ ...entry, at: entry.at.toISOString() })),
  };
}

function namesOf<Value>(
  table: Readonly<Record<string, Value>>,
  holds: (value: Value) => boolean,
): readonly string[] {
  return Object.entries(table)
    .filter(([, value]) => holds(value))
    .map(([name]) => name);
}

/** Key and value lines, aligned. */
export function linesOf(description: Readonly<Record<string, unknown>>): string {
  return Object.entries(description)
    .filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))
    .map(([key, value]) => `${key.padEnd(22)}${wordsOf(value)}`)
    .join('\n');
}

function wordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(wordsOf).join(', ');
  if (typeof value === 'object' && value !== null) {
    return Object.values(value)
      .filter((part) => part !== undefined)
      .join(' / ');
  }
  return String(value);
}
