import { constants } from 'node:crypto';
import type { AgentOptions, ServerOptions } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { Certificate } from '../../certs/certificate.ts';
import { CredentialsRefused } from '../../certs/credentials.ts';
import { accepts, type Finding, refused } from '../../certs/findings.ts';
import { profileFindings, type TlsUse } from '../../certs/hpki.ts';
import type { Directory, DirectoryEntry } from './directory.ts';
import {
  identityOf,
  type KnownPeer,
  knownOf,
  type Peer,
  type Rejection,
  rejection,
} from './peer.ts';
import { chainOf, noCertificate, rawChainOf, readPresented } from './presented.ts';
import { type Reading, readTlsFiles, type TlsFiles, type TlsWorld } from './tls-files.ts';
import type { Trust } from './trust.ts';

/** TLS 1.3 suites, then those of BCP 195 for TLS 1.2. Source: ITI TF-2: 3.19 (STX: TLS 1.2 Floor); RFC 9325, section 4.2. */
export const CIPHER_SUITES = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'DHE-RSA-AES128-GCM-SHA256',
  'DHE-RSA-AES256-GCM-SHA384',
] as const;

/** No SHA-1 in a handshake either. */
const SIGNATURES =
  'ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512';

/** A peer that has not finished its handshake by then is closed. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** The server that we called is not the one that the directory says, or is not to be trusted. */
export class ServerRefused extends Error {
  readonly rejection: Rejection;

  constructor(refusal: Rejection) {
    super(`${refusal.reason}: ${refusal.detail}`);
    this.name = 'ServerRefused';
    this.rejection = refusal;
  }
}

/**
 * Node authentication: one policy for every listener and every sender.
 *
 * A listener takes `serverOptions`, asks `identify` in its first `secureConnection` listener, and destroys the socket on
 * a rejection, before a byte of HTTP is read. OpenSSL only proves that the peer holds its key; whether the certificate is
 * accepted is decided here, so that every refusal can be audited with what is known.
 * Source: ITI TF-2: 3.19; RFC 9325.
 */
export class TlsPolicy {
  readonly #files: TlsFiles;
  readonly #now: () => Date;
  #reading: Reading;
  /** A policy that only calls needs no certificate of a server. */
  #serves = false;

  private constructor(world: TlsWorld, reading: Reading) {
    this.#files = world.files;
    this.#now = world.now;
    this.#reading = reading;
  }

  /**
   * Reads every file.
   * @throws CredentialsRefused, KeyFileRefused, MalformedDer, or the file system's error
   */
  static async load(world: TlsWorld): Promise<TlsPolicy> {
    return new TlsPolicy(world, await readTlsFiles(world, { generation: 1, uses: ['client'] }));
  }

