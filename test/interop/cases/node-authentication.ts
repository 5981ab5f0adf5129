import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PeerFailure } from '../../../actors/actor.ts';
import { TRIAL_POLICY } from '../../../certs/oids.ts';
import { openClient } from '../../../gateway/client.ts';
import { parseYaml } from '../../../gateway/config.ts';
import { type DirectoryEntry, readDirectory } from '../../../gateway/safeguards/directory.ts';
import { CIPHER_SUITES, TlsPolicy } from '../../../gateway/safeguards/tls.ts';
import { writeEnvelope } from '../../../profiles/formats/soap.ts';
import { ITI_38 } from '../../../profiles/xca/iti-38.ts';
import { ITI_18 } from '../../../profiles/xds/iti-18.ts';
import { findDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import { freePorts } from '../../../scripts/federation.ts';
import { readRecord } from '../../support/audit-reading.ts';
import { eventually } from '../../support/expectations.ts';
import { wireMessageOf } from '../../support/messages.ts';
import { type InteropCase, same } from '../interop-case.ts';
import { endOf, ran } from '../programs.ts';
import type { StrangerName } from '../strangers.ts';
import { IPF, type InteropWorld } from '../world.ts';
import { provided } from './provided.ts';

type Holder = 'hospital' | 'gateway' | StrangerName;
/** Certificates that are closed, and what the audit says of each. */
const CLOSED: readonly (readonly [StrangerName, string])[] = [
  ['expired', 'expired'],
  ['revoked', 'revoked'],
  ['foreign', 'untrusted-issuer'],
  ['unlisted', 'unlisted'],
];
/** Suites of BCP 195 for TLS 1.2 that an elliptic certificate can have. */
const OLD_SUITES = CIPHER_SUITES.filter((suite) => suite.startsWith('ECDHE-ECDSA-'));
/** Suites of TLS 1.2 that are not of BCP 195. */
const BAD_SUITES = [
  ...['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'ECDHE-ECDSA-AES128-CCM8'],
  ...['ECDHE-ECDSA-CAMELLIA128-SHA256', 'AES128-GCM-SHA256', 'AES256-SHA'],
];

const hostOf = (url: string) => new URL(url).host;

/** What the security alerts of node authentication in the region’s trail say. */
function alertsOf({ region }: InteropWorld): readonly string[] {
  const folder = join(region.folder, 'var', 'audit');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.jsonl'))
    .sort()
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
    .filter((line) => line.includes('csd-code=\\"110126\\"'))
    .map((line) => readRecord((JSON.parse(line) as { message: string }).message))
    .map(({ objects }) => objects[0]?.details['Alert Description'] ?? '');
}

/** Does something that must be closed before HTTP, and sees that the trail says why. */
async function closed(
  world: InteropWorld,
  why: string,
  attempt: () => Promise<string | undefined>,
): Promise<void> {
  const before = alertsOf(world).length;
  same(await attempt(), undefined, `what came back (${why})`);
  await eventually(async () => alertsOf(world).length > before);
  const [alert = ''] = alertsOf(world).slice(before);
  same(
    [alert.includes(why), alertsOf(world).length],
    [true, before + 1],
    `the alert (${why}): ${alert}`,
  );
}

/** openssl s_client asks for a WSDL; resolves to the status line, or undefined where the connection was closed. */
async function connected(
  world: InteropWorld,
  files: { readonly certificate: string; readonly key: string } | undefined,
  options: readonly string[],
): Promise<string | undefined> {
  const { region, anchors } = world;
  const own = files
    ? ['-cert', files.certificate, '-cert_chain', files.certificate, '-key', files.key]
    : [];
  const { stdout } = await ran(
    [
      ...['openssl', 's_client', '-connect', hostOf(region.url), '-CAfile', anchors, '-quiet'],
      ...['-verify_return_error', ...own, ...options],
    ],
    'GET /document-registry?wsdl HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  );
  return /^HTTP\/1\.1 \d+/.exec(stdout)?.[0];
}

const cellOf =
  (peer: string, direction: InteropCase['direction']) =>
  (name: InteropCase['name'], run: InteropCase['run']): InteropCase => ({
    ...{ transaction: 'ITI-19', direction, name, peer, run },
  });

const opensslAsks = cellOf('OpenSSL', 'inward');
const weAskOpenssl = cellOf('OpenSSL', 'outward');
const javaAsks = cellOf('Java TLS', 'inward');
const weAskJava = cellOf('Java TLS', 'outward');

/** openssl s_client at our listener. */
const clientCells: readonly InteropCase[] = [
  opensslAsks('success', async (world) => {
    const status = await connected(world, world.identity('hospital'), ['-tls1_3']);
    same(status, 'HTTP/1.1 200', 'the answer over TLS 1.3');
  }),
  opensslAsks('TLS 1.2', async (world) => {
    const old = world.identity('old');
    for (const suite of OLD_SUITES) {
      same(
        await connected(world, old, ['-tls1_2', '-cipher', suite]),
        'HTTP/1.1 200',
        `the answer over TLS 1.2, ${suite}`,
      );
    }
    for (const suite of BAD_SUITES) {
      const weak = `${suite}:@SECLEVEL=0`;
      await closed(world, 'handshake', () => connected(world, old, ['-tls1_2', '-cipher', weak]));
    }
    const older = ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'];
    await closed(world, 'handshake', () => connected(world, old, older));
    await closed(world, 'protocol: TLSv1.2', () =>
      connected(world, world.identity('hospital'), ['-tls1_2']),
    );
  }),
  opensslAsks('refusal', async (world) => {
    await closed(world, 'no-certificate', () => connected(world, undefined, []));
    for (const [name, why] of CLOSED) {
      await closed(world, why, () => connected(world, world.identity(name), []));
    }
    const own = {
      certificate: join(world.folder, 'self.pem'),
      key: join(world.folder, 'self.key'),
    };
    const made = await ran([
      ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
      ...['-nodes', '-days', '2', '-subj', '/C=JP/O=Nobody/CN=self', '-keyout', own.key],
      ...['-out', own.certificate],
    ]);
    same(made.status, 0, 'openssl req');
    await closed(world, 'certificate', () => connected(world, own, []));
  }),
];

/** An answer to ITI-38 that anybody may send. */
const ANSWER = writeEnvelope({
  action: 'urn:ihe:iti:2007:CrossGatewayQueryResponse',
  body:
    '<q:AdhocQueryResponse xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" ' +
    'status="urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success">' +
    '<r:RegistryObjectList xmlns:r="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"/></q:AdhocQueryResponse>',
});

/** What our sender does at a server that says it is the partner `ipf`: `answered`, or `refused`. */
async function sent(world: InteropWorld, port: number, tls?: 'tls12'): Promise<string> {
  const file = (name: string) => join(world.region.folder, 'certificates', name);
  const directory = join(world.region.folder, 'directory.yaml');
  const policy = await TlsPolicy.load({
    files: {
      certificate: file('own.pem'),
      key: file('own.key'),
      anchors: [file('anchors.pem')],
      revocationLists: [file('crls.pem')],
      policies: [TRIAL_POLICY],
    },
    directory: readDirectory(parseYaml(readFileSync(directory, 'utf8'), 'directory.yaml')),
    now: () => new Date(),
  });
  const listed = policy.directory.findEntry('ipf');
  if (!listed) throw new Error('the directory lacks ipf');
  const entry: DirectoryEntry = tls ? { ...listed, tls } : listed;
  const client = await openClient({
    tls: policy.clientOptions(entry) as object,
    deadlineMs: 60_000,
  });
  try {
    const patientId = { id: 'P-1', assigningAuthority: IPF.affinityDomain };
    const url = `https://127.0.0.1:${port}/responding-gateway`;
    const { status } = await client.ask(ITI_38, url, findDocuments({ patientId }));
    return status === 'Success' ? 'answered' : status;
  } catch (error) {
    if (error instanceof PeerFailure) return 'refused';
    throw error;
  } finally {
    await client.close();
  }
}

/** Our sender before openssl s_server; resolves to how it ended and what s_server read. */
async function atOpenssl(
  world: InteropWorld,
  holder: Holder,
  { protocol = '-tls1_3', tls }: { protocol?: string; tls?: 'tls12' } = {},
) {
  const [port = 0] = await freePorts(1);
  const { certificate, key } = world.identity(holder);
  const child = spawn('openssl', [
    ...[
      's_server',
      '-accept',
      `127.0.0.1:${port}`,
      '-cert',
      certificate,
      '-cert_chain',
      certificate,
    ],
    ...['-key', key, '-CAfile', world.anchors, '-Verify', '3', '-verify_return_error', protocol],
    ...['-naccept', '1'],
  ]);
  const ended = endOf(child);
  await new Promise<void>((resolve) =>
    child.stdout.on('data', (chunk: Buffer) => {
      const text = chunk.toString('utf8');
      if (text.includes('ACCEPT')) resolve();
      if (!text.includes('POST ')) return;
      const head = `Content-Type: application/soap+xml; charset=UTF-8\r\nContent-Length: ${ANSWER.length}`;
      child.stdin.write(`HTTP/1.1 200 OK\r\n${head}\r\nConnection: close\r\n\r\n${ANSWER}`);
    }),
  );
  const outcome = await sent(world, port, tls);
  child.stdin.end();
  child.kill();
  const { stdout } = await ended;
  return { outcome, http: /POST \S+ HTTP\/1\.1/.exec(stdout)?.[0], stdout };
}

const POSTED = 'POST /responding-gateway HTTP/1.1';

/** Our sender before openssl s_server. */
const serverCells: readonly InteropCase[] = [
  weAskOpenssl('success', async (world) => {
    const { outcome, http } = await atOpenssl(world, 'gateway');
    same([outcome, http], ['answered', POSTED], 'over TLS 1.3');
  }),
  weAskOpenssl('TLS 1.2', async (world) => {
    const old = { protocol: '-tls1_2' };
    const listed = await atOpenssl(world, 'gateway', { ...old, tls: 'tls12' });
    same([listed.outcome, listed.http], ['answered', POSTED], 'a partner whose row says tls12');
    const other = await atOpenssl(world, 'gateway', old);
    same([other.outcome === 'answered', other.http], [false, undefined], 'any other partner');
  }),
  weAskOpenssl('refusal', async (world) => {
    for (const holder of ['expired', 'revoked', 'foreign', 'unlisted', 'hospital'] as const) {
      const { outcome, http } = await atOpenssl(world, holder);
      same([outcome === 'answered', http], [false, undefined], `a server that is ${holder}`);
    }
  }),
];

const JAVA = fileURLToPath(new URL('../java-tls/Tls.java', import.meta.url));

type Attempt = readonly [protocol: string, holder: Holder | undefined];

function triples(world: InteropWorld, attempts: readonly Attempt[]): readonly string[] {
  return attempts.flatMap(([protocol, holder]) => {
    const files = holder && world.identity(holder);
    return [protocol, files?.certificate ?? '-', files?.key ?? '-'];
  });
}

/** Java's client posts an ITI-18 once for each; resolves to its lines. */
async function javaPosts(world: InteropWorld, attempts: readonly Attempt[]) {
  const url = `${world.region.url}/document-registry`;
  const asked = findDocuments({ patientId: await world.patient() });
  const request = join(world.folder, 'java-request.xml');
  await writeFile(request, (await wireMessageOf(ITI_18, asked, url)).body);
  const words = ['java', JAVA, 'client', url, world.anchors, request];
  const { stdout, stderr } = await ran([...words, ...triples(world, attempts)]);
  const lines = stdout.trim().split('\n');
  if (lines.length !== attempts.length) throw new Error(`Java: ${stdout}${stderr.slice(-1_000)}`);
  return lines;
}

/** Our sender at Java's server, once for each; resolves to how each ended, and what Java says of it. */
async function atJava(
  world: InteropWorld,
  attempts: readonly (readonly [protocol: string, holder: Holder, tls?: 'tls12'])[],
) {
  const answer = join(world.folder, 'java-answer.xml');
  await writeFile(answer, ANSWER);
  const list = attempts.map(([protocol, holder]) => [protocol, holder] as const);
  const words = [JAVA, 'server', world.anchors, answer, ...triples(world, list)];
  const child = spawn('java', words);
  const ended = endOf(child);
  const outcomes: (readonly [string, string])[] = [];
  let outcome = Promise.resolve('');
  for await (const line of createInterface({ input: child.stdout })) {
    const [word = '', rest = ''] = line.split(/ (.*)/);
    const tls = attempts[outcomes.length]?.[2];
    if (word === 'port') outcome = sent(world, Number(rest), tls);
    else outcomes.push([await outcome, word === 'read' ? rest : word]);
  }
  const { stderr } = await ended;
  if (outcomes.length !== attempts.length) throw new Error(`Java: ${stderr.slice(-1_000)}`);
  return outcomes;
}

const javaCells: readonly InteropCase[] = [
  javaAsks('success', async (world) => {
    const [line = ''] = await javaPosts(world, [['TLSv1.3', 'hospital']]);
    same(/^TLSv1\.3 TLS_\S+ 200$/.test(line), true, line);
  }),
  javaAsks('TLS 1.2', async (world) => {
    const [old = '', other = ''] = await javaPosts(world, [
      ['TLSv1.2', 'old'],
      ['TLSv1.2', 'hospital'],
    ]);
    same(/^TLSv1\.2 TLS_ECDHE_ECDSA_WITH_AES_\d+_GCM_SHA\d+ 200$/.test(old), true, old);
    same(other.startsWith('closed '), true, other);
  }),
  javaAsks('refusal', async (world) => {
    const holders = [undefined, ...CLOSED.map(([name]) => name)];
    const lines = await javaPosts(
      world,
      holders.map((holder) => ['TLSv1.3', holder] as const),
    );
    for (const line of lines) same(line.startsWith('closed '), true, line);
  }),
  weAskJava('success', async (world) => {
    same(await atJava(world, [['TLSv1.3', 'gateway']]), [['answered', POSTED]], 'over TLS 1.3');
  }),
  weAskJava('TLS 1.2', async (world) => {
    const [listed, other] = await atJava(world, [
      ['TLSv1.2', 'gateway', 'tls12'],
      ['TLSv1.2', 'gateway'],
    ]);
    same(listed, ['answered', POSTED], 'a partner whose row says tls12');
    same([other?.[0] === 'answered', other?.[1]], [false, 'refused'], 'any other partner');
  }),
  weAskJava('refusal', async (world) => {
    const holders = ['expired', 'revoked', 'foreign', 'unlisted', 'hospital'] as const;
    const outcomes = await atJava(
      world,
      holders.map((holder) => ['TLSv1.3', holder] as const),
    );
    outcomes.forEach(([outcome, java], at) => {
      same([outcome === 'answered', java], [false, 'refused'], `a server that is ${holders[at]}`);
    });
  }),
];

/** curl posts a file to our registry; resolves to curl's exit code, the HTTP status and the body. */
async function curlPosts(
  world: InteropWorld,
  body: Buffer,
  { holder, more = [] }: { holder?: Holder; more?: readonly string[] },
) {
  const files = holder && world.identity(holder);
  const { status, stdout } = await ran(
    [
      ...['curl', '--silent', '--cacert', world.anchors, '--data-binary', '@-', ...more],
      ...(files ? ['--cert', files.certificate, '--key', files.key] : []),
      ...['--header', 'Content-Type: application/soap+xml; charset=UTF-8', '--write-out'],
      ...['\n%{http_code} %{ssl_verify_result}', `${world.region.url}/document-registry`],
    ],
    body,
  );
  return { status, http: stdout.split('\n').at(-1), stdout };
}

async function aQuery(world: InteropWorld) {
  const { patient: patientId, uniqueId } = await provided(world);
  const asked = findDocuments({ patientId });
  const { body } = await wireMessageOf(ITI_18, asked, `${world.region.url}/document-registry`);
  return { body, uniqueId };
}

const curlAsks = (name: InteropCase['name'], run: InteropCase['run']): InteropCase => ({
  ...{ transaction: 'ITI-18', direction: 'inward', name, peer: 'curl', run },
});

const curlCells: readonly InteropCase[] = [
  curlAsks('success', async (world) => {
    const { body, uniqueId } = await aQuery(world);
    const { status, http, stdout } = await curlPosts(world, body, { holder: 'hospital' });
    same([status, http, stdout.includes(uniqueId)], [0, '200 0', true], 'the answer');
  }),
  curlAsks('refusal', async (world) => {
    const { body } = await aQuery(world);
    const old = { holder: 'hospital', more: ['--tls-max', '1.2'] } as const;
    for (const way of [{}, { holder: 'expired' }, { holder: 'unlisted' }, old] as const) {
      const { status, http } = await curlPosts(world, body, way);
      same([status === 0, http?.slice(0, 3)], [false, '000'], JSON.stringify(way));
    }
  }),
  curlAsks('fault', async (world) => {
    const { body } = await aQuery(world);
    const bent = Buffer.from(
      body.toString('utf8').replace(/<wsa:MessageID>.*?<\/wsa:MessageID>/, ''),
    );
    const { status, http, stdout } = await curlPosts(world, bent, { holder: 'hospital' });
    const fault = stdout.includes('wsa:MessageAddressingHeaderRequired');
    same([status, http, fault], [0, '400 0', true], 'the fault');
  }),
];

/** ITI-19 by openssl and by Java’s own TLS, and ITI-18 by curl. */
export const nodeAuthentication: readonly InteropCase[] = [
  ...clientCells,
  ...serverCells,
  ...curlCells,
  ...javaCells,
];
