import { startFromSource } from '../support/proof-region.ts';
import { crash } from './rounds.ts';

describe('A process that is killed during submissions', () => {
  it('has lost nothing that it acknowledged, and shows nothing by half', async () => {
    const result = await crash({ rounds: 3, seed: 20_260_101, start: startFromSource });
    expect(result.findings).toEqual([]);
    expect(result.acknowledged).toBeGreaterThan(0);
  }, 120_000);
});
