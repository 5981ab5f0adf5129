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
import { keyFileText, type OperatorText } from './operator-texts.ts';

/**
 * Runs work on files of certificates; what an operator can mend becomes a `CommandError` that names the file.
 * @throws CommandError, or what is a defect
 */
export async function onFile<Value>(where: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    const problem = findProblem(error);
    if (problem === undefined) throw error;
    const file = error instanceof KeyFileRefused ? error.path : (pathOf(error) ?? where);
    throw new CommandError(problem.what, { where: file, next: problem.next, cause: error });
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
    {
      where: file,
      next: {
        en: 'name the certificate, PEM or DER',
        ja: '証明書（PEM か DER）を指定してください',
      },
    },
  );
}

/** The CRLs of a file. @throws CommandError */
export function listsOfFile(file: string): Promise<readonly RevocationList[]> {
  return onFile(file, async () => readRevocationLists(await readPublicFile(file)));
}

function findProblem(error: unknown): OperatorText | undefined {
  if (error instanceof MalformedDer) {
    return {
      what: {
        en: `not a readable certificate or CRL: ${error.message}`,
        ja: '証明書または CRL として読めません',
      },
      next: {
        en: 'name a certificate or CRL, PEM or DER',
        ja: '証明書または CRL（PEM か DER）を指定してください',
      },
    };
  }
  if (error instanceof KeyFileRefused) return keyFileText(error.reason);
  if (error instanceof NotAHost) {
    return {
      what: {
        en: error.message,
        ja: `ホスト名でも IP アドレスでもありません: ${error.message.replace(/^.*: /, '')}`,
      },
      next: {
        en: 'write a name such as gw.example.jp, or an IP address',
        ja: 'gw.example.jp のような名前か IP アドレスを指定してください',
      },
    };
  }
  if (error instanceof Pkcs12Refused) {
    return {
      what: { en: error.message, ja: PKCS12_IN_JAPANESE[error.message] ?? 'PKCS#12 を開けません' },
      next: {
        en: 'compare file and password with who made it',
        ja: 'ファイルとパスワードを作成者に確かめてください',
      },
    };
  }
  const code = codeOf(error) ?? '';
  return code.startsWith('ERR_OSSL') ? NOT_A_KEY : FILE_PROBLEMS[code];
}

const PKCS12_IN_JAPANESE: Readonly<Record<string, string>> = {
  'too large for a PKCS#12': 'PKCS#12 としては大きすぎます',
  'another password, or not a PKCS#12 that is known here':
    'パスワードが違うか、対応していない PKCS#12 です',
  'it holds no certificate of its key': '秘密鍵に対応する証明書が入っていません',
};

const NOT_A_KEY: OperatorText = {
  what: { en: 'not a private key that can be read', ja: '秘密鍵として読めません' },
  next: {
    en: 'name a PEM key that is not encrypted',
    ja: '暗号化されていない PEM 形式の鍵を指定してください',
  },
};

const FILE_PROBLEMS: Readonly<Record<string, OperatorText>> = {
  ENOENT: {
    what: { en: 'there is no such file', ja: 'ファイルがありません' },
    next: {
      en: 'check the path, and the folder that you are in',
      ja: 'パスと現在のフォルダーを確かめてください',
    },
  },
  EACCES: {
    what: { en: 'may not be read or written', ja: '読み書きの権限がありません' },
    next: { en: 'give this user the right to it', ja: 'このユーザーに権限を与えてください' },
  },
  ENOTDIR: {
    what: {
      en: 'a file stands where a folder is meant',
      ja: 'パスの途中がフォルダーではありません',
    },
    next: { en: 'check the path', ja: 'パスを確かめてください' },
  },
  EISDIR: {
    what: { en: 'is a folder', ja: 'はフォルダーです' },
    next: { en: 'name a file in it', ja: 'その中のファイルを指定してください' },
  },
};

/** The path that an error of the file system is about. */
function pathOf(error: unknown): string | undefined {
  const { path } = error as { readonly path?: unknown };
  return typeof path === 'string' ? path : undefined;
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
