import { jest } from '@jest/globals';
import { Attempts } from '../../../gateway/queue/attempts.ts';

interface Job {
  readonly name: string;
  readonly partner: string;
  notBefore: number;
  running: boolean;
}

describe('Attempts', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 1_000_000 });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const job = (name: string, more: Partial<Job> = {}): Job => ({
    ...{ name, partner: 'one', notBefore: 0, running: false },
    ...more,
  });

  /** Attempts that last until they are ended by the name of their job. */
  const made = (jobs: Job[], concurrency = 4) => {
    const begun: string[] = [];
    const endings = new Map<string, () => void>();
    const attempts = new Attempts<Job>({
      jobs: () => jobs,
      askedBy: ({ partner }) => partner,
      attempt: ({ name }) =>
        new Promise((resolve) => {
          begun.push(name);
          endings.set(name, resolve);
        }),
      concurrency,
      now: () => new Date(),
    });
    const end = async (name: string) => {
      jobs.splice(
        jobs.findIndex((one) => one.name === name),
        1,
      );
      endings.get(name)?.();
      await jest.advanceTimersByTimeAsync(0);
    };
    return { attempts, begun, end };
  };

  it('begin when their time has come, and not before', async () => {
    const { attempts, begun } = made([job('now'), job('later', { notBefore: 1_005_000 })]);
    attempts.start();
    expect(begun).toEqual(['now']);
    await jest.advanceTimersByTimeAsync(4_999);
    expect(begun).toEqual(['now']);
    await jest.advanceTimersByTimeAsync(1);
    expect(begun).toEqual(['now', 'later']);
  });

  it('leave half of the room to others, and begin when there is room again', async () => {
    const names = ['a', 'b', 'c'].map((name) => job(name));
    const { attempts, begun, end } = made([...names, job('d', { partner: 'two' })]);
    attempts.start();
    expect(begun).toEqual(['a', 'b', 'd']);
    await end('a');
    expect(begun).toEqual(['a', 'b', 'd', 'c']);
  });

  it('do not begin before the start, nor after the stop, which waits for those under way', async () => {
    const jobs = [job('a')];
    const { attempts, begun, end } = made(jobs);
    attempts.look();
    expect(begun).toEqual([]);
    attempts.start();
    let isStopped = false;
    const stopping = attempts.stop(60_000).then(() => {
      isStopped = true;
    });
    jobs.push(job('b', { partner: 'two' }));
    attempts.look();
    await jest.advanceTimersByTimeAsync(1);
    expect([begun, isStopped]).toEqual([['a'], false]);
    await end('a');
    await stopping;
    expect(begun).toEqual(['a']);
  });
});
