import { MalformedDer } from './der.ts';

/** Labels of the PEM blocks that are used here. */
export type PemLabel = 'CERTIFICATE' | 'X509 CRL' | 'PRIVATE KEY';

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/g;

/** The DER of every block with this label, in order; text around the blocks is passed over. */
export function decodePem(text: string, label: PemLabel): readonly Uint8Array[] {
  return [...text.matchAll(BLOCK)]
    .filter(([, found]) => found === label)
    .map(([, , base64 = '']) => Buffer.from(base64, 'base64'));
}

/** One block, with lines of 64 characters and a line end. */
export function encodePem(der: Uint8Array, label: PemLabel): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g);
  return `-----BEGIN ${label}-----\n${(lines ?? []).join('\n')}\n-----END ${label}-----\n`;
}

/**
 * The DER in a file that may be PEM (one or several blocks) or bare DER (one).
 * @throws MalformedDer when it is neither
 */
export function octetsOf(file: Uint8Array, label: PemLabel): readonly Uint8Array[] {
  if (file[0] === 0x30) return [file];
  const blocks = decodePem(Buffer.from(file).toString('latin1'), label);
  if (blocks.length === 0) throw new MalformedDer(`neither DER nor a PEM block "${label}"`);
  return blocks;
}
