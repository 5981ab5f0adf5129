import { removeTranspiled, transpiledStart } from '../support/proof-region.ts';
import { decodeRange } from './decode-range.ts';
import { decode } from './decode.ts';
import { caseOf, TARGETS } from './generate.ts';
import { keptCases, readCase } from './kept-cases.ts';
import { fuzzOverTls } from './over-tls.ts';

const SEED = 20_260_101;

afterAll(removeTranspiled);

describe('A message that was made up or bent', () => {
  it('is taken or refused by every decode and by the MTOM reader, and by nothing else', async () => {
    const { taken, refused, failures } = await decodeRange({ seed: SEED, from: 0, to: 1_260 });
    expect(failures).toEqual([]);
    // Both come often enough to mean something.
    expect(taken).toBeGreaterThan(125);
    expect(refused).toBeGreaterThan(125);
  }, 60_000);

  it('is the same again under the same seed and number', async () => {
    for (let index = 0; index < TARGETS.length; index += 1) {
      expect(await caseOf(SEED, index)).toEqual(await caseOf(SEED, index));
    }
  });

  it('leaves a running process as it was', async () => {
    const { findings } = await fuzzOverTls({
      seed: SEED,
      messages: 90,
      warmUp: 30,
      start: await transpiledStart(),
      kept: keptCases().map(readCase),
    });
    expect(findings).toEqual([]);
  }, 60_000);
});

const kept = keptCases();

(kept.length === 0 ? describe.skip : describe)('A message that once failed', () => {
  it.each(kept.length === 0 ? ['none'] : kept)('%s is taken or refused', async (name) => {
    expect(['taken', 'refused']).toContain(await decode(readCase(name)));
  });
});
