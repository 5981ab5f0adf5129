import {
  AuthenticatedSafe,
  CertBag,
  Certificate,
  PFX,
  PKCS8ShroudedKeyBag,
  PrivateKeyInfo,
  SafeBag,
  SafeContents,
} from 'pkijs';

/** A key as PKCS#8 DER, and certificates as DER. */
export interface Pkcs12Octets {
  readonly pkcs8: Uint8Array;
  readonly certificates: readonly Uint8Array[];
}

const OID = {
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
} as const;
const CIPHER = { name: 'AES-CBC', length: 256 } as const;
const HASH = 'SHA-256';

/** Writes a `.p12` for a key of any kind: PBES2 with AES-256, HMAC with SHA-256. Source: RFC 7292; RFC 8018. */
export async function writePkcs12(
  { pkcs8, certificates }: Pkcs12Octets,
  { password, iterations }: { password: string; iterations: number },
): Promise<Uint8Array> {
  const secret = secretOf(password);
  const keyBag = new PKCS8ShroudedKeyBag({ parsedValue: PrivateKeyInfo.fromBER(bufferOf(pkcs8)) });
  await keyBag.makeInternalValues({
    password: secret,
    contentEncryptionAlgorithm: CIPHER,
    hmacHashAlgorithm: HASH,
    iterationCount: iterations,
  });
  const certificateBags = certificates.map(
    (der) =>
      new SafeBag({
        bagId: OID.certBag,
        bagValue: new CertBag({ parsedValue: Certificate.fromBER(bufferOf(der)) }),
      }),
  );
  const safes = [[new SafeBag({ bagId: OID.shroudedKeyBag, bagValue: keyBag })], certificateBags];
  const safeContents = safes.map((safeBags) => ({
    privacyMode: 0,
    value: new SafeContents({ safeBags }),
  }));
  const bundle = new PFX({
    parsedValue: {
      integrityMode: 0,
      authenticatedSafe: new AuthenticatedSafe({ parsedValue: { safeContents } }),
    },
  });
  await bundle.parsedValue?.authenticatedSafe?.makeInternalValues({ safeContents: [{}, {}] });
  await bundle.makeInternalValues({
    password: secret,
    iterations,
    pbkdf2HashAlgorithm: HASH,
    hmacHashAlgorithm: HASH,
  });
  return new Uint8Array(bundle.toSchema().toBER());
}

/** Opens a `.p12` with one key. @throws whatever pkijs throws for another password or another structure */
export async function readPkcs12(octets: Uint8Array, password: string): Promise<Pkcs12Octets> {
  const secret = secretOf(password);
  const bundle = PFX.fromBER(bufferOf(octets));
  await bundle.parseInternalValues({ password: secret, checkIntegrity: true });
  const safe = bundle.parsedValue?.authenticatedSafe;
  if (!safe) throw new Error('no authenticated safe');
  await safe.parseInternalValues({
    safeContents: safe.safeContents.map(() => ({ password: secret })),
  });
  const contents: { value: SafeContents }[] = safe.parsedValue.safeContents;
  const bags = contents.flatMap(({ value }) => value.safeBags.map(({ bagValue }) => bagValue));
  const keys: Uint8Array[] = [];
  for (const bag of bags) {
    if (bag instanceof PrivateKeyInfo) keys.push(new Uint8Array(bag.toSchema().toBER()));
    if (!(bag instanceof PKCS8ShroudedKeyBag)) continue;
    // pkijs hides this step from its types, though a shrouded key cannot be had without it.
    const shrouded = bag as unknown as {
      parseInternalValues(parameters: { password: ArrayBuffer }): Promise<void>;
    };
    await shrouded.parseInternalValues({ password: secret });
    if (bag.parsedValue) keys.push(new Uint8Array(bag.parsedValue.toSchema().toBER()));
  }
  const [pkcs8] = keys;
  if (!pkcs8 || keys.length !== 1) throw new Error('no key, or several');
  const certificates = bags.flatMap((bag) =>
    bag instanceof CertBag && bag.parsedValue instanceof Certificate
      ? [new Uint8Array(bag.parsedValue.toSchema().toBER())]
      : [],
  );
  return { pkcs8, certificates };
}

function secretOf(password: string): ArrayBuffer {
  return bufferOf(new TextEncoder().encode(password));
}

function bufferOf(octets: Uint8Array): ArrayBuffer {
  const buffer = new ArrayBuffer(octets.length);
  new Uint8Array(buffer).set(octets);
  return buffer;
}
