import { existsSync, readFileSync } from 'node:fs';
import { createPublicKey } from 'node:crypto';
import {
  createAuthority,
  generateKey,
  issueCertificate,
  issueRevocationList,
} from '../../certs/authority.ts';
import { type Certificate, readCertificates } from '../../certs/certificate.ts';
import { dateFindings, findPaths } from '../../certs/chain.ts';
import { CredentialsRefused, loadCredentials } from '../../certs/credentials.ts';
import { MalformedDer } from '../../certs/der.ts';
import { TRIAL_PROFILE } from '../../certs/hpki.ts';
import {
  isSignedBy,
  readRevocationLists,
  revocationFindings,
  revocationStateOf,
} from '../../certs/revocation.ts';
import { signCertificate } from '../../certs/x509.ts';
import { type Holder, listsOf, type Pki, throwawayPki } from '../support/pki.ts';

const SAMPLES = '../shared/samples/japan/pki';
const withSamples = existsSync(SAMPLES) ? it : it.skip;
const DAY_MS = 86_400_000;

let pki: Pki;
let root: Certificate;
let issuing: Certificate;
beforeAll(async () => {
  pki = await throwawayPki();
  root = pki.authority.root.certificate;
  issuing = pki.authority.issuing.certificate;
});

describe('the path to an anchor', () => {
  it('leads from the organisation over the issuing CA to the root', () => {
    const { certificate } = pki.holders.hospital;
    const { paths } = findPaths(certificate, { anchors: [root], intermediates: [issuing] });
    expect(paths.map((path) => path.map(({ fingerprint }) => fingerprint))).toEqual([
      [certificate.fingerprint, issuing.fingerprint, root.fingerprint],
    ]);
  });

  it('may end at an issuing CA that is itself the anchor', () => {
    const { certificate } = pki.holders.hospital;
    const { paths } = findPaths(certificate, { anchors: [issuing], intermediates: [] });
    expect(paths[0]).toHaveLength(2);
  });

  it.each([
    ['no issuer is known', 'hospital', 'untrusted-issuer'],
    ['it is self-signed', 'selfSigned', 'self-signed'],
    ['another CA of a like name issued it', 'foreign', 'untrusted-issuer'],
  ] as const)('is not there when %s', (_why, name, rule) => {
    const { certificate } = pki.holders[name];
    const found = findPaths(certificate, { anchors: [root], intermediates: [] });
    expect(found).toMatchObject({ paths: [], findings: [{ rule }] });
  });

  it('is not there when a CA of the same name did not sign', async () => {
    const twin = await createAuthority({
      organisation: 'Trial',
      keyKind: 'p-256',
      now: new Date(),
    });
    const { certificate } = pki.holders.hospital;
    const found = findPaths(certificate, {
      anchors: [twin.root.certificate],
      intermediates: [twin.issuing.certificate],
    });
    expect(found.findings[0]?.rule).toBe('signature');
  });

  it('does not lead through an organisation that plays a CA', async () => {
    const { hospital } = pki.holders;
    const forged = await issueCertificate(
      { certificate: hospital.certificate, key: hospital.key },
      {
        publicKey: createPublicKey(generateKey('p-256')),
        institution: '9',
        organisation: 'Forged',
        commonName: 'Forged',
        hosts: [],
        now: new Date(),
      },
    );
    const found = findPaths(forged, {
      anchors: [root],
      intermediates: [hospital.certificate, issuing],
    });
    expect(found.paths).toEqual([]);
    expect(found.findings.map(({ rule }) => rule)).toContain('issuer-not-a-ca');
  });

  it('does not lead through a CA that certifies another use', async () => {
    const now = new Date();
    const signing = await createAuthority({
      organisation: 'Trial',
      keyKind: 'p-256',
      now,
      policy: '1.2.392.100495.1.5.1.1.3.1',
    });
    const certificate = await issueCertificate(signing.issuing, {
      publicKey: createPublicKey(generateKey('p-256')),
      institution: '9',
      organisation: 'T',
      commonName: 'T',
      hosts: [],
      now,
    });
    const found = findPaths(certificate, {
      anchors: [signing.issuing.certificate],
      intermediates: [],
    });
    expect(found.findings.map(({ rule }) => rule)).toEqual(['issuer-policy']);
  });

  it('is found however many useless certificates a peer sends', () => {
    const { certificate } = pki.holders.hospital;
    const many = Array.from({ length: 15 }, () => pki.holders.shimane.certificate);
    const { paths } = findPaths(certificate, {
      anchors: [root],
      intermediates: [...many, issuing],
    });
    expect(paths).toHaveLength(1);
  });

  it('counts only while every certificate of it is valid, the anchor too', () => {
    const { certificate } = pki.holders.hospital;
    const [path] = findPaths(certificate, { anchors: [root], intermediates: [issuing] }).paths;
    if (!path) throw new Error('no path');
    const at = (days: number) => dateFindings(path, new Date(Date.now() + days * DAY_MS));
    expect(at(0)).toEqual([]);
    expect(at(-1).map(({ rule }) => rule)).toEqual([
      'not-yet-valid',
      'not-yet-valid',
      'not-yet-valid',
    ]);
    expect(at(366).map(({ rule }) => rule)).toEqual(['expired']);
    expect(at(8000).map(({ rule }) => rule)).toEqual(['expired', 'expired', 'expired']);
  });
});

