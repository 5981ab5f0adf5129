import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { CredentialsRefused } from '../../../certs/credentials.ts';
import { type Directory, readDirectory } from '../../../gateway/safeguards/directory.ts';
import type { Peer, Rejection } from '../../../gateway/safeguards/peer.ts';
import { handshakeRejection, TlsPolicy } from '../../../gateway/safeguards/tls.ts';
import {
  BAD_KINDS,
  type BadKind,
  type Holder,
  issueHolder,
  listsOf,
  type Pki,
  pemOf,
  throwawayPki,
  writeTlsFiles,
} from '../../support/pki.ts';

let pki: Pki;
let folder: string;
let policy: TlsPolicy;
let server: Server;
const verdicts: (Peer | Rejection)[] = [];
let requests = 0;

beforeAll(async () => {
  pki = await throwawayPki();
  folder = await mkdtemp(join(tmpdir(), 'kakehashi-tls-'));
  policy = await policyOf('okayama', pki.holders.okayama);
  server = await listen(policy);
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(folder, { recursive: true, force: true });
});

beforeEach(() => {
  verdicts.length = 0;
  requests = 0;
});

describe('ITI-19 Authenticate Node: who may connect', () => {
  it('admits a listed partner over TLS 1.3, with the entries of its certificate', async () => {
    const answer = await post(pki.holders.shimane);

    expect(answer).toContain('200');
    const peer = requirePeer(verdicts[0]);
    expect(peer.entries.map(({ name }) => name)).toEqual(['shimane']);
    expect(peer.identity.serialNumber).toBe('3290000001');
    expect(peer.known).toMatchObject({ address: '127.0.0.1', protocol: 'TLSv1.3' });
  });

  it.each(BAD_KINDS.map((kind) => [kind]))(
    'closes %s before a byte of HTTP is read',
    async (kind) => {
      const answer = await post(pki.holders[kind]);

      expect(answer).toBe('');
      expect(requests).toBe(0);
      const refusal = requireRejection(verdicts[0]);
      expect(RULE_OF[kind]).toContain(
        refusal.reason === 'certificate' ? refusal.findings[0]?.rule : refusal.reason,
      );
    },
  );

  it.each(BAD_KINDS.filter((kind) => kind !== 'weakKey' && kind !== 'sha1').map((kind) => [kind]))(
    'tells for the audit trail which certificate was %s',
    async (kind) => {
      await post(pki.holders[kind]);

      const { certificate } = pki.holders[kind];
      expect(requireRejection(verdicts[0]).known).toMatchObject({
        address: '127.0.0.1',
        subject: certificate.subject.text,
        issuer: certificate.issuer.text,
        fingerprint: certificate.fingerprint,
      });
    },
  );

  it('closes a client without a certificate', async () => {
    expect(await post(undefined)).toBe('');
    expect(requireRejection(verdicts[0]).reason).toBe('no-certificate');
  });

  it('closes a valid certificate that no entry lists', async () => {
    expect(await post(pki.holders.unlisted)).toBe('');
    expect(requireRejection(verdicts[0])).toMatchObject({ reason: 'unlisted', findings: [] });
  });

  it('closes a client that presents the certificate of another without its key', async () => {
    const { hospital, shimane } = pki.holders;
    expect(() => post({ ...shimane, keyPem: hospital.keyPem })).toThrow();
  });

  it('says of a handshake that failed what is known', async () => {
    expect(await post(pki.holders.shimane, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1' })).toBe(
      '',
    );
    expect(requireRejection(verdicts[0])).toMatchObject({
      reason: 'handshake',
      known: { address: '127.0.0.1' },
    });
  });

  it('accepts a partner that does not send its issuing CA, since ours is the same', async () => {
    const { shimane } = pki.holders;
    const alone = shimane.chainPem.slice(0, shimane.chainPem.indexOf('-----END') + 26);
    expect(await post({ ...shimane, chainPem: alone })).toContain('200');
  });
});

describe('TLS 1.2 floor', () => {
  it('closes a partner that speaks TLS 1.2 though its row does not say tls12', async () => {
    expect(await post(pki.holders.shimane, { maxVersion: 'TLSv1.2' })).toBe('');
    expect(requireRejection(verdicts[0]).reason).toBe('protocol');
  });

  it.each([['ECDHE-ECDSA-AES128-GCM-SHA256'], ['ECDHE-ECDSA-AES256-GCM-SHA384']])(
    'admits a partner whose row says tls12 with %s',
    async (ciphers) => {
      const answer = await post(pki.holders.kagawa, { maxVersion: 'TLSv1.2', ciphers });
      expect(answer).toContain('200');
      expect(requirePeer(verdicts[0]).known.protocol).toBe('TLSv1.2');
    },
  );

  it('offers an RSA certificate under the four suites that BCP 195 asks for', async () => {
    const holder = await issueHolder(pki.authority, {
      institution: '3390000001',
      commonName: 'okayama',
      keyKind: 'rsa-2048',
    });
    const other = await listen(await policyOf('rsa', holder));
    for (const ciphers of [
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES256-GCM-SHA384',
      'DHE-RSA-AES128-GCM-SHA256',
      'DHE-RSA-AES256-GCM-SHA384',
    ]) {
      const more = { maxVersion: 'TLSv1.2' as const, ciphers, port: portOf(other) };
      expect(await post(pki.holders.kagawa, more)).toContain('200');
    }
    other.close();
  });

  it('offers no suite without forward secrecy', async () => {
    const ciphers = 'AES128-GCM-SHA256:AES256-SHA';
    expect(await post(pki.holders.kagawa, { maxVersion: 'TLSv1.2', ciphers })).toBe('');
    expect(requireRejection(verdicts[0]).reason).toBe('handshake');
  });
});

describe('resumption', () => {
  it.each([['TLSv1.3' as const], ['TLSv1.2' as const]])(
    'makes a full handshake again although the client offers its old %s session',
    async (maxVersion) => {
      const sessions: Buffer[] = [];
      const keep = (socket: TLSSocket) => socket.on('session', (session) => sessions.push(session));
      await post(pki.holders.kagawa, { maxVersion }, keep);
      const [session] = sessions;
      expect(session).toBeDefined();
      let reused: boolean | undefined;
      await post(pki.holders.kagawa, { maxVersion, session }, (socket) =>
        socket.once('secureConnect', () => {
          reused = socket.isSessionReused();
        }),
      );
      expect(reused).toBe(false);
      expect(verdicts.map(({ kind }) => kind)).toEqual(['peer', 'peer']);
    },
  );
});

describe('reload without restart', () => {
  it('no longer admits a certificate that a new list revokes, nor keeps its sockets', async () => {
    const reloading = await policyOf('reloading', pki.holders.okayama);
    const other = await listen(reloading);
    const { hospital } = pki.holders;
    await post(hospital, { port: portOf(other) });
    const peer = requirePeer(verdicts[0]);
    expect(reloading.stillValid(peer)).toBe(true);

    const lists = await listsOf(pki.authority, [hospital.certificate], { number: 2 });
    await writeFile(join(folder, 'reloading', 'crls.pem'), pemOf(lists));
    await reloading.reload();

    expect(reloading.stillValid(peer)).toBe(false);
    expect(requireRejection(reloading.identifyAgain(peer)).findings[0]?.rule).toBe('revoked');
    expect(reloading.generation).toBe(2);
    expect(await post(hospital, { port: portOf(other) })).toBe('');
    other.close();
  });

  it('takes a new directory: an entry that is gone closes its sockets', async () => {
    const reloading = await policyOf('directory', pki.holders.okayama);
    const other = await listen(reloading);
    await post(pki.holders.shimane, { port: portOf(other) });
    const peer = requirePeer(verdicts[0]);
    await reloading.reload(readDirectory({ entries: [] }, 2));
    expect(requireRejection(reloading.identifyAgain(peer)).reason).toBe('unlisted');
    other.close();
  });

  it('keeps what it has of a file that cannot be read, and takes all the rest', async () => {
    const reloading = await policyOf('broken', pki.holders.okayama);
    const other = await listen(reloading);
    await post(pki.holders.shimane, { port: portOf(other) });
    await post(pki.holders.hospital, { port: portOf(other) });
    const [shimane, hospital] = [requirePeer(verdicts[0]), requirePeer(verdicts[1])];
    const crls = join(folder, 'broken', 'crls.pem');

    await writeFile(crls, 'nothing');
    const nobody = readDirectory({ entries: [] }, 2);
    const fault = { message: expect.stringContaining('X509 CRL'), path: crls };
    await expect(reloading.reload(nobody)).rejects.toMatchObject(fault);
    expect(requireRejection(reloading.identifyAgain(shimane)).reason).toBe('unlisted');

    await rm(join(folder, 'broken', 'anchors.pem'));
    const revoking = await listsOf(pki.authority, [hospital.presented.certificate], { number: 3 });
    await writeFile(crls, pemOf(revoking));
    await expect(reloading.reload()).rejects.toThrow('ENOENT');
    expect(requireRejection(reloading.identifyAgain(hospital)).findings[0]?.rule).toBe('revoked');
    other.close();
  });

  it('goes on admitting a partner whose certificate was renewed', async () => {
    const renewed = await issueHolder(pki.authority, {
      institution: '3290000001',
      commonName: 'shimane',
    });
    expect(await post(renewed)).toContain('200');
  });
});

describe('time', () => {
  it('judges validity at each look, not only at the handshake', async () => {
    let now = new Date();
    const aging = await policyOf('aging', pki.holders.okayama, () => now);
    const other = await listen(aging);
    await post(pki.holders.shimane, { port: portOf(other) });
    const peer = requirePeer(verdicts[0]);
    now = new Date(now.getTime() + 500 * 86_400_000);
    expect(requireRejection(aging.identifyAgain(peer)).findings.map(({ rule }) => rule)).toContain(
      'expired',
    );
    other.close();
  });

  it('fails closed when the list of the issuer is stale', async () => {
    let now = new Date();
    const aging = await policyOf('stale', pki.holders.okayama, () => now);
    const other = await listen(aging);
    now = new Date(now.getTime() + 8 * 86_400_000);
    expect(await post(pki.holders.shimane, { port: portOf(other) })).toBe('');
    expect(requireRejection(verdicts[0]).findings[0]?.rule).toBe('revocation-stale');
    other.close();
  });
});

describe('our own certificate', () => {
  it('of a system that only calls needs no host name, but none can listen with it', async () => {
    const holder = await issueHolder(pki.authority, {
      institution: '3290000001',
      commonName: 'shimane',
      hosts: [],
    });
    const calling = policyOf('calling', holder);
    expect(await call('okayama', calling)).toContain('200');
    const only = await calling;
    expect(() => only.serverOptions()).toThrow(CredentialsRefused);
  });

  it('is refused on reload when a listener could no longer present it', async () => {
    const listening = await policyOf('listening', pki.holders.okayama);
    listening.serverOptions();
    const holder = await issueHolder(pki.authority, {
      institution: '3390000001',
      commonName: 'okayama',
      hosts: [],
    });
    await writeTlsFiles(join(folder, 'listening'), { pki, holder });
    await expect(listening.reload()).rejects.toThrow(CredentialsRefused);
    expect(listening.ownCertificate.fingerprint).toBe(pki.holders.okayama.certificate.fingerprint);
  });
});

describe('whom we call', () => {
  it('connects to the partner that the directory means', async () => {
    expect(await call('okayama', policyOf('caller', pki.holders.shimane))).toContain('200');
  });

  it('sends nothing to a server whose certificate is that of another entry', async () => {
    const caller = policyOf('caller2', pki.holders.shimane);
    await expect(call('kagawa', caller)).rejects.toMatchObject({
      name: 'ServerRefused',
      rejection: { reason: 'unlisted' },
    });
    expect(requests).toBe(0);
  });

  it('sends nothing to a server of another host name', async () => {
    const caller = policyOf('caller3', pki.holders.shimane);
    await expect(call('okayama', caller, 'other.example.invalid')).rejects.toMatchObject({
      name: 'ServerRefused',
      rejection: { findings: [{ rule: 'host-name' }] },
    });
  });

  it('sends nothing to a server whose certificate is revoked', async () => {
    const caller = await policyOf('caller4', pki.holders.shimane);
    const lists = await listsOf(pki.authority, [pki.holders.okayama.certificate], { number: 3 });
    await writeFile(join(folder, 'caller4', 'crls.pem'), pemOf(lists));
    await caller.reload();
    await expect(call('okayama', Promise.resolve(caller))).rejects.toMatchObject({
      name: 'ServerRefused',
      rejection: { findings: [{ rule: 'revoked' }] },
    });
    expect(requests).toBe(0);
  });

  it('speaks TLS 1.2 only with a partner whose row says tls12', async () => {
    const caller = await policyOf('caller5', pki.holders.shimane);
    const entry = (name: string) => caller.directory.findEntry(name) ?? 'anyone';
    expect(caller.clientOptions(entry('okayama')).minVersion).toBe('TLSv1.3');
    expect(caller.clientOptions(entry('kagawa')).minVersion).toBe('TLSv1.2');
  });
});

/** Which finding, or reason, each kind of bad certificate is closed for; some never leave the handshake. */
const RULE_OF: Readonly<Record<BadKind, readonly string[]>> = {
  expired: ['expired'],
  notYetValid: ['not-yet-valid'],
  revoked: ['revoked'],
  foreign: ['untrusted-issuer'],
  selfSigned: ['self-signed'],
  wrongPolicy: ['policy'],
  wrongUsage: ['key-usage'],
  wrongPurpose: ['extended-key-usage'],
  sha1: ['signature-algorithm', 'handshake', 'no-certificate'],
  weakKey: ['key-strength', 'handshake', 'no-certificate'],
  unknownCritical: ['unknown-critical-extension'],
  authority: ['certificate-authority'],
  noInstitution: ['institution-code'],
};

function directory(): Directory {
  const { okayama, shimane, kagawa, hospital } = pki.holders;
  const gateway = (name: string, holder: Holder, more = {}) => ({
    name,
    kind: 'gateway',
    homeCommunityIds: [`urn:oid:2.999.${holder.binding.serialNumber}`],
    certificate: holder.binding,
    transactions: ['ITI-38', 'ITI-39', 'ITI-55'],
    ...more,
  });
  return readDirectory({
    entries: [
      gateway('okayama', okayama),
      gateway('shimane', shimane),
      gateway('kagawa', kagawa, { tls: 'tls12' }),
      {
        name: 'hospital',
        kind: 'system',
        institution: '3210000001',
        certificate: hospital.binding,
        transactions: ['ITI-18'],
      },
    ],
  });
}

async function policyOf(
  name: string,
  holder: Holder,
  now: () => Date = () => new Date(),
): Promise<TlsPolicy> {
  const files = await writeTlsFiles(join(folder, name), { pki, holder });
  return TlsPolicy.load({ files, directory: directory(), now });
}

async function listen(by: TlsPolicy): Promise<Server> {
  const listening = createServer(by.serverOptions(), (request, response) => {
    requests += 1;
    request.resume();
    response.end('ok');
  });
  listening.prependListener('secureConnection', (socket: TLSSocket) => {
    const verdict = by.identify(socket);
    verdicts.push(verdict);
    if (verdict.kind === 'rejection') socket.destroy();
  });
  listening.on('tlsClientError', (error, socket) =>
    verdicts.push(handshakeRejection(error, socket)),
  );
  await new Promise<void>((done) => listening.listen(0, '127.0.0.1', done));
  return listening;
}

/** What comes back for a POST; the empty text when the connection is closed instead. */
function post(
  holder: Holder | undefined,
  more: ConnectionOptions = {},
  watch: (socket: TLSSocket) => void = () => {},
): Promise<string> {
  const socket = connect({
    host: '127.0.0.1',
    port: portOf(server),
    servername: 'localhost',
    ca: [pki.anchorsPem],
    ciphers: 'ALL:@SECLEVEL=0',
    ...(holder ? { cert: holder.chainPem, key: holder.keyPem } : {}),
    ...more,
  });
  watch(socket);
  return new Promise((done) => {
    let answer = '';
    socket.on('data', (octets) => {
      answer += octets.toString();
    });
    socket.on('error', () => {});
    socket.on('close', () => done(answer));
    socket.write(
      'POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    );
  });
}

async function call(
  entry: string,
  caller: Promise<TlsPolicy>,
  servername = 'localhost',
): Promise<string> {
  const by = await caller;
  const options = by.clientOptions(by.directory.findEntry(entry) ?? 'anyone');
  const socket = connect({ ...(options as ConnectionOptions), port: portOf(server), servername });
  return new Promise((done, fail) => {
    let answer = '';
    socket.on('data', (octets) => {
      answer += octets.toString();
    });
    socket.on('error', fail);
    socket.on('close', () => done(answer));
    socket.on('secureConnect', () =>
      socket.write(
        'POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
      ),
    );
  });
}

function portOf(listening: Server): number {
  return (listening.address() as AddressInfo).port;
}

function requirePeer(verdict: Peer | Rejection | undefined): Peer {
  if (verdict?.kind !== 'peer') throw new Error(`not a peer: ${JSON.stringify(verdict)}`);
  return verdict;
}

function requireRejection(verdict: Peer | Rejection | undefined): Rejection {
  if (verdict?.kind !== 'rejection') throw new Error('not a rejection');
  return verdict;
}
