import { jest } from '@jest/globals';
import { withProgress } from '../../scripts/progress.ts';

const WAITING = { en: 'waiting', ja: '待機中' };

function aStream(isTTY: boolean): { isTTY: boolean; written: string[]; write(text: string): void } {
  const written: string[] = [];
  return { isTTY, written, write: (text) => void written.push(text) };
}

describe('Progress', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('says nothing of what takes less than a second', async () => {
    const stream = aStream(true);

    const result = await withProgress(WAITING, { stream, language: 'en' }, async () => 42);

    expect(result).toBe(42);
    expect(stream.written).toEqual([]);
  });

  it('writes one line again and again on a terminal, and takes it away', async () => {
    const stream = aStream(true);

    await withProgress(WAITING, { stream, language: 'ja' }, async () => {
      jest.advanceTimersByTime(2_000);
    });

    expect(stream.written).toEqual([
      '\r\u001b[K待機中 (1 s)',
      '\r\u001b[K待機中 (2 s)',
      '\r\u001b[K',
    ]);
  });

  it('writes a line every ten seconds where there is no terminal', async () => {
    const stream = aStream(false);

    await withProgress(WAITING, { stream, language: 'en' }, async (tell) => {
      jest.advanceTimersByTime(9_000);
      tell({ en: 'almost', ja: 'もうすぐ' });
      jest.advanceTimersByTime(3_000);
    });

    expect(stream.written).toEqual(['waiting (1 s)\n', 'almost (11 s)\n']);
  });

  it('ends with the work when that fails', async () => {
    const stream = aStream(true);
    const work = async () => {
      throw new Error('no');
    };

    await expect(withProgress(WAITING, { stream, language: 'en' }, work)).rejects.toThrow('no');
    expect(jest.getTimerCount()).toBe(0);
  });
});
