import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, readConfig } from '../../gateway/config.ts';
import { checkRegion } from '../../scripts/checks.ts';
import { makeRegion } from '../../scripts/region-folder.ts';
import { describeWithPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';

describeWithPostgres('kakehashi check, where the database is a PostgreSQL', () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'kakehashi-check-')), 'region');
  let server: TestPostgres;
  let config: Config;

  beforeAll(async () => {
    server = await startPostgres();
    await makeRegion(folder, {
      name: 'Trial',
      arc: '2.999.392.32',
      host: 'localhost',
      port: 8_443,
      operationsPort: 9_443,
      networkId: 'NET-1',
      hospital: '9919900010',
      ca: undefined,
      crlUrl: undefined,
      own: undefined,
      language: 'en',
      now: new Date(),
    });
    config = readConfig(folder, {});
  });

  afterAll(async () => {
    await server.stop();
    rmSync(join(folder, '..'), { recursive: true, force: true });
  });

  const checked = async (url: string) => {
    const database: Config['database'] = { ...config.database, kind: 'postgres', url };
    const checks = await checkRegion({ ...config, database }, new Date());
    return checks.filter(({ name }) => name === 'database');
  };

  it('says nothing of it where the database is a file', async () => {
    const checks = await checkRegion(config, new Date());
    expect(checks.filter(({ name }) => name === 'database')).toEqual([]);
  });

  it('is connected to', async () => {
    expect(await checked(await server.database())).toMatchObject([
      { outcome: 'ok', detail: { en: expect.stringContaining('PostgreSQL answers') } },
    ]);
  });

  it('fails where nothing answers, with place, reason and next step, and without the password', async () => {
    const [check] = await checked('postgres://kakehashi:himitsu@127.0.0.1:1/region');
    expect(check?.outcome).toBe('failed');
    expect(check?.detail.en).toMatch(
      /^127\.0\.0\.1\/region: .*\(ECONNREFUSED\); see that PostgreSQL runs/,
    );
    expect(check?.detail.ja).toMatch(
      /接続できません \(ECONNREFUSED\)。PostgreSQL が動いていること/,
    );
    expect(JSON.stringify(check)).not.toContain('himitsu');
  });

  it('fails where the database is not there', async () => {
    const url = (await server.database()).replace(/\/[^/]*$/, '/nowhere');
    expect((await checked(url))[0]).toMatchObject({
      outcome: 'failed',
      detail: { en: expect.stringContaining('(3D000)') },
    });
  });

  it('fails for a URL to another machine without a certificate asked of it', async () => {
    expect((await checked('postgres://kakehashi@db.example.jp/region'))[0]).toMatchObject({
      outcome: 'failed',
      detail: { en: expect.stringContaining('sslmode=verify-full') },
    });
  });
});
