import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from '../../gateway/client.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import type { RegionProcess } from '../../scripts/region-process.ts';
import {
  feedOf,
  foundProofRegion,
  openFilesBelow,
  openHospital,
  type ProofRegion,
  residentBytes,
  type StartRegion,
  spooledFiles,
} from '../support/proof-region.ts';
import { Random } from '../support/seeded.ts';
import { caseOf, type FuzzCase, REQUEST_TARGETS } from './generate.ts';
import { keepCase } from './kept-cases.ts';
import { FUZZ_PATIENT } from './samples.ts';

export interface OverTlsPlan {
  readonly seed: number;
  readonly messages: number;
  readonly start: StartRegion;
  /** Messages before memory is looked at for the first time. */
  readonly warmUp: number;
  /** Messages that once failed, sent before all others. */
  readonly kept?: readonly FuzzCase[];
  readonly progress?: (sent: number) => void;
}

export interface OverTlsResult {
  /** How often each HTTP status came; `lost` where the connection was closed without an answer. */
  readonly answers: ReadonlyMap<string, number>;
  /** Resident memory after less before, each without garbage, in octets. */
  readonly growthBytes: number;
  /** The most that was seen on the way, garbage included. */
  readonly peakBytes: number;
  /** Everything that should be otherwise. */
  readonly findings: readonly string[];
}

const CLIENTS = 4;
const MIB = 1_048_576;
const MOST_GROWTH_BYTES = 64 * MIB;
const ANSWER_MS = 30_000;

/** What the samples say of their invented people. */
const PERSON = /試験|シケン|SHIKEN|太郎|TARO|19700101|0001234|R-1\^/;

const ACTORS: Readonly<Record<string, readonly string[]>> = {
  'ITI-18': ['document-registry', 'initiating-gateway'],
  'ITI-38': ['responding-gateway'],
  'ITI-39': ['responding-gateway'],
  'ITI-41': ['document-repository'],
  'ITI-42': ['document-registry'],
  'ITI-43': ['document-repository', 'initiating-gateway'],
  'ITI-44': ['patient-identity', 'document-registry'],
  'ITI-45': ['patient-identity'],
  'ITI-46': ['patient-identity'],
  'ITI-47': ['patient-identity'],
  'ITI-51': ['document-registry'],
  'ITI-55': ['responding-gateway'],
  'ITI-56': ['responding-gateway'],
  'ITI-57': ['document-registry'],
  'ITI-61': ['document-registry'],
  'ITI-62': ['document-registry'],
  'ITI-64': ['document-registry'],
  'ITI-86': ['document-repository'],
  'ITI-92': ['document-registry', 'initiating-gateway', 'responding-gateway'],
};

