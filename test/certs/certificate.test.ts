import { createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import {
  createAuthority,
  generateKey,
  issueCertificate,
  issueRevocationList,
  KEY_KINDS,
  renewCertificate,
} from '../../certs/authority.ts';
import {
  institutionOf,
  isSelfSigned,
  labelOf,
  readCertificate,
  readCertificates,
} from '../../certs/certificate.ts';
import { MalformedDer } from '../../certs/der.ts';
import { encodeHcRole, findHcRole, HC_ROLES, readHcRoles } from '../../certs/hc-roles.ts';
import { findAddress, NotAHost } from '../../certs/hosts.ts';
import { hcRoleOf, profileFindings, TRIAL_PROFILE } from '../../certs/hpki.ts';
import { canonicalName } from '../../certs/names.ts';
import { TRIAL_POLICY } from '../../certs/oids.ts';
import { decodePem, encodePem } from '../../certs/pem.ts';
import { isSignedBy } from '../../certs/revocation.ts';
import { encodeSubject, signCertificate } from '../../certs/x509.ts';
import { BAD_KINDS, type BadKind, throwawayPki } from '../support/pki.ts';

const NOW = new Date('2030-04-01T00:00:00Z');
const SAMPLES = '../shared/samples/japan/pki';
const withSamples = existsSync(SAMPLES) ? it : it.skip;

describe('the trial CA', () => {
  it.each(KEY_KINDS.map((kind) => [kind]))(
    'issues in the shape of HPKI with %s keys',
    async (kind) => {
      const { root, issuing } = await createAuthority({
        organisation: '試験',
        keyKind: kind,
        now: NOW,
        rootCrlUrl: 'http://pki.example.invalid/root.crl',
      });
      const key = generateKey(kind);
      const certificate = await issueCertificate(issuing, {
        publicKey: createPublicKey(key),
        institution: '3310000001',
        organisation: 'OKAYAMA',
        commonName: 'gw.example.invalid',
        hosts: ['gw.example.invalid', '192.0.2.7', '2001:db8::7'],
        crlUrl: 'http://pki.example.invalid/org.crl',
        now: NOW,
        validityDays: 10,
      });

      expect(profileFindings(certificate, TRIAL_PROFILE)).toEqual([]);
      expect(certificate.subject.text).toBe(
        'serialNumber=3310000001,CN=gw.example.invalid,O=OKAYAMA,C=JP',
      );
      expect(certificate.issuer.text).toBe(
        'CN=HPKI-99-TrialCA-forAuthentication-forOrganization,OU=Trial HPKI CA,O=試験,C=JP',
      );
      expect(certificate.subjectAltName).toMatchObject({
        dnsNames: ['gw.example.invalid'],
        ipAddresses: ['192.0.2.7', '2001:db8:0:0:0:0:0:7'],
      });
      expect(certificate.policies).toEqual([TRIAL_POLICY]);
      expect(certificate.crlDistributionPoints).toEqual(['http://pki.example.invalid/org.crl']);
      expect(certificate.authorityKey).toEqual({
        keyIdentifier: issuing.certificate.subjectKeyIdentifier,
        issuer: root.certificate.subject.text,
        serialNumber: issuing.certificate.serialNumber,
      });
      expect(certificate.notAfter).toEqual(new Date('2030-04-11T00:00:00Z'));
      expect(hcRoleOf(certificate)).toBe('TEST Hospital');
      expect(institutionOf(certificate)).toBe('3310000001');
      expect(isSelfSigned(root.certificate)).toBe(true);
      expect(isSelfSigned(certificate)).toBe(false);
      expect(certificate.native.verify(issuing.certificate.publicKey)).toBe(true);
      expect(issuing.certificate.native.verify(root.certificate.publicKey)).toBe(true);
      // OpenSSL agrees on the host names.
      expect(new X509Certificate(certificate.der).checkIP('2001:db8::7')).toBe('2001:db8::7');
    },
  );

  it('never issues beyond its own life', async () => {
    const { issuing } = await createAuthority({
      organisation: 'T',
      keyKind: 'p-256',
      now: NOW,
      validityDays: 100,
    });
    const certificate = await issueCertificate(issuing, {
      publicKey: createPublicKey(generateKey('p-256')),
      institution: '1',
      organisation: 'T',
      commonName: 'T',
      hosts: [],
      now: NOW,
      validityDays: 500,
    });
    expect(certificate.notAfter).toEqual(issuing.certificate.notAfter);
  });

  it('renews with another key and number, and all else as it was', async () => {
    const { authority, holders } = await throwawayPki();
    const old = holders.hospital.certificate;
    const renewed = await renewCertificate(authority.issuing, old, {
      publicKey: createPublicKey(generateKey('p-256')),
      now: new Date(),
    });
    expect(profileFindings(renewed, TRIAL_PROFILE)).toEqual([]);
    expect(renewed.subject.text).toBe(old.subject.text);
    expect(renewed.subjectAltName).toEqual(old.subjectAltName);
    expect(renewed.serialNumber).not.toBe(old.serialNumber);
    expect(renewed.subjectKeyIdentifier).not.toBe(old.subjectKeyIdentifier);
  });

  it('issues lists that say who is revoked, since when and why', async () => {
    const { authority } = await throwawayPki();
    const entry = { serialNumber: '4d82', at: NOW, reason: 'keyCompromise' as const };
    const list = await issueRevocationList(authority.issuing, {
      revoked: [entry],
      number: 200,
      now: NOW,
    });
    expect(list.revoked.get('4d82')).toEqual(entry);
    expect(list.nextUpdate).toEqual(new Date('2030-04-08T00:00:00Z'));
    expect(isSignedBy(list, authority.issuing.certificate)).toBe(true);
    expect(isSignedBy(list, authority.root.certificate)).toBe(false);
  });

  it('refuses a host that is neither a name nor an address', async () => {
    const { authority } = await throwawayPki();
    const issue = issueCertificate(authority.issuing, {
      publicKey: createPublicKey(generateKey('p-256')),
      institution: '1',
      organisation: 'T',
      commonName: 'T',
      hosts: ['bad host'],
      now: NOW,
    });
    await expect(issue).rejects.toThrow(NotAHost);
  });
});

describe('reading a certificate', () => {
  it('refuses one that is cut at any octet', async () => {
    const { der } = (await throwawayPki()).holders.hospital.certificate;
    for (let end = 0; end < der.length; end += 1) {
      expect(() => readCertificate(der.subarray(0, end))).toThrow(MalformedDer);
    }
  });

  it('either reads or refuses one with any octet changed, and throws nothing else', async () => {
    const { der } = (await throwawayPki()).holders.hospital.certificate;
    for (let at = 0; at < der.length; at += 1) {
      const changed = Uint8Array.from(der);
      changed[at] = (changed[at] ?? 0) ^ 0x15;
      try {
        profileFindings(readCertificate(changed), TRIAL_PROFILE);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedDer);
      }
    }
  });

  it('reads every certificate of a PEM file in order, and passes over the text around them', async () => {
    const { okayama, shimane } = (await throwawayPki()).holders;
    const file = `subject=x\n${okayama.chainPem}\nand\n${shimane.chainPem}`;
    const read = readCertificates(Buffer.from(file));
    expect(read.map(({ fingerprint }) => fingerprint)).toContain(shimane.certificate.fingerprint);
    expect(read).toHaveLength(4);
    expect(decodePem(encodePem(okayama.certificate.der, 'CERTIFICATE'), 'X509 CRL')).toEqual([]);
  });

  it('refuses a file without certificates', () => {
    expect(() => readCertificates(Buffer.from('no certificate'))).toThrow(MalformedDer);
  });
});

