import { jest } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PeerFailure } from '../../../actors/actor.ts';
import {
  AsynchronousAnswers,
  type AsynchronousAnswersOptions,
  type WaitingEvent,
} from '../../../gateway/queue/asynchronous-answers.ts';
import type { WaitingRequest } from '../../../gateway/queue/waiting-request.ts';
import { WaitingRequests } from '../../../gateway/queue/waiting-requests.ts';
import type { Database } from '../../../gateway/stores/database.ts';
import { WAITING_REQUESTS } from '../../../gateway/stores/migrations/0017-waiting-requests.ts';
import type { Fault } from '../../../profiles/refusal.ts';
import { describeOnBothDatabases } from '../../support/databases.ts';
import { eventually } from '../../support/expectations.ts';
import { octets } from '../../support/region-documents.ts';

let counted = 0;

function aRequest(over: Partial<WaitingRequest> = {}, entry = 'west'): WaitingRequest {
  counted += 1;
  return {
    actor: 'responding-gateway',
    endpoint: 'https://127.0.0.1/responding-gateway',
    transaction: 'ITI-38',
    messageId: `urn:uuid:${counted}`,
    caller: {
      name: entry,
      address: '127.0.0.1',
      identity: { issuer: 'CN=Trial', serialNumber: '1', fingerprint: 'ab' },
    },
    callback: {
      entry,
      replyTo: 'https://west.example.invalid/replies',
      faultTo: 'https://west.example.invalid/faults',
    },
    envelope: octets(`<envelope>${counted}</envelope>`),
    isMtom: false,
    ...over,
  };
}

