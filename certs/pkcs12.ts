import { createPrivateKey, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { type Certificate, readCertificate } from './certificate.ts';
import { readPkcs12, writePkcs12 } from './pkcs12-ec.ts';

/** A key and its certificates, as a `.p12` carries them: own certificate first. */
export interface Pkcs12Content {
  readonly key: KeyObject;
  readonly certificates: readonly Certificate[];
}

/** A bundle that cannot be opened: another password, or not a PKCS#12. Its text holds nothing of the bundle. */
export class Pkcs12Refused extends Error {
  constructor(reason: string, options?: { cause: unknown }) {
    super(reason, options);
    this.name = 'Pkcs12Refused';
  }
}

/** Rounds of key derivation from the password. */
const ITERATIONS = 100_000;
/** A bundle of one organisation is smaller. */
export const MAX_PKCS12_BYTES = 1024 * 1024;

/**
 * A `.p12` for systems that want one: AES-256, no old ciphers. RSA by node-forge, as most products do; EC by pkijs.
 * Source: RFC 7292.
 */
export async function encodePkcs12(
  content: Pkcs12Content,
  password: string,
  { iterations = ITERATIONS }: { iterations?: number } = {},
): Promise<Uint8Array> {
  const keys = [content.key, ...content.certificates.map(({ publicKey }) => publicKey)];
  if (!keys.every(({ asymmetricKeyType }) => asymmetricKeyType === 'rsa')) {
    const pkcs8 = content.key.export({ format: 'der', type: 'pkcs8' });
    const certificates = content.certificates.map(({ der }) => der);
    return writePkcs12({ pkcs8, certificates }, { password, iterations });
  }
  const asn1Of = (der: Uint8Array) => forge.asn1.fromDer(Buffer.from(der).toString('latin1'));
  // forge knows the key as PKCS#1 only.
  const key = content.key.export({ format: 'der', type: 'pkcs1' });
  const bundle = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromAsn1(asn1Of(key)),
    content.certificates.map(({ der }) => forge.pki.certificateFromAsn1(asn1Of(der))),
    password,
    { algorithm: 'aes256', count: iterations },
  );
  return Buffer.from(forge.asn1.toDer(bundle).getBytes(), 'latin1');
}

/**
 * Opens a `.p12` with one key.
 * @throws Pkcs12Refused
 */
export async function decodePkcs12(octets: Uint8Array, password: string): Promise<Pkcs12Content> {
  if (octets.length > MAX_PKCS12_BYTES) throw new Pkcs12Refused('too large for a PKCS#12');
  const errors: unknown[] = [];
  for (const open of [openByForge, openByPkijs]) {
    try {
      return ownFirst(await open(octets, password));
    } catch (error) {
      if (error instanceof Pkcs12Refused) throw error;
      errors.push(error);
    }
  }
  const cause = new AggregateError(errors);
  throw new Pkcs12Refused('another password, or not a PKCS#12 that is known here', { cause });
}

async function openByForge(octets: Uint8Array, password: string): Promise<Pkcs12Content> {
  const asn1 = forge.asn1.fromDer(Buffer.from(octets).toString('latin1'));
  const bundle = forge.pkcs12.pkcs12FromAsn1(asn1, true, password);
  const bagsOf = (bagType: string) => bundle.getBags({ bagType })[bagType] ?? [];
  const { pkcs8ShroudedKeyBag, keyBag, certBag } = forge.pki.oids;
  const keys = [...bagsOf(pkcs8ShroudedKeyBag), ...bagsOf(keyBag)];
  const [bag] = keys;
  if (!bag?.key || keys.length !== 1) throw new Error('no RSA key, or several');
  const der = forge.asn1.toDer(forge.pki.privateKeyToAsn1(bag.key)).getBytes();
  const key = createPrivateKey({
    key: Buffer.from(der, 'latin1'),
    format: 'der',
    type: 'pkcs1',
  });
  const certificates = bagsOf(certBag).map((each) => {
    const found = each.cert ? forge.pki.certificateToAsn1(each.cert) : each.asn1;
    if (!found) throw new Error('a certificate that forge does not read');
    return readCertificate(Buffer.from(forge.asn1.toDer(found).getBytes(), 'latin1'));
  });
  return { key, certificates };
}

async function openByPkijs(octets: Uint8Array, password: string): Promise<Pkcs12Content> {
  const { pkcs8, certificates } = await readPkcs12(octets, password);
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  return { key, certificates: certificates.map(readCertificate) };
}

function ownFirst({ key, certificates }: Pkcs12Content): Pkcs12Content {
  const own = certificates.find(({ native }) => native.checkPrivateKey(key));
  if (!own) throw new Pkcs12Refused('it holds no certificate of its key');
  return { key, certificates: [own, ...certificates.filter((each) => each !== own)] };
}
