import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createAuthority,
  CRL_VALIDITY_DAYS,
  generateKey,
  issueCertificate,
  issueRevocationList,
  TRIAL_CRL_URLS,
  type TrialAuthority,
} from '../../certs/authority.ts';
import type { Certificate } from '../../certs/certificate.ts';
import { encodePem } from '../../certs/pem.ts';
import type { Federation, Region } from '../../scripts/federation.ts';
import { kakehashiWords } from '../../scripts/region-process.ts';
import { PROOF } from '../support/proof-region.ts';

/**
 * Certificates of the run beside the hospital's. `old` and `cxf` have a row of their own; `expired`, `revoked` and `foreign`
 * say that they are the hospital and are not to be taken; `unlisted` is in order and in no row.
 */
export const STRANGERS = ['old', 'cxf', 'expired', 'revoked', 'foreign', 'unlisted'] as const;
export type StrangerName = (typeof STRANGERS)[number];

const INSTITUTIONS: Readonly<Record<StrangerName, string>> = {
  old: '9900000012',
  cxf: '9900000013',
  expired: '9900000000',
  revoked: '9900000000',
  foreign: '9900000000',
  unlisted: '9900000099',
};

const DAY_MS = 86_400_000;

/** Where the certificate of a stranger lies. */
export function strangerFiles(folder: string, name: StrangerName) {
  const base = join(folder, 'strangers', name);
  return { certificate: `${base}.pem`, key: `${base}.key`, bundle: `${base}.p12` };
}

/**
 * Issues the certificates, writes the revoked one into our list, and gives rows to those that have one: `old` may come with
 * TLS 1.2, `cxf` reads faults from HTTP 500 alone.
 */
export async function admitStrangers(
  folder: string,
  { authority }: Federation,
  region: Region,
): Promise<void> {
  await mkdir(join(folder, 'strangers'), { mode: 0o700 });
  const now = new Date();
  const elsewhere = await createAuthority({ organisation: 'Elsewhere', keyKind: 'p-256', now });
  for (const name of STRANGERS) {
    const issuer = name === 'foreign' ? elsewhere : authority;
    const certificate = await issue(folder, name, issuer);
    if (name === 'revoked') await revoke(region, authority, certificate);
  }
  const issuer = authority.issuing.certificate.subject.text;
  const rows = [
    rowOf('old', issuer, ['tls: tls12']),
    rowOf('cxf', issuer, [
      'quirks:',
      '  - name: faults-by-http-500',
      '    why: Apache CXF drops a fault that comes with HTTP 400',
      '    since: "2026-11-22"',
      '    review: "2027-11-22"',
    ]),
  ];
  await appendFile(join(region.folder, 'directory.yaml'), rows.join(''));
}

/** PKCS#12, as an operator makes it. */
export function bundle(certificate: string, out: string, passwordFile: string): void {
  const [node = '', ...words] = kakehashiWords();
  const { status, stderr } = spawnSync(
    node,
    [...words, ...['cert', 'p12', certificate, '--password-file', passwordFile, '--out', out]],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`cert p12: ${stderr}`);
}

async function issue(
  folder: string,
  name: StrangerName,
  authority: TrialAuthority,
): Promise<Certificate> {
  const key = generateKey('p-256');
  const certificate = await issueCertificate(authority.issuing, {
    publicKey: createPublicKey(key),
    institution: INSTITUTIONS[name],
    organisation: 'Kakehashi trial',
    commonName: `stranger ${name}`,
    hosts: ['127.0.0.1', 'localhost'],
    crlUrl: TRIAL_CRL_URLS.issuing,
    now: new Date(Date.now() - (name === 'expired' ? 60 * DAY_MS : 0)),
    validityDays: 30,
  });
  const files = strangerFiles(folder, name);
  const chain = [certificate, authority.issuing.certificate];
  const pem = chain.map(({ der }) => encodePem(der, 'CERTIFICATE')).join('');
  await writeFile(files.certificate, pem);
  await writeFile(files.key, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return certificate;
}

async function revoke(
  region: Region,
  authority: TrialAuthority,
  { serialNumber }: Certificate,
): Promise<void> {
  const now = new Date();
  const at = new Date(Math.floor(now.getTime() / 1_000) * 1_000);
  const life = { number: 2, now, validityDays: CRL_VALIDITY_DAYS };
  const lists = [
    await issueRevocationList(authority.root, { ...life, revoked: [] }),
    await issueRevocationList(authority.issuing, {
      ...life,
      revoked: [{ serialNumber, at, reason: 'keyCompromise' }],
    }),
  ];
  const pem = lists.map(({ der }) => encodePem(der, 'X509 CRL')).join('');
  await writeFile(join(region.folder, 'certificates', 'crls.pem'), pem);
}

function rowOf(name: StrangerName, issuer: string, more: readonly string[]): string {
  const lines = [
    `- name: ${name}`,
    '  kind: system',
    `  institution: "${INSTITUTIONS[name]}"`,
    '  certificate:',
    `    issuer: "${issuer}"`,
    `    serialNumber: "${INSTITUTIONS[name]}"`,
    `  sourceIds: ["${PROOF.sourceId}"]`,
    `  assigningAuthorities: ["${PROOF.chartNumbers}", "${PROOF.affinityDomain}"]`,
    '  transactions: [ITI-18, ITI-43, ITI-45, ITI-47]',
    ...more.map((line) => `  ${line}`),
  ];
  return lines.map((line) => `  ${line}\n`).join('');
}
