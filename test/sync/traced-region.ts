import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../gateway/config.ts';
import { bytesContent } from '../../profiles/formats/mtom.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { type WireMessage, wireMessageOf } from '../support/messages.ts';
import {
  feedOf,
  foundProofRegion,
  PROOF,
  type ProofRegion,
  type StartRegion,
} from '../support/proof-region.ts';
import { aSubmission } from '../support/xds-builders.ts';
import { judge, type Kind, type Places, type Submitted, type Violation } from './judge.ts';
import { readTrace, straceWords } from './trace.ts';

export interface SyncPlan {
  readonly start: StartRegion;
  /** Requests of each kind. */
  readonly times: number;
  /** The sync to take away; none for the proof itself. */
  readonly without?: Kind;
}

export interface SyncResult {
  readonly requests: number;
  readonly violations: readonly Violation[];
}

/** Long enough for the session tickets, which a server sends when it likes after the handshake. */
const AFTER_HANDSHAKE_MS = 400;
const PATIENT = { id: 'R-1', assigningAuthority: PROOF.affinityDomain };

/** Why system calls cannot be traced here, or undefined where they can. */
export function whyNotTraceable(): string | undefined {
  const { error, status, stderr } = spawnSync('strace', ['-f', '-e', 'trace=fsync', 'true'], {
    encoding: 'utf8',
  });
  if (error) return 'strace is not installed';
  return status === 0 ? undefined : `strace is not permitted here: ${stderr.split('\n')[0] ?? ''}`;
}

/** Runs a region under strace, submits one request after the other, and judges each by the trace. */
export async function traceSubmissions({ start, times, without }: SyncPlan): Promise<SyncResult> {
  const directory = await mkdtemp(join(tmpdir(), 'kakehashi-sync-'));
  try {
    const proof = await foundProofRegion(directory);
    const trace = join(directory, 'trace');
    const preload = fileURLToPath(new URL('./without.mjs', import.meta.url));
    const running = await start(proof.region, {
      prefix: straceWords(trace),
      nodeOptions: without === undefined ? [] : ['--import', preload],
      // So that every write and sync is a call of its own, which a trace shows.
      environment: { UV_USE_IO_URING: '0', KAKEHASHI_PROOF_WITHOUT: without ?? '' },
    });
    const asked: Submitted[] = [];
    try {
      asked.push(await submit(proof, 'ITI-44', 'R-1'));
      for (let time = 1; time <= times; time += 1) {
        for (const transaction of ['ITI-41', 'ITI-42', 'ITI-44'] as const) {
          asked.push(await submit(proof, transaction, String(time)));
        }
      }
    } finally {
      await stopTraced(running.pid);
      await running.stop();
    }
    const calls = readTrace(await readFile(trace, 'utf8'));
    const { folder } = proof.region;
    const { database, documents, audit } = readConfig(folder);
    const places: Places = {
      database: database.file,
      documents: documents.directory,
      trail: audit.directory,
    };
    const violations = asked.flatMap((one) => judge(calls, one, places));
    return { requests: asked.length, violations };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** strace, told to end, would leave what it traces behind: its child is told instead, and it follows. */
async function stopTraced(pid: number): Promise<void> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  for (const child of children.split(' ').filter((each) => each !== '')) {
    process.kill(Number(child), 'SIGTERM');
  }
}

/** Sends a request on a connection of its own. @throws Error when it is not answered with success */
async function submit(
  { region, hospital }: ProofRegion,
  transaction: Submitted['transaction'],
  name: string,
): Promise<Submitted> {
  const { message, url, success } = await messageOf(region.url, transaction, name);
  const { hostname, port } = new URL(url);
  const socket = connect({ ...hospital.tls, host: hostname, port: Number(port) });
  await once(socket, 'secureConnect');
  await pause(AFTER_HANDSHAKE_MS);
  const asked = { transaction, port: socket.localPort ?? 0, sentAt: Date.now() / 1_000 };
  const answer = await post(url, message, socket);
  if (!success.test(answer)) throw new Error(`${transaction} was answered with no success`);
  return asked;
}

async function messageOf(base: string, transaction: Submitted['transaction'], name: string) {
  if (transaction === 'ITI-44') {
    const url = `${base}/patient-identity`;
    const id =
      name === 'R-1' ? PATIENT : { id: `C-${name}`, assigningAuthority: PROOF.chartNumbers };
    return { url, message: await wireMessageOf(ITI_44, feedOf(id), url), success: /code="CA"/ };
  }
  const octets = randomBytes(20_000);
  const content = bytesContent(octets);
  const registers = transaction === 'ITI-42';
  const submission = aSubmission({
    submissionSet: {
      patientId: PATIENT,
      uniqueId: `2.999.9.${transaction.slice(4)}.${name}`,
      sourceId: PROOF.sourceId,
    },
    documentEntries: [
      {
        uniqueId: `2.999.8.${transaction.slice(4)}.${name}`,
        hash: content.sha1 ?? '',
        size: octets.length,
        repositoryUniqueId: registers ? '2.999.7.99' : PROOF.repositoryUniqueId,
      },
    ],
  });
  const url = `${base}/${registers ? 'document-registry' : 'document-repository'}`;
  const message = registers
    ? await wireMessageOf(ITI_42, submission, url)
    : await wireMessageOf(ITI_41, { submission, documents: [{ id: 'Document01', content }] }, url);
  return { url, message, success: /ResponseStatusType:Success/ };
}

async function post(url: string, message: WireMessage, socket: Socket): Promise<string> {
  return await new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      url,
      {
        method: 'POST',
        createConnection: () => socket,
        headers: {
          'Content-Type': message.contentType,
          'Content-Length': message.body.length,
          Connection: 'close',
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(message.body);
  });
}
