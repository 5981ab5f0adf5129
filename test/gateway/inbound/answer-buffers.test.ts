import { AnswerBuffers } from '../../../gateway/inbound/answer-buffers.ts';

describe('the memory of answers', () => {
  it('is taken again only after it was given back', () => {
    const buffers = new AnswerBuffers();
    const first = buffers.take(100_000);
    const second = buffers.take(100_000);
    expect(second.buffer).not.toBe(first.buffer);
    buffers.giveBack(first);
    expect(buffers.take(90_000).buffer).toBe(first.buffer);
    expect(buffers.take(90_000).buffer).not.toBe(first.buffer);
  });

  it('is lent once, however often it is given back', () => {
    const buffers = new AnswerBuffers();
    const first = buffers.take(100_000);
    buffers.giveBack(first);
    buffers.giveBack(first);
    expect(buffers.take(100_000).buffer).toBe(first.buffer);
    expect(buffers.take(100_000).buffer).not.toBe(first.buffer);
  });

  it('is of the length that was asked for, small or large', () => {
    const buffers = new AnswerBuffers();
    for (const length of [0, 1, 16_384, 65_536, 65_537, 1_048_576, 1_048_577]) {
      const taken = buffers.take(length);
      expect(taken.length).toBe(length);
      buffers.giveBack(taken);
    }
  });

  it('takes nothing in that it did not lend', () => {
    const buffers = new AnswerBuffers();
    const strange = Buffer.alloc(131_072);
    buffers.giveBack(strange);
    expect(buffers.take(131_072).buffer).not.toBe(strange.buffer);
  });

  it('keeps at most 16 MiB', () => {
    const buffers = new AnswerBuffers();
    const taken = Array.from({ length: 40 }, () => buffers.take(1_048_576));
    for (const one of taken) buffers.giveBack(one);
    const known = new Set(taken.map(({ buffer }) => buffer));
    const again = Array.from({ length: 40 }, () => buffers.take(1_048_576));
    expect(again.filter(({ buffer }) => known.has(buffer))).toHaveLength(16);
  });
});
