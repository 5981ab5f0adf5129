import { type Certificate, readCertificates } from '../../certs/certificate.ts';
import { type Credentials, loadCredentials } from '../../certs/credentials.ts';
import type { TlsUse } from '../../certs/hpki.ts';
import { encodePem } from '../../certs/pem.ts';
import { type RevocationList, readRevocationLists } from '../../certs/revocation.ts';
import type { Directory } from './directory.ts';
import { placedAt, readPrivateFile, readPublicFile } from './key-files.ts';
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

/** What stands in several files, by file. */
type ByFile<Content> = ReadonlyMap<string, readonly Content[]>;

/** One reading of all the files. */
export interface Reading {
  readonly generation: number;
  readonly credentials: Credentials;
  readonly trust: Trust;
  readonly directory: Directory;
  readonly anchorsPem: readonly string[];
  /** What was read of each file: it stays in force where the file cannot be read the next time. */
  readonly files: {
    readonly anchors: ByFile<Certificate>;
    readonly intermediates: ByFile<Certificate>;
    readonly revocationLists: ByFile<RevocationList>;
  };
}

/** A reading that stays in force, file by file, where a file cannot be used; and who hears of each that cannot. */
export interface KeptReading {
  readonly reading: Reading;
  readonly note: (fault: unknown) => void;
}

/**
 * Reads every file, once.
 * @param uses the ends of TLS that our own certificate must be fit for
 * @param kept without it, a file that cannot be used is thrown
 * @throws CredentialsRefused, KeyFileRefused, MalformedDer, or the file system's error
 */
export async function readTlsFiles(
  world: TlsWorld,
  { generation, uses, kept }: { generation: number; uses: readonly TlsUse[]; kept?: KeptReading },
): Promise<Reading> {
  const { files, directory } = world;
  const before = kept?.reading.files;
  const note = kept?.note;
  const [anchors, revocationLists, intermediates] = await Promise.all([
    readEach(files.anchors, readCertificates, { before: before?.anchors, note }),
    readEach(files.revocationLists, readRevocationLists, { before: before?.revocationLists, note }),
    readEach(files.intermediates ?? [], readCertificates, { before: before?.intermediates, note }),
  ]);
  const roots = [...anchors.values()].flat();
  const credentials = await ownCredentials(world, roots, uses).catch((fault: unknown) => {
    if (kept === undefined) throw fault;
    kept.note(placedAt(fault, files.certificate));
    return kept.reading.credentials;
  });
  const trust = new Trust({
    anchors: roots,
    intermediates: [...[...intermediates.values()].flat(), ...credentials.chain.slice(1)],
    revocationLists: [...revocationLists.values()].flat(),
    profile: { policies: files.policies },
  });
  const anchorsPem = roots.map(({ der }) => encodePem(der, 'CERTIFICATE'));
  const read = { anchors, intermediates, revocationLists };
  return { generation, credentials, trust, directory, anchorsPem, files: read };
}

async function ownCredentials(
  { files, now }: TlsWorld,
  anchors: readonly Certificate[],
  uses: readonly TlsUse[],
): Promise<Credentials> {
  return loadCredentials({
    certificate: await readPublicFile(files.certificate),
    key: await readPrivateFile(files.key),
    anchors,
    profile: { policies: files.policies },
    uses,
    at: now(),
  });
}

/** What each file holds. A file that cannot be read keeps what it held before, if anything is known of that. */
async function readEach<Content>(
  paths: readonly string[],
  read: (file: Uint8Array) => readonly Content[],
  {
    before,
    note,
  }: { before: ByFile<Content> | undefined; note: ((fault: unknown) => void) | undefined },
): Promise<ByFile<Content>> {
  const rows = await Promise.all(
    paths.map(async (path): Promise<[string, readonly Content[]]> => {
      const held = before?.get(path);
      try {
        return [path, read(await readPublicFile(path))];
      } catch (error) {
        const fault = placedAt(error, path);
        if (held === undefined || note === undefined) throw fault;
        note(fault);
        return [path, held];
      }
    }),
  );
  return new Map(rows);
}
