import { Metrics } from '../../gateway/metrics.ts';

describe('The figures for operators', () => {
  it('are shown also while database or Redis is away, but for what lies there', async () => {
    const metrics = new Metrics();
    const away = () => Promise.reject(new Error('away'));
    metrics.watchQueue(away);
    metrics.watchNotifications(away);
    metrics.watchWideAreaFeed(away);
    metrics.rejection('expired');
    const { body } = await metrics.exposition();
    expect(body).toContain('{reason="expired"} 1');
    expect(body).not.toMatch(/^kakehashi_(?:retrievals|notifications_waiting|wide_area_feeds)\{/m);
  });
});
