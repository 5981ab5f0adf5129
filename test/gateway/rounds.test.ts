import { once, EventEmitter } from 'node:events';
import { Rounds } from '../../gateway/rounds.ts';

describe('Rounds', () => {
  const made = (go: () => Promise<number>, failed: (error: unknown) => void = () => {}) =>
    new Rounds({ go, everyMs: 1, failed });

  it('follow one another until they are stopped, and not after', async () => {
    const went = new EventEmitter();
    let count = 0;
    const rounds = made(async () => {
      count += 1;
      if (count === 3) went.emit('third');
      return count;
    });
    expect(rounds.goesOn).toBe(false);
    const third = once(went, 'third');
    rounds.start();
    expect(rounds.goesOn).toBe(true);
    await third;
    await rounds.stop();
    expect(rounds.goesOn).toBe(false);
    const before = count;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(count).toBe(before);
  });

  it('go on after one that failed, and say why', async () => {
    const went = new EventEmitter();
    const failures: unknown[] = [];
    let count = 0;
    const rounds = made(
      async () => {
        count += 1;
        if (count === 1) throw new Error('the first');
        went.emit('second');
        return count;
      },
      (error) => failures.push(error),
    );
    const second = once(went, 'second');
    rounds.start();
    await second;
    await rounds.stop();
    expect(failures).toEqual([new Error('the first')]);
  });

  it('are never two at once: who asks for one joins that which is under way', async () => {
    let ends: (count: number) => void = () => {};
    let begun = 0;
    const rounds = made(() => {
      begun += 1;
      return new Promise((resolve) => {
        ends = resolve;
      });
    });
    const both = Promise.all([rounds.once(), rounds.once()]);
    ends(7);
    expect(await both).toEqual([7, 7]);
    expect(begun).toBe(1);
  });

  it('wait, when they are stopped, for the one that is under way', async () => {
    let ends: (count: number) => void = () => {};
    const rounds = made(
      () =>
        new Promise((resolve) => {
          ends = resolve;
        }),
    );
    void rounds.once();
    let isStopped = false;
    const stopping = rounds.stop().then(() => {
      isStopped = true;
    });
    await Promise.resolve();
    expect(isStopped).toBe(false);
    ends(1);
    await stopping;
    expect(isStopped).toBe(true);
  });
});
