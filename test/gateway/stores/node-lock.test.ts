import pg from 'pg';
import {
  NodeInUse,
  NodeLock,
  type NodeLockOptions,
  type NodeStanding,
} from '../../../gateway/stores/node-lock.ts';
import { operatorTextOf } from '../../../scripts/operator-texts.ts';
import { breakableWay } from '../../support/breakable-way.ts';
import { describeWithPostgres, startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { World } from '../../support/world.ts';

/** Ends the sessions that hold names, and those alone. */
const TERMINATE =
  "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'kakehashi node %' AND datname = current_database()";

describeWithPostgres(
  'audit.node, the name of a process among those that share a PostgreSQL',
  () => {
    let server: TestPostgres;

    beforeAll(async () => {
      server = await startPostgres();
    });

    afterAll(() => server.stop());

    const claim = (url: string, over: Partial<NodeLockOptions> = {}) =>
      NodeLock.claim({ url, node: 'east', patienceMs: 0, ...over });

    /** Resolves when the lock stands so, and keeps all that was told. */
    function standings() {
      const told: NodeStanding[] = [];
      const waiting = new Map<NodeStanding, () => void>();
      return {
        told,
        heard: (standing: NodeStanding) => {
          told.push(standing);
          waiting.get(standing)?.();
        },
        next: (standing: NodeStanding) =>
          new Promise<void>((resolve) => waiting.set(standing, resolve)),
      };
    }

    /** Bounded, so that a test that fails ends. */
    async function until(what: () => Promise<boolean>) {
      const end = performance.now() + 10_000;
      while (!(await what())) if (performance.now() > end) throw new Error('it has not come to it');
    }

    /** Stands in the line for the name: it has it as soon as the one that holds it is gone. */
    async function inLineFor(url: string) {
      const client = new pg.Client({ connectionString: url } as pg.ClientOptions);
      await client.connect();
      const [lock] = await server.run(
        url,
        "SELECT classid::bigint::int, objid::int FROM (SELECT classid, CASE WHEN objid::bigint > 2147483647 THEN objid::bigint - 4294967296 ELSE objid::bigint END AS objid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS held",
      );
      const has = client.query(`SELECT pg_advisory_lock(${lock?.['classid']}, ${lock?.['objid']})`);
      const inLine = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
      await until(async () => (await server.run(url, inLine)).length > 0);
      return { has, end: () => client.end() };
    }

    it('is held by one process alone, which gives it back when it ends', async () => {
      const url = await server.database();
      const first = await claim(url);
      const refused = await claim(url).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(NodeInUse);
      const text = operatorTextOf(refused);
      expect(text?.what).toMatchObject({
        en: expect.stringContaining('audit.node east'),
        ja: expect.stringContaining('audit.node east'),
      });
      expect(text?.next.en).toContain('its own audit.node in kakehashi.yaml');
      const other = await claim(url, { node: 'west' });
      const elsewhere = await claim(await server.database());
      await first.release();
      const again = await claim(url);
      again.requireHeld();
      await Promise.all([again, other, elsewhere].map((lock) => lock.release()));
    });

    it('is waited for at the start: the server may not have noticed that its holder has ended', async () => {
      const url = await server.database();
      const first = await claim(url);
      const { told, heard, next } = standings();
      const waiting = next('waiting');
      const second = claim(url, { heard, patienceMs: 10_000 });
      await waiting;
      await first.release();
      await (await second).release();
      expect(told).toEqual(['waiting', 'held']);
    });

    it('is claimed again when its connection was lost', async () => {
      const url = await server.database();
      const { told, heard, next } = standings();
      const lock = await claim(url, { heard, lookMs: 60_000 });
      const held = next('held');
      await server.run(url, TERMINATE);
      await held;
      lock.requireHeld();
      expect(told).toEqual(['held', 'away', 'held']);
      await expect(claim(url)).rejects.toThrow(NodeInUse);
      await lock.release();
    });

    it('is looked after while nothing happens, and claimed again when a look finds no server', async () => {
      const url = await server.database();
      const way = await breakableWay(server.port);
      const { told, heard, next } = standings();
      const byWay = url.replace(`:${server.port}/`, `:${way.port}/`);
      const lock = await claim(byWay, { heard, lookMs: 20 });
      const looked =
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'kakehashi node east' AND datname = current_database() AND state = 'idle' AND query LIKE '%pg_locks%'";
      await until(async () => (await server.run(url, looked)).length > 0);
      await until(async () => (await server.run(url, looked)).length > 0);
      expect(told).toEqual(['held']);
      const held = next('held');
      way.breakAfter('kakehashi_1');
      await held;
      expect(told).toEqual(['held', 'away', 'held']);
      await lock.release();
      await way.close();
    });

    it('is told once as lost when another process has taken it, and claimed when that one ends', async () => {
      const url = await server.database();
      const { told, heard, next } = standings();
      const lock = await claim(url, { heard });
      const other = await inLineFor(url);
      const taken = next('taken');
      await server.run(url, TERMINATE);
      await Promise.all([other.has, taken]);
      expect(() => lock.requireHeld()).toThrow('another process has taken audit.node');
      const asked =
        "SELECT query_start::text FROM pg_stat_activity WHERE application_name = 'kakehashi node east' AND datname = current_database()";
      const [before] = await server.run(url, asked);
      await until(
        async () => (await server.run(url, asked))[0]?.['query_start'] !== before?.['query_start'],
      );
      const held = next('held');
      await other.end();
      await held;
      lock.requireHeld();
      expect(told).toEqual(['held', 'away', 'taken', 'held']);
      await lock.release();
    });

    it('keeps a process that does not hold it from being ready', async () => {
      const url = await server.database();
      const world = await World.start({ settings: { database: { kind: 'postgres', url } } });
      const ready = async () => {
        const response = await fetch(`${world.gateway().operationsUrl}/health/ready`);
        const { checks } = (await response.json()) as { checks: Record<string, string> };
        return [response.status, checks['node']];
      };
      try {
        expect(await ready()).toEqual([200, 'ok']);
        await expect(claim(url)).rejects.toThrow(NodeInUse);
        const other = await inLineFor(url);
        await server.run(url, TERMINATE);
        await other.has;
        await until(async () => (await ready())[0] === 503);
        expect(await ready()).toEqual([503, 'failed']);
        await other.end();
        await until(async () => (await ready())[0] === 200);
      } finally {
        await world.stop();
      }
      await (await claim(url)).release();
    });
  },
);