describe('revocation', () => {
  const at = new Date();

  it('says revoked, even when the list that tells of it is stale', async () => {
    const { certificate } = pki.holders.revoked;
    const lists = pki.lists.filter((list) => isSignedBy(list, issuing));
    const later = new Date(at.getTime() + 100 * DAY_MS);
    expect(revocationStateOf(certificate, lists, at).state).toBe('revoked');
    expect(revocationStateOf(certificate, lists, later).state).toBe('revoked');
  });

  it('says good only while a list is fresh', () => {
    const { certificate } = pki.holders.hospital;
    const lists = pki.lists.filter((list) => isSignedBy(list, issuing));
    const state = (days: number) =>
      revocationStateOf(certificate, lists, new Date(at.getTime() + days * DAY_MS)).state;
    expect(state(0)).toBe('good');
    expect(state(8)).toBe('stale');
    expect(state(-1)).toBe('unknown');
    expect(revocationStateOf(certificate, [], at).state).toBe('unknown');
  });

  it('believes the newest list, and what a list of tomorrow revokes', async () => {
    const { certificate } = pki.holders.hospital;
    const tomorrow = new Date(at.getTime() + DAY_MS);
    const [, newer] = await listsOf(pki.authority, [certificate], { now: tomorrow, number: 9 });
    if (!newer) throw new Error('no list');
    const lists = [...pki.lists.filter((list) => isSignedBy(list, issuing)), newer];
    expect(revocationStateOf(certificate, lists, at).state).toBe('revoked');
    expect(revocationStateOf(certificate, [newer], at).state).toBe('revoked');
    expect(revocationStateOf(pki.holders.shimane.certificate, [newer], at).state).toBe('unknown');
  });

  it('does not use a list that another key signed', async () => {
    const twin = await createAuthority({ organisation: 'Trial', keyKind: 'p-256', now: at });
    const list = await issueRevocationList(twin.issuing, { revoked: [], number: 1, now: at });
    expect(list.issuer).toBe(issuing.subject.text);
    expect(isSignedBy(list, issuing)).toBe(false);
  });

  it('refuses a path whose CA has no list', () => {
    const { certificate } = pki.holders.hospital;
    const [path] = findPaths(certificate, { anchors: [root], intermediates: [issuing] }).paths;
    if (!path) throw new Error('no path');
    const findings = revocationFindings(path, () => [], at);
    expect(findings.map(({ rule }) => rule)).toEqual(['revocation-unknown', 'revocation-unknown']);
  });

  it('refuses a list that is cut at any octet', () => {
    const [list] = pki.lists;
    for (let end = 1; end < (list?.der.length ?? 0); end += 1) {
      expect(() => readRevocationLists(list?.der.subarray(0, end) ?? new Uint8Array())).toThrow(
        MalformedDer,
      );
    }
  });

  withSamples('knows the revoked card among the samples', () => {
    const read = (name: string) => readCertificates(readFileSync(`${SAMPLES}/${name}.pem`));
    const anchors = read('root');
    const intermediates = [...read('ca_auth'), ...read('ca_org')];
    const lists = ['auth', 'org', 'root'].flatMap((name) =>
      readRevocationLists(readFileSync(`${SAMPLES}/${name}.crl`)),
    );
    const rules = (name: string) => {
      const [certificate] = read(name);
      const [path] = certificate ? findPaths(certificate, { anchors, intermediates }).paths : [];
      if (!path) throw new Error(name);
      const signed = (issuer: Certificate) => lists.filter((list) => isSignedBy(list, issuer));
      return revocationFindings(path, signed, new Date('2026-11-01T00:00:00Z')).map(
        ({ rule }) => rule,
      );
    };
    expect(rules('nurse_auth_revoked')).toEqual(['revoked']);
    expect(rules('doctor_auth')).toEqual([]);
    expect(rules('org_gateway')).toEqual([]);
  });
});