  /**
   * Reads every file again, and takes this directory. What cannot be used, of our own files or of any other, stays as it was
   * read before, and all the rest counts: a revocation, or a partner that has left, never waits for another file.
   *
   * @throws the first thing that was wrong, once the rest has been taken
   */
  async reload(directory: Directory = this.#reading.directory): Promise<void> {
    const world = { files: this.#files, directory, now: this.#now };
    const uses: readonly TlsUse[] = this.#serves ? ['client', 'server'] : ['client'];
    const generation = this.#reading.generation + 1;
    const faults: unknown[] = [];
    const note = (fault: unknown) => void faults.push(fault);
    const kept = { reading: this.#reading, note };
    this.#reading = await readTlsFiles(world, { generation, uses, kept });
    if (faults.length > 0) throw faults[0];
  }

  /** Counts the readings; a peer carries the one that admitted it. */
  get generation(): number {
    return this.#reading.generation;
  }

  /** The partners, as last read. */
  get directory(): Directory {
    return this.#reading.directory;
  }

  /** Our own certificate; for `check`, `needs-renewal` and the console. */
  get ownCertificate(): Certificate {
    return this.#reading.credentials.chain[0];
  }

  /** Anchors and lists, for `partner test` and `check`. */
  get trust(): Trust {
    return this.#reading.trust;
  }

  /**
   * For `https.createServer`, and after `reload` for `server.setSecureContext`.
   * @throws CredentialsRefused when our certificate cannot stand for a server
   */
  serverOptions(): ServerOptions {
    const profile = { policies: this.#files.policies };
    const findings = profileFindings(this.ownCertificate, profile, ['server']);
    if (!accepts(findings)) throw new CredentialsRefused(errorsOf(findings));
    this.#serves = true;
    return {
      ...this.#contextOptions(),
      minVersion: 'TLSv1.2',
      // OpenSSL asks for a certificate and proves the key. Its verdict on the chain is left to `identify`, which judges
      // all of it; else Node would close the socket and nobody could audit who it was.
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      honorCipherOrder: true,
      // DHE suites vanish in silence without parameters.
      dhparam: 'auto',
    };
  }

  /**
   * For an `https.Agent` that calls this partner, and no other: its chain, profile, validity, revocation, host name and
   * directory binding are verified before a byte is sent. `anyone`: without the directory, for commands of an operator.
   */
  clientOptions(expected: DirectoryEntry | 'anyone'): AgentOptions {
    const old = expected !== 'anyone' && expected.tls === 'tls12';
    return {
      ...this.#contextOptions(),
      minVersion: old ? 'TLSv1.2' : 'TLSv1.3',
      rejectUnauthorized: true,
      // An issuing CA alone may be the anchor.
      allowPartialTrustChain: true,
      checkServerIdentity: (host, presented) => {
        try {
          return this.#serverFault(host, presented, expected);
        } catch (error) {
          const findings = [notJudged(error)];
          return new ServerRefused(rejection('certificate', { address: host }, { findings }));
        }
      },
      // A resumed session would pass by checkServerIdentity.
      maxCachedSessions: 0,
    };
  }

  /** Judges the peer of a socket whose handshake is done. Synchronous, so that no byte of HTTP is read before. */
  identify(socket: TLSSocket): Peer | Rejection {
    const protocol = socket.getProtocol() ?? undefined;
    const address = { ...addressOf(socket), ...(protocol ? { protocol } : {}) };
    if (socket.isSessionReused()) {
      return rejection('resumed', address, { detail: 'sessions are not resumed here' });
    }
    const first = socket.getPeerX509Certificate();
    if (!first) return rejection('no-certificate', address, noCertificate());
    try {
      const presented = readPresented(chainOf(first));
      if ('findings' in presented) return rejection('certificate', address, presented);
      return this.#admit(presented, { ...address, ...knownOf(presented.certificate) });
    } catch (error) {
      // Nothing that a stranger sends may stop the process: whatever cannot be judged is closed.
      return rejection('certificate', address, { findings: [notJudged(error)] });
    }
  }

  /** Judges a peer again, without its socket: after a reload, and as time goes by. The new Peer has the entries of now. */
  identifyAgain(peer: Peer): Peer | Rejection {
    return this.#admit(peer.presented, peer.known);
  }

  /** Whether a peer would still be admitted. A listener destroys the sockets of those that would not. */
  stillValid(peer: Peer): boolean {
    return this.identifyAgain(peer).kind === 'peer';
  }

  #admit(presented: Peer['presented'], known: KnownPeer): Peer | Rejection {
    const { trust, directory, generation } = this.#reading;
    const findings = trust.judge({ ...presented, uses: ['client'] }, this.#now());
    if (!accepts(findings))
      return rejection('certificate', known, { findings: errorsOf(findings) });
    const identity = identityOf(presented.certificate);
    const listed = directory.entriesOf(identity);
    if (listed.length === 0) {
      return rejection('unlisted', known, { detail: 'valid, but in no entry of the directory' });
    }
    const entries = listed.filter(({ tls }) => known.protocol === 'TLSv1.3' || tls === 'tls12');
    if (entries.length === 0) {
      const names = listed.map(({ name }) => name).join(', ');
      const detail = `${known.protocol ?? 'unknown'}; no entry (${names}) says tls12`;
      return rejection('protocol', known, { detail });
    }
    return { kind: 'peer', identity, entries, known, generation, presented };
  }

  #serverFault(
    host: string,
    presented: PeerCertificate,
    expected: DirectoryEntry | 'anyone',
  ): ServerRefused | undefined {
    const read = readPresented(rawChainOf(presented));
    const known: KnownPeer = { address: host };
    if ('findings' in read) return new ServerRefused(rejection('certificate', known, read));
    const { certificate } = read;
    const seen = { ...known, ...knownOf(certificate) };
    const { trust, directory } = this.#reading;
    const findings = [...trust.judge({ ...read, uses: ['server'] }, this.#now())];
    if (!isFor(host, certificate)) findings.push(refused('host-name', host));
    if (!accepts(findings)) {
      return new ServerRefused(rejection('certificate', seen, { findings: errorsOf(findings) }));
    }
    if (expected === 'anyone') return undefined;
    const entries = directory.entriesOf(identityOf(certificate));
    if (entries.some(({ name }) => name === expected.name)) return undefined;
    const detail = `the certificate is not that of ${expected.name}`;
    return new ServerRefused(rejection('unlisted', seen, { detail }));
  }

  #contextOptions() {
    const { credentials, anchorsPem } = this.#reading;
    return {
      cert: credentials.chainPem,
      key: credentials.keyPem,
      ca: [...anchorsPem],
      ciphers: CIPHER_SUITES.join(':'),
      sigalgs: SIGNATURES,
      maxVersion: 'TLSv1.3' as const,
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    };
  }
}

/** What is known of a peer whose handshake failed (`tlsClientError`): its address, and OpenSSL's code. */
export function handshakeRejection(error: Error, socket: Socket): Rejection {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
  return rejection('handshake', addressOf(socket), { detail: code });
}

function notJudged(error: unknown): Finding {
  return refused('malformed', error instanceof Error ? error.name : 'not an error');
}

function isFor(host: string, { native }: Certificate): boolean {
  if (isIP(host) !== 0) return native.checkIP(host) !== undefined;
  return native.checkHost(host, { subject: 'never', partialWildcards: false }) !== undefined;
}

function errorsOf(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ severity }) => severity === 'error');
}

function addressOf(socket: Socket): KnownPeer {
  const { remoteAddress = 'unknown', remotePort } = socket;
  return { address: remoteAddress, ...(remotePort === undefined ? {} : { port: remotePort }) };
}