describeOnBothDatabases('Requests that are answered by a message of their own', (open) => {
  let database: Database;
  let directory: string;
  let clock: number;
  let running: AsynchronousAnswers[];
  let answered: WaitingRequest[];
  let delivered: { messageId: string; text: string; isFault: boolean }[];
  let events: WaitingEvent[];

  beforeEach(async () => {
    database = await open({ migrations: [WAITING_REQUESTS] });
    directory = await mkdtemp(join(tmpdir(), 'kakehashi-answers-'));
    clock = Date.parse('2030-04-01T09:15:00Z');
    [running, answered, delivered, events] = [[], [], [], []];
  });

  afterEach(async () => {
    for (const one of running) await one.stop(100);
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** A process that answers each request with its number, and takes what `over` says otherwise. */
  const start = async (
    over: Partial<AsynchronousAnswersOptions> = {},
    settings: Partial<AsynchronousAnswersOptions['settings']> = {},
  ) => {
    const answers = new AsynchronousAnswers({
      rows: new WaitingRequests(database),
      directory,
      answer: async (request) => {
        answered.push(request);
        return { isFault: false, contentType: 'text/xml', body: octets(`${answered.length}`) };
      },
      deliver: async ({ messageId }, { content, isFault }) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of content.open()) chunks.push(chunk);
        delivered.push({ messageId, text: Buffer.concat(chunks).toString(), isFault });
      },
      settings: {
        concurrency: 4,
        mostWaiting: 3,
        attempts: 3,
        backoffMs: 1,
        longestMs: 60_000,
        ...settings,
      },
      now: () => new Date(clock),
      happened: (event) => {
        events.push(event);
        // The pause goes by.
        if (event.kind === 'postponed') clock += 10;
      },
      ...over,
    });
    running.push(answers);
    await answers.start();
    return answers;
  };
  const take = async (answers: AsynchronousAnswers, request = aRequest()) => {
    (await answers.accept(request))();
    return request;
  };
  const failing = (failureClass: PeerFailure['failureClass']) => async () => {
    throw new PeerFailure(failureClass, 'the callback does not answer', { peer: 'west' });
  };
  const kinds = () => events.map(({ kind }) => kind);
  const refusal = async (act: Promise<unknown>) =>
    (await act.then(
      () => undefined,
      (error: unknown) => error,
    )) as Fault | undefined;

  it('are answered once, delivered, and leave nothing behind', async () => {
    const answers = await start();
    const request = await take(answers);
    await eventually(() => events.length === 1);
    expect(delivered).toEqual([{ messageId: request.messageId, text: '1', isFault: false }]);
    expect(answered).toEqual([request]);
    expect(await answers.list()).toEqual([]);
    expect(await readdir(directory)).toEqual([]);
  });

  it('are at rest before they are accepted, and not begun before their caller was told', async () => {
    const answers = await start();
    const request = aRequest();
    const begin = await answers.accept(request);
    expect((await answers.list()).map(({ state }) => state)).toEqual(['waiting']);
    // Others go by.
    const other = await take(answers);
    await eventually(() => delivered.length === 1);
    expect(answered).toEqual([other]);
    begin();
    await eventually(() => delivered.length === 2);
    expect(answered).toEqual([other, request]);
  });

  it('are not accepted when they cannot be kept', async () => {
    const rows = new WaitingRequests(database);
    rows.add = async () => {
      throw new Error('the disk is full');
    };
    const answers = await start({ rows });
    await expect(answers.accept(aRequest())).rejects.toThrow('the disk is full');
    expect(answered).toEqual([]);
  });

  it('are sent again, the same octets, while the callback does not take them; they are answered once', async () => {
    let tries = 0;
    const sent: string[] = [];
    const answers = await start({
      deliver: async (_, { content }) => {
        for await (const chunk of content.open()) sent.push(Buffer.from(chunk).toString());
        tries += 1;
        if (tries < 3) throw new PeerFailure('ambiguous', 'lost', { peer: 'west' });
      },
    });
    await take(answers);
    await eventually(() => events.length === 3);
    expect(kinds()).toEqual(['postponed', 'postponed', 'delivered']);
    expect(sent).toEqual(['1', '1', '1']);
    expect(answered).toHaveLength(1);
  });

  it('are given up after so many attempts, visibly, and what was asked and answered is kept no longer', async () => {
    const answers = await start({ deliver: failing('transient') });
    const request = await take(answers);
    await eventually(() => kinds().includes('given-up'));
    expect(kinds()).toEqual(['postponed', 'postponed', 'given-up']);
    expect(await answers.list()).toEqual([
      {
        partner: 'west',
        transaction: 'ITI-38',
        state: 'given-up',
        attempts: 3,
        since: new Date('2030-04-01T09:15:00Z'),
        reason: 'the callback does not answer',
      },
    ]);
    const rows = new WaitingRequests(database);
    const kept = await rows.find(rows.idOf(request));
    expect(kept?.request.envelope.length).toBe(0);
    expect(kept?.answer).toBeUndefined();
    expect(await readdir(directory)).toEqual([]);
    // The partner may ask anew under the same MessageID.
    await take(answers, request);
    await eventually(() => answered.length === 2);
  });

  it('are given up at once when the callback refuses the message as such', async () => {
    const answers = await start({ deliver: failing('permanent') });
    await take(answers);
    await eventually(() => events.length === 1);
    expect(kinds()).toEqual(['given-up']);
  });

  it('are given up when the time is over, though attempts are left', async () => {
    const answers = await start({ deliver: failing('transient') }, { longestMs: 11 });
    await take(answers);
    await eventually(() => kinds().includes('given-up'));
    expect(kinds()).toEqual(['postponed', 'given-up']);
  });

  it('are not even answered when the process was down for longer', async () => {
    const first = await start();
    await first.accept(aRequest());
    clock += 60_001;
    await start();
    await eventually(() => kinds().includes('given-up'));
    expect(answered).toEqual([]);
  });

  it('of one partner are so many; more are told that we are busy, and another partner is served', async () => {
    const held = { answer: () => new Promise<never>(() => {}) };
    const answers = await start(held);
    for (let one = 0; one < 3; one += 1) await take(answers);
    const fault = await refusal(answers.accept(aRequest()));
    expect(fault?.fault).toBe('Receiver');
    expect(fault?.context).toContain('busy');
    await take(answers, aRequest({}, 'south'));
    expect(await answers.list()).toHaveLength(4);
  });

  it('of a partner whose callback hangs leave half of the room to others', async () => {
    const answers = await start({
      deliver: async ({ messageId, callback }) => {
        if (callback.entry === 'west') await new Promise<never>(() => {});
        delivered.push({ messageId, text: '', isFault: false });
      },
    });
    for (let one = 0; one < 3; one += 1) await take(answers);
    const other = await take(answers, aRequest({}, 'south'));
    await eventually(() => delivered.length === 1);
    expect(delivered[0]?.messageId).toBe(other.messageId);
    expect(answered.filter(({ callback }) => callback.entry === 'west')).toHaveLength(2);
  });

  it('are taken once when the message is sent again, and not at all when another has its MessageID', async () => {
    const answers = await start();
    const request = aRequest();
    const begin = await answers.accept(request);
    (await answers.accept(request))();
    const fault = await refusal(
      answers.accept({ ...request, envelope: octets('<envelope>another</envelope>') }),
    );
    expect(fault?.subcodes.map(({ name }) => name)).toEqual([
      'InvalidAddressingHeader',
      'DuplicateMessageID',
    ]);
    begin();
    await eventually(() => events.length === 1);
    expect(delivered).toHaveLength(1);
  });

  it('are answered by the next process when the one that accepted them was killed', async () => {
    const killed = await start({ answer: () => new Promise<never>(() => {}) });
    const request = await take(killed);
    await start();
    await eventually(() => delivered.length === 1);
    expect(delivered[0]?.messageId).toBe(request.messageId);
    expect(answered).toEqual([request]);
  });

  it.each([
    ['from SQLite to PostgreSQL', undefined, 'east'],
    ['from PostgreSQL to SQLite', 'east', undefined],
  ])('are answered, each once, after the region has moved %s', async (_way, before, after) => {
    const left = await start({
      rows: new WaitingRequests(database, before),
      answer: () => new Promise<never>(() => {}),
    });
    const request = await take(left);
    const moved = await start({ rows: new WaitingRequests(database, after) });
    await take(moved, request);
    await eventually(() => kinds().includes('delivered'));
    expect(await moved.list()).toEqual([]);
    expect(answered).toEqual([request]);
  });

  it('are sent, not answered again, by the next process when the answer was at rest', async () => {
    const killed = await start({ deliver: () => new Promise<never>(() => {}) });
    await take(killed);
    await eventually(async () => (await killed.list())[0]?.state === 'answered');
    await start();
    await eventually(() => delivered.length === 1);
    expect(answered).toHaveLength(1);
    expect(delivered[0]?.text).toBe('1');
  });

  it('are answered again when the octets of the answer have not survived, and what nobody knows is swept', async () => {
    const killed = await start({ deliver: () => new Promise<never>(() => {}) });
    await take(killed);
    await eventually(async () => (await killed.list())[0]?.state === 'answered');
    for (const name of await readdir(directory)) await rm(join(directory, name));
    await start();
    await eventually(() => kinds().includes('delivered'));
    expect(answered).toHaveLength(2);
    expect(await readdir(directory)).toEqual([]);
  });

  it('are not written where there is no room for the answer: what else is acknowledged needs the rest', async () => {
    const interrupted: number[] = [];
    const answers = await start({
      answer: async () => ({
        isFault: false,
        contentType: 'text/xml',
        body: octets('small, and says to be large'),
        length: Number.MAX_SAFE_INTEGER,
        interrupted: async (bytes) => {
          interrupted.push(bytes);
        },
      }),
    });
    await take(answers);
    await eventually(() => kinds().includes('given-up'));
    expect(interrupted).toEqual([0, 0, 0]);
    expect(delivered).toEqual([]);
    expect(await readdir(directory)).toEqual([]);
  });

  it('leave no octets behind that nothing names, when the database went away while they were written', async () => {
    const rows = new WaitingRequests(database);
    const left: string[][] = [];
    jest.spyOn(rows, 'answered').mockRejectedValueOnce(new Error('the database is away'));
    const answers = await start({
      rows,
      deliver: async () => {
        left.push(await readdir(directory));
      },
    });
    await take(answers);
    await eventually(() => kinds().includes('delivered'));
    expect([answered.length, left[0]?.length]).toEqual([2, 1]);
  });

  it('are tried again when they cannot be answered for a reason of ours', async () => {
    let tries = 0;
    const answers = await start({
      answer: async () => {
        tries += 1;
        if (tries === 1) throw new Error('the database is away');
        return { isFault: true, contentType: 'text/xml', body: octets('fault') };
      },
    });
    await take(answers);
    await eventually(() => delivered.length === 1);
    expect(delivered[0]).toMatchObject({ text: 'fault', isFault: true });
  });
});

describe('Waiting requests of processes that share a database', () => {
  it('are those of the process that took them', () => {
    const request = aRequest();
    const ids = ['a', 'b'].map((node) => new WaitingRequests({} as Database, node).idOf(request));
    expect(new Set(ids).size).toBe(2);
  });
});
