import { createPublicKey } from 'node:crypto';
import {
  createAuthority,
  generateKey,
  issueCertificate,
  type KeyKind,
} from '../../certs/authority.ts';
import { decodePkcs12, encodePkcs12, MAX_PKCS12_BYTES, Pkcs12Refused } from '../../certs/pkcs12.ts';

const NOW = new Date('2030-04-01T00:00:00Z');

describe('PKCS#12', () => {
  it.each<[KeyKind, KeyKind]>([
    ['rsa-2048', 'rsa-2048'],
    ['p-256', 'p-256'],
    ['rsa-2048', 'p-256'],
  ])('carries an %s key under a %s CA, and opens with its password alone', async (own, ca) => {
    const { issuing } = await createAuthority({ organisation: 'T', keyKind: ca, now: NOW });
    const key = generateKey(own);
    const certificate = await issueCertificate(issuing, {
      publicKey: createPublicKey(key),
      institution: '1',
      organisation: 'T',
      commonName: 'T',
      hosts: ['localhost'],
      now: NOW,
    });
    const bundle = await encodePkcs12(
      { key, certificates: [certificate, issuing.certificate] },
      '合言葉 123',
      { iterations: 1000 },
    );
    const opened = await decodePkcs12(bundle, '合言葉 123');
    expect(opened.key.equals(key)).toBe(true);
    expect(opened.certificates.map(({ fingerprint }) => fingerprint)).toEqual([
      certificate.fingerprint,
      issuing.certificate.fingerprint,
    ]);
    await expect(decodePkcs12(bundle, 'another')).rejects.toThrow(Pkcs12Refused);
    await expect(decodePkcs12(bundle.subarray(0, 400), '合言葉 123')).rejects.toThrow(
      Pkcs12Refused,
    );
  });

  it('refuses what is too large to be one', async () => {
    const large = new Uint8Array(MAX_PKCS12_BYTES + 1);
    await expect(decodePkcs12(large, 'x')).rejects.toThrow('too large');
  });
});