/** Sends made-up messages to a running region, and looks whether it is as before: the same process, tidy, and of use. */
export async function fuzzOverTls(plan: OverTlsPlan): Promise<OverTlsResult> {
  const directory = await mkdtemp(join(tmpdir(), 'kakehashi-fuzz-'));
  let running: RegionProcess | undefined;
  try {
    const proof = await foundProofRegion(directory);
    const collect = fileURLToPath(new URL('./collect.mjs', import.meta.url));
    running = await plan.start(proof.region, {
      nodeOptions: ['--expose-gc', '--import', collect],
    });
    return await new Run(proof, running, plan).all();
  } finally {
    await running?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

class Run {
  readonly #proof: ProofRegion;
  readonly #running: RegionProcess;
  readonly #plan: OverTlsPlan;
  readonly #answers = new Map<string, number>();
  readonly #findings: string[] = [];
  #sent = 0;
  #peakBytes = 0;

  constructor(proof: ProofRegion, running: RegionProcess, plan: OverTlsPlan) {
    this.#proof = proof;
    this.#running = running;
    this.#plan = plan;
  }

  async all(): Promise<OverTlsResult> {
    const { messages, warmUp } = this.#plan;
    await this.#withHospital(async (client) => {
      await client.ask(ITI_44, `${this.#proof.region.url}/patient-identity`, feedOf(FUZZ_PATIENT));
      await this.#ask(client);
    });
    await this.#sendKept();
    await this.#send(0, warmUp);
    const before = await this.#settledBytes();
    await this.#send(warmUp, warmUp + messages);
    const growthBytes = (await this.#settledBytes()) - before;
    if (growthBytes > MOST_GROWTH_BYTES) {
      this.#findings.push(`the process has grown by ${Math.round(growthBytes / MIB)} MiB`);
    }
    await this.#lookAround();
    return {
      answers: this.#answers,
      growthBytes,
      peakBytes: this.#peakBytes,
      findings: this.#findings,
    };
  }

  async #send(from: number, to: number): Promise<void> {
    let index = from;
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        // Kept alive; where the other end closes, the agent opens another.
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        while (index < to) {
          const mine = index++;
          const message = await caseOf(this.#plan.seed, mine, REQUEST_TARGETS);
          await this.#sendOne(message, mine, agent);
        }
        agent.destroy();
      }),
    );
  }

  async #sendKept(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const [index, message] of (this.#plan.kept ?? []).entries()) {
      if (message.target.side === 'request') await this.#sendOne(message, index, agent);
    }
    agent.destroy();
  }

  async #sendOne(message: FuzzCase, index: number, agent: Agent): Promise<void> {
    const random = new Random(this.#plan.seed + index);
    const { id } = message.target.transaction;
    const actor = random.pick(random.chance(0.01) ? ['nobody', 'metrics'] : (ACTORS[id] ?? []));
    // One in fifty is broken off by the sender.
    const cut = random.chance(0.02) ? random.below(message.body.length + 1) : undefined;
    const { status, text } = await post(message, {
      method: random.chance(0.01) ? 'PUT' : 'POST',
      chunked: random.chance(0.1),
      url: `${this.#proof.region.url}/${actor}`,
      agent,
      tls: this.#proof.hospital.tls,
      cut,
    });
    const known = cut === undefined ? status : 'broken off';
    this.#answers.set(known, (this.#answers.get(known) ?? 0) + 1);
    if (status === 'late' || /internal error|\n\s+at /.test(text)) {
      const file = keepCase(message);
      this.#findings.push(`${message.target.name} ${index}: ${status}, kept as ${file}`);
    }
    this.#sent += 1;
    if (this.#sent % 100 === 0) await this.#residentBytes();
    this.#plan.progress?.(this.#sent);
  }

  async #residentBytes(): Promise<number> {
    const bytes = await residentBytes(this.#running.pid);
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
    return bytes;
  }

  /** Memory, once nothing is under way and the garbage is gone. What was broken off has to be noticed first. */
  async #settledBytes(): Promise<number> {
    for (let times = 0; times < 40 && spooledFiles(this.#proof.region).length > 0; times += 1) {
      await pause(250);
    }
    await pause(500);
    process.kill(this.#running.pid, 'SIGUSR2');
    await pause(1_000);
    return await this.#residentBytes();
  }

  async #lookAround(): Promise<void> {
    const { pid, region } = this.#running;
    const spool = join(region.folder, 'var', 'spool');
    const open = openFilesBelow(spool, pid);
    if (open.length > 0) this.#findings.push(`${open.length} files of the spool are open`);
    const left = spooledFiles(region);
    if (left.length > 0) this.#findings.push(`${left.length} files are left in the spool`);
    const log = await readFile(join(region.folder, 'var', 'serve.log'), 'utf8');
    const traces = log
      .split('\n')
      .filter((line) => /^\s+at |"causes":|"outcome":"defect"/.test(line));
    if (traces.length > 0) {
      this.#findings.push(`${traces.length} defects in the log, the first: ${traces[0]}`);
    }
    const named = log.split('\n').filter((line) => PERSON.test(line));
    if (named.length > 0) this.#findings.push(`${named.length} lines of the log name a person`);
    await this.#withHospital((client) => this.#ask(client));
  }

  /** A sound query is answered. */
  async #ask(client: Client): Promise<void> {
    const request = findDocuments({ patientId: FUZZ_PATIENT });
    const url = `${this.#proof.region.url}/document-registry`;
    const { status } = await client.ask(ITI_18, url, request);
    if (status !== 'Success') this.#findings.push(`a sound ITI-18 was answered with ${status}`);
  }

  async #withHospital(work: (client: Client) => Promise<void>): Promise<void> {
    const client = await openHospital(this.#proof);
    try {
      await work(client);
    } catch (error) {
      this.#findings.push(`a sound request failed: ${error instanceof Error ? error.message : ''}`);
    } finally {
      await client.close();
    }
  }
}

interface PostOptions {
  readonly method: string;
  /** Without a Content-Length. */
  readonly chunked: boolean;
  readonly url: string;
  readonly agent: Agent;
  readonly tls: ProofRegion['hospital']['tls'];
  /** After so many octets the sender goes away. */
  readonly cut: number | undefined;
}

function post(
  { contentType, body }: FuzzCase,
  { method, chunked, url, agent, tls, cut }: PostOptions,
): Promise<{ status: string; text: string }> {
  return new Promise((resolve) => {
    const headers = {
      'Content-Type': headerValue(contentType),
      ...(chunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': body.length }),
    };
    const outgoing = httpsRequest(url, { ...tls, method, agent, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', () => done('lost', ''));
      answer.on('end', () =>
        done(String(answer.statusCode), Buffer.concat(chunks).toString('utf8')),
      );
    });
    const timer = setTimeout(() => {
      done('late', '');
      outgoing.destroy();
    }, ANSWER_MS);
    const done = (status: string, text: string) => {
      clearTimeout(timer);
      resolve({ status, text });
    };
    outgoing.on('error', () => done('lost', ''));
    if (cut === undefined) {
      outgoing.end(body);
    } else {
      outgoing.write(body.subarray(0, cut), () => outgoing.destroy());
    }
  });
}

/** What Node lets into a header: the rest is not seen by any server. */
function headerValue(text: string): string {
  return text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?');
}
