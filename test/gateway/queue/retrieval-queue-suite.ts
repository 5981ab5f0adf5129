import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PeerFailure } from '../../../actors/actor.ts';
import type { Retrieval, RetrievalQueue } from '../../../actors/initiating-gateway/retrieval.ts';
import type { RetrievalQueueSettings } from '../../../gateway/queue/outcomes.ts';
import { RetrievalWorker } from '../../../gateway/queue/retrieval-worker.ts';
import { Spool } from '../../../gateway/queue/spool.ts';
import { aDocument, aHospital, aRetrieval, FarEnd, noDocument, told } from './far-end.ts';

/** What one form of the queue is started with. */
export interface Place {
  /** For the form's own files; the same after a restart. */
  readonly directory: string;
  readonly spool: Spool;
  readonly worker: RetrievalWorker;
  readonly settings: RetrievalQueueSettings;
  readonly now: () => Date;
}

/** One form of the queue, running. */
export interface Running {
  readonly queue: RetrievalQueue;
  /** Ends it, as if its process were killed while a retrieval runs. */
  kill(): Promise<void>;
}

/** What every form of the retrieval queue promises. */
export function retrievalQueueSuite(begin: (place: Place) => Promise<Running>): void {
  const soon = { deadlineMs: 15_000, longestMs: 20_000 };
  const atOnce = { deadlineMs: 100, longestMs: 100 };
  const barely = { deadlineMs: 1, longestMs: 1 };
  let directory: string;
  let far: FarEnd;
  let clock: Date;
  let place: Place;
  let running: Running;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kakehashi-queue-'));
    far = new FarEnd();
    clock = new Date('2026-04-01T00:00:00Z');
    const now = () => clock;
    const spool = await Spool.open({
      directory: join(directory, 'spool'),
      keepMs: 60_000,
      documentBytes: 1_000,
      leastFreeBytes: 0,
      now,
    });
    const worker = new RetrievalWorker({ askFor: far.askFor, spool, attemptMs: 5_000 });
    const settings = { concurrency: 4, attempts: 3, backoffMs: 1, mostWaiting: 30 };
    place = { directory, spool, worker, settings, now: () => new Date() };
    running = await begin(place);
  });

  afterEach(async () => {
    await running.kill();
    // What was being written when the process was killed may still come.
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  });

  async function retrieve(retrieval: Retrieval, institution?: string): Promise<string> {
    const [result] = await running.queue.submit([retrieval], aHospital(institution), soon);
    return await told(result?.outcome);
  }

  it('fetches documents of several communities, and answers in the order in which they were asked for', async () => {
    const one = aRetrieval();
    const other = aRetrieval({ homeCommunityId: 'urn:oid:2.999.392.37' });
    far.answer = async (wanted) => aDocument(wanted, wanted.homeCommunityId);

    const results = await running.queue.submit([one, other, one], aHospital(), soon);

    expect(results.map(({ retrieval }) => retrieval)).toEqual([one, other, one]);
    expect(await Promise.all(results.map(({ outcome }) => told(outcome)))).toEqual([
      one.homeCommunityId,
      other.homeCommunityId,
      one.homeCommunityId,
    ]);
    expect(far.asked).toHaveLength(2);
  });

  it('gives size, SHA-1 and media type of what it fetched', async () => {
    const [result] = await running.queue.submit([aRetrieval()], aHospital(), soon);

    expect(result?.outcome).toMatchObject({
      kind: 'retrieved',
      warnings: [],
      document: {
        mimeType: 'text/plain',
        content: { sizeBytes: 10, sha1: '782efa78d3e6a22111b471cd32c6764f25a48c09' },
      },
    });
  });

  it('fetches once what is asked for twice', async () => {
    await retrieve(aRetrieval());

    expect(await retrieve(aRetrieval())).toBe('Hello XCA\n');
    expect(far.asked).toHaveLength(1);
  });

  it('fetches once what is asked for twenty times at once', async () => {
    const texts = await Promise.all(Array.from({ length: 20 }, () => retrieve(aRetrieval())));

    expect(texts).toEqual(Array.from({ length: 20 }, () => 'Hello XCA\n'));
    expect(far.asked).toHaveLength(1);
  });

  it('does not give one organisation what was fetched for another', async () => {
    await retrieve(aRetrieval(), '3210000001');
    far.answer = async (wanted) => noDocument(wanted);

    expect(await retrieve(aRetrieval(), '3310000002')).toBe('refused');
    expect(far.askedFor).toEqual(['3210000001', '3310000002']);
  });

  it('fetches again what the spool no longer keeps', async () => {
    await retrieve(aRetrieval());
    clock = new Date(clock.getTime() + 60_001);
    far.answer = async (wanted) => aDocument(wanted, 'Hello again\n');

    expect(await retrieve(aRetrieval())).toBe('Hello again\n');
    expect(far.asked).toHaveLength(2);
  });

  it('asks a community again that refused before, and passes its errors on as they are', async () => {
    far.answer = async (wanted) => noDocument(wanted);
    const [refused] = await running.queue.submit([aRetrieval()], aHospital(), soon);
    expect(refused?.outcome).toEqual({
      kind: 'refused',
      errors: noDocument(aRetrieval()).errors,
    });
    far.answer = async (wanted) => aDocument(wanted, 'It is there now\n');

    expect(await retrieve(aRetrieval())).toBe('It is there now\n');
  });

  it('asks a community again that failed for good before', async () => {
    far.answer = async () => {
      throw new PeerFailure('permanent', 'answered with a SOAP fault', { peer: 'okayama' });
    };
    const [failed] = await running.queue.submit([aRetrieval()], aHospital(), soon);
    expect(failed?.outcome).toEqual({ kind: 'failed', failureClass: 'permanent' });
    expect(far.asked).toHaveLength(1);
    far.answer = async (wanted) => aDocument(wanted, 'It is back\n');

    expect(await retrieve(aRetrieval())).toBe('It is back\n');
  });

  it.each(['transient', 'ambiguous'] as const)(
    'tries again after an %s failure',
    async (failure) => {
      far.answer = async (wanted) => {
        if (far.asked.length < 3) throw new PeerFailure(failure, 'no answer', { peer: 'okayama' });
        return aDocument(wanted, 'The third time\n');
      };

      expect(await retrieve(aRetrieval())).toBe('The third time\n');
    },
  );

  it('gives up after as many attempts as are allowed, and says how it failed', async () => {
    far.answer = async () => {
      throw new PeerFailure('ambiguous', 'no answer', { peer: 'okayama' });
    };

    const [result] = await running.queue.submit([aRetrieval()], aHospital(), soon);

    expect(result?.outcome).toEqual({ kind: 'failed', failureClass: 'ambiguous' });
    expect(far.asked).toHaveLength(3);
    expect(await running.queue.list()).toEqual([
      {
        community: 'urn:oid:2.999.392.33',
        state: 'failed',
        attempts: 3,
        since: expect.any(Date),
        failureClass: 'ambiguous',
      },
    ]);
  });

  it('does not repeat what failed by a defect of ours', async () => {
    far.answer = async () => {
      throw new TypeError('a defect');
    };

    const [result] = await running.queue.submit([aRetrieval()], aHospital(), soon);

    expect(result?.outcome).toEqual({ kind: 'failed', failureClass: 'permanent' });
    expect(far.asked).toHaveLength(1);
  });

  it('takes no document but the one that was asked for', async () => {
    far.answer = async () => aDocument(aRetrieval({ documentUniqueId: '2.999.1' }), 'Not yours\n');

    const [result] = await running.queue.submit([aRetrieval()], aHospital(), soon);

    expect(result?.outcome).toEqual({ kind: 'failed', failureClass: 'permanent' });
  });

  it('takes no document that is larger than allowed', async () => {
    far.answer = async (wanted) => aDocument(wanted, 'x'.repeat(1_001));

    const [result] = await running.queue.submit([aRetrieval()], aHospital(), soon);

    expect(result?.outcome).toEqual({ kind: 'failed', failureClass: 'permanent' });
  });

  it('goes on when the deadline has passed, and the next request finds the document at once', async () => {
    const { answered, answer } = held();
    far.answer = (wanted) => answered.then(() => aDocument(wanted, 'Late\n'));
    const [pending] = await running.queue.submit([aRetrieval()], aHospital(), atOnce);
    expect(pending?.outcome).toEqual({ kind: 'pending' });
    answer();
    await until(async () => (await running.queue.list()).length === 0);

    expect(await retrieve(aRetrieval())).toBe('Late\n');
    expect(far.asked).toHaveLength(1);
  });

  it('shows an operator what runs: the community, and no document or organisation', async () => {
    const { answered, answer } = held();
    far.answer = (wanted) => answered.then(() => aDocument(wanted, 'Late\n'));
    await running.queue.submit([aRetrieval()], aHospital(), atOnce);
    await until(async () => far.asked.length === 1);

    expect(await running.queue.list()).toEqual([
      {
        community: 'urn:oid:2.999.392.33',
        state: 'running',
        attempts: 1,
        since: expect.any(Date),
      },
    ]);
    answer();
  });

  it('takes up, after a restart, what ran when its process was killed', async () => {
    far.answer = () => new Promise(() => {});
    await running.queue.submit([aRetrieval()], aHospital(), atOnce);
    await until(async () => far.asked.length === 1);
    await running.kill();
    far.answer = async (wanted) => aDocument(wanted, 'After the restart\n');

    running = await begin(place);

    await until(async () => (await running.queue.list()).length === 0);
    expect(await retrieve(aRetrieval())).toBe('After the restart\n');
    expect(far.asked).toHaveLength(2);
  });

  it('takes no more than may wait', async () => {
    const { answered, answer } = held();
    far.answer = (wanted) => answered.then(() => aDocument(wanted, 'Late\n'));
    const { mostWaiting, concurrency } = place.settings;

    // One after the other: each is counted before the next asks. What runs has left its place to another that waits.
    const outcomes: string[] = [];
    for (let index = 0; index < 2 * (mostWaiting + concurrency); index += 1) {
      const retrieval = aRetrieval({ documentUniqueId: `2.999.392.33.8.${index}` });
      const [result] = await running.queue.submit([retrieval], aHospital(), barely);
      outcomes.push(result?.outcome.kind ?? 'none');
    }

    const taken = outcomes.filter((kind) => kind === 'pending').length;
    expect(new Set(outcomes.slice(0, mostWaiting))).toEqual(new Set(['pending']));
    expect(taken).toBeLessThanOrEqual(mostWaiting + concurrency);
    expect(new Set(outcomes.slice(mostWaiting))).toContain('busy');
    answer();
  });
}

/** An answer that comes when the test says so. */
function held(): { answered: Promise<void>; answer: () => void } {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  return { answered, answer };
}

/** Looks until it is so; the test's own time limit ends the wait. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}
