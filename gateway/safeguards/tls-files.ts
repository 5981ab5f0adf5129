import { readCertificates } from '../../certs/certificate.ts';
import { type Credentials, loadCredentials } from '../../certs/credentials.ts';
import type { TlsUse } from '../../certs/hpki.ts';
import { encodePem } from '../../certs/pem.ts';
import { readRevocationLists } from '../../certs/revocation.ts';
import type { Directory } from './directory.ts';
import { readPrivateFile, readPublicFile } from './key-files.ts';
import { Trust } from './trust.ts';

/** Where the certificates of this node lie. All are read again by `reload`. */
export interface TlsFiles {
  /** PEM: own certificate first, then its issuing CA. */
  readonly certificate: string;
  /** PEM, mode 0600. */
  readonly key: string;
  /** PEM or DER: roots, or issuing CAs, that are trusted. */
  readonly anchors: readonly string[];
  /** PEM or DER: a list of every CA that stands below an anchor, and of the anchors themselves. */
  readonly revocationLists: readonly string[];
  /** PEM or DER: issuing CAs that peers may forget to send. */
  readonly intermediates?: readonly string[];
  /** Policy OIDs of organisation authentication that are accepted. */
  readonly policies: readonly string[];
}

/** The world of a TLS policy: its files, the partners, and the clock. */
export interface TlsWorld {
  readonly files: TlsFiles;
  readonly directory: Directory;
  now(): Date;
}

/** One reading of all the files. */
export interface Reading {
  readonly generation: number;
  readonly credentials: Credentials;
  readonly trust: Trust;
  readonly directory: Directory;
  readonly anchorsPem: readonly string[];
}

/**
 * Reads every file, once.
 * @param uses the ends of TLS that our own certificate must be fit for
 * @param credentials kept as they are, where our own files cannot be used and those of others shall count all the same
 * @throws CredentialsRefused, KeyFileRefused, MalformedDer, or the file system's error
 */
export async function readTlsFiles(
  world: TlsWorld,
  {
    generation,
    uses,
    credentials: kept,
  }: { generation: number; uses: readonly TlsUse[]; credentials?: Credentials },
): Promise<Reading> {
  const { files, directory } = world;
  const [anchorFiles, listFiles, helperFiles] = await Promise.all([
    Promise.all(files.anchors.map(readPublicFile)),
    Promise.all(files.revocationLists.map(readPublicFile)),
    Promise.all((files.intermediates ?? []).map(readPublicFile)),
  ]);
  const anchors = anchorFiles.flatMap(readCertificates);
  const profile = { policies: files.policies };
  const credentials =
    kept ??
    loadCredentials({
      certificate: await readPublicFile(files.certificate),
      key: await readPrivateFile(files.key),
      anchors,
      profile,
      uses,
      at: world.now(),
    });
  const trust = new Trust({
    anchors,
    intermediates: [...helperFiles.flatMap(readCertificates), ...credentials.chain.slice(1)],
    revocationLists: listFiles.flatMap(readRevocationLists),
    profile,
  });
  const anchorsPem = anchors.map(({ der }) => encodePem(der, 'CERTIFICATE'));
  return { generation, credentials, trust, directory, anchorsPem };
}