describe('our own credentials', () => {
  const load = (
    holder: Holder,
    more: { key?: string; anchors?: readonly Certificate[]; at?: Date } = {},
  ) =>
    loadCredentials({
      certificate: Buffer.from(holder.chainPem),
      key: Buffer.from(more.key ?? holder.keyPem),
      anchors: more.anchors ?? [root],
      profile: TRIAL_PROFILE,
      at: more.at ?? new Date(),
    });

  it('are loaded whole: chain without the root, and key', () => {
    const credentials = load(pki.holders.okayama);
    expect(credentials.chain).toHaveLength(2);
    expect(credentials.chainPem).toBe(pki.holders.okayama.chainPem);
  });

  it('may come from any CA that is trusted, not the trial CA alone', async () => {
    const other = await createAuthority({
      organisation: 'Institution',
      keyKind: 'rsa-2048',
      now: new Date(),
    });
    const key = generateKey('rsa-2048');
    const certificate = await issueCertificate(other.issuing, {
      publicKey: createPublicKey(key),
      institution: '1',
      organisation: 'T',
      commonName: 'T',
      hosts: ['localhost'],
      now: new Date(),
    });
    const credentials = loadCredentials({
      certificate: certificate.der,
      key: key.export({ format: 'pem', type: 'pkcs1' }) as unknown as Uint8Array,
      anchors: [other.issuing.certificate],
      profile: TRIAL_PROFILE,
      at: new Date(),
    });
    expect(credentials.chain[0].fingerprint).toBe(certificate.fingerprint);
  });

  it.each([
    ['the key is that of another', 'key-mismatch', () => ({ key: pki.holders.shimane.keyPem })],
    ['the key cannot be read', 'key-mismatch', () => ({ key: 'no key' })],
    ['no anchor is trusted', 'untrusted-issuer', () => ({ anchors: [] })],
    ['they have expired', 'expired', () => ({ at: new Date(Date.now() + 400 * DAY_MS) })],
  ])('are refused when %s', (_why, rule, more) => {
    expect(rulesOf(() => load(pki.holders.okayama, more()))).toContain(rule);
  });

  it.each(['wrongPolicy', 'wrongUsage', 'wrongPurpose', 'expired'] as const)(
    'are refused when they are %s, with the rule',
    (kind) => expect(rulesOf(() => load(pki.holders[kind])).length).toBeGreaterThan(0),
  );

  it('are refused when the file holds no certificate', () => {
    expect(rulesOf(() => load({ ...pki.holders.okayama, chainPem: 'none' }))).toEqual([
      'malformed',
    ]);
  });
});

describe('path length', () => {
  it('is what the CA allows: an issuing CA makes no further CA', async () => {
    const key = generateKey('p-256');
    const { key: issuingKey } = pki.authority.issuing;
    const names = [...issuing.extensions.values()];
    const der = await signCertificate(
      {
        subject: pki.holders.clinic.certificate.subject.der,
        publicKey: createPublicKey(key),
        serialNumber: '4001',
        notBefore: new Date('2026-01-01T00:00:00Z'),
        notAfter: new Date('2036-01-01T00:00:00Z'),
        extensions: names.filter(({ oid }) =>
          ['2.5.29.19', '2.5.29.15', '2.5.29.32'].includes(oid),
        ),
      },
      { key: issuingKey, name: issuing.subject.der },
    );
    const [below] = readCertificates(der);
    if (!below) throw new Error('none');
    const leaf = await issueCertificate(
      { certificate: below, key },
      {
        publicKey: createPublicKey(generateKey('p-256')),
        institution: '9',
        organisation: 'T',
        commonName: 'T',
        hosts: [],
        now: new Date(),
      },
    );
    const found = findPaths(leaf, { anchors: [root], intermediates: [below, issuing] });
    expect(found.findings.map(({ rule }) => rule)).toEqual(['path-length']);
  });
});

function rulesOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (!(error instanceof CredentialsRefused)) throw error;
    return error.findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule);
  }
  return [];
}