describe('the HPKI profile for organisations', () => {
  /** Kinds whose fault lies in the certificate itself; the others need its issuer or the time. */
  const RULES: Partial<Record<BadKind, string>> = {
    wrongPolicy: 'policy',
    wrongUsage: 'key-usage',
    wrongPurpose: 'extended-key-usage',
    sha1: 'signature-algorithm',
    weakKey: 'key-strength',
    unknownCritical: 'unknown-critical-extension',
    authority: 'certificate-authority',
    noInstitution: 'institution-code',
  };

  it.each(BAD_KINDS.filter((kind) => kind in RULES).map((kind) => [kind]))(
    'refuses %s',
    async (kind) => {
      const { certificate } = (await throwawayPki()).holders[kind];
      const errors = profileFindings(certificate, TRIAL_PROFILE)
        .filter(({ severity }) => severity === 'error')
        .map(({ rule }) => rule);
      expect(new Set(errors)).toEqual(new Set([RULES[kind]]));
    },
  );

  it('accepts the policies that an operator names, and no other', async () => {
    const { hospital } = (await throwawayPki()).holders;
    const profile = { policies: ['1.2.392.100495.1.5.1.3.1.1'] };
    expect(profileFindings(hospital.certificate, profile)).toMatchObject([{ rule: 'policy' }]);
  });

  it('asks a client alone for no host name', async () => {
    const { authority } = await throwawayPki();
    const certificate = await issueCertificate(authority.issuing, {
      publicKey: createPublicKey(generateKey('p-256')),
      institution: '1',
      organisation: 'T',
      commonName: 'T',
      hosts: [],
      now: NOW,
    });
    const rules = (uses: ('client' | 'server')[]) =>
      profileFindings(certificate, TRIAL_PROFILE, uses).map(({ rule }) => rule);
    expect(rules(['client'])).toEqual(['crl-distribution-point']);
    expect(rules(['server'])).toContain('subject-alt-name');
  });

  withSamples('accepts the sample of a gateway, and refuses the cards of persons', () => {
    const read = (name: string) => {
      const [certificate] = readCertificates(readFileSync(`${SAMPLES}/${name}.pem`));
      if (!certificate) throw new Error(name);
      return certificate;
    };
    const gateway = read('org_gateway');
    expect(profileFindings(gateway, TRIAL_PROFILE).map(({ rule }) => rule)).toEqual([
      'validity-length',
    ]);
    expect(institutionOf(gateway)).toBe('3319901018');
    for (const name of ['doctor_auth', 'doctor_sign', 'nurse_auth_revoked', 'jpki_auth']) {
      const rules = profileFindings(read(name), TRIAL_PROFILE).map(({ rule }) => rule);
      expect(rules).toContain('policy');
    }
    expect(hcRoleOf(read('doctor_sign'))).toBe('Medical Doctor');
  });
});

describe('hcRole', () => {
  it('is encoded as on the test card', () => {
    expect(Buffer.from(encodeHcRole('Medical Doctor')).toString('hex')).toBe(
      '30343032060628818542000131283126302' +
        '4a0223120a00c060a2a830886910f01060101a2100c0e4d65646963616c20446f63746f72',
    );
  });

  it.each(HC_ROLES.map(({ en }) => [en]))('reads back %s', (name) => {
    expect(readHcRoles(encodeHcRole(name))).toEqual([name]);
    expect(findHcRole(name)?.en).toBe(name);
  });

  it('refuses octets that are no role', () => {
    expect(() => readHcRoles(Buffer.from('3003020101', 'hex'))).toThrow(MalformedDer);
  });
});

describe('names', () => {
  it('show what a stranger wrote on one line, and not all of it', async () => {
    const { authority, holders } = await throwawayPki();
    const subject = encodeSubject([
      ['C', 'JP'],
      ['CN', `a\nb,"c" ${'x'.repeat(1000)}`],
    ]);
    const { certificate } = holders.clinic;
    const der = await signCertificate(
      {
        subject,
        publicKey: certificate.publicKey,
        serialNumber: '4001',
        notBefore: NOW,
        notAfter: NOW,
        extensions: [],
      },
      { key: authority.issuing.key, name: subject },
    );
    const read = readCertificate(der);
    expect(read.subject.text).toMatch(/^CN=a\\0ab\\,\\"c\\" x+,C=JP$/);
    expect(labelOf(read).length).toBeLessThan(340);
    expect(canonicalName(read.subject.text)).toBe(read.subject.text);
  });

  it.each([
    ['cn=A, O = B ,C=JP', 'CN=A,O=B,C=JP'],
    ['2.5.4.3=A,c=JP', 'CN=A,C=JP'],
    ['CN=A\\, B,SERIALNUMBER=1+OU=x', 'CN=A\\, B,serialNumber=1+OU=x'],
  ])('brings %s to its one form', (typed, canonical) => {
    expect(canonicalName(typed)).toBe(canonical);
    expect(canonicalName(canonical)).toBe(canonical);
  });

  it.each([
    ['1.2.3.4', 4],
    ['::1', 16],
    ['2001:db8::1:0', 16],
    ['1.2.3.256', 0],
    ['1::2::3', 0],
    ['1:2:3', 0],
    ['example.jp', 0],
  ])('knows whether %s is an address', (host, length) => {
    expect(findAddress(host)?.length ?? 0).toBe(length);
  });
});
