import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeYaml } from '../../gateway/config.ts';
import { type Database, openDatabase, type Writes } from '../../gateway/stores/database.ts';
import { SqlIdentityStore } from '../../gateway/stores/sql-identity-store.ts';
import { SqlRegistryStore } from '../../gateway/stores/sql-registry-store.ts';
import { associationToEbxml } from '../../profiles/xds/metadata-ebxml.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';
import { describeWithPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';

const now = () => new Date('2030-04-01T09:15:00Z');
const at = now();

interface Tables {
  registry_value: { object_number: number; name: string; value: string };
}

describeWithPostgres('kakehashi migrate', () => {
  let server: TestPostgres;
  let folder: string;
  let url: string;
  const file = () => join(folder, 'var/kakehashi.db');

  beforeAll(async () => {
    server = await startPostgres();
  });

  afterAll(() => server.stop());

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kakehashi-migrate-'));
    url = await server.database();
    await configure({ kind: 'postgres', url });
    const database = await openDatabase({ file: file(), now });
    await fill(database);
    await database.close();
  });

  afterEach(() => rm(folder, { recursive: true }));

  const configure = (database: object) =>
    writeFile(
      join(folder, 'kakehashi.yaml'),
      writeYaml({
        name: '島根',
        homeCommunityId: 'urn:oid:2.999.392.32',
        affinityDomain: '2.999.392.32.1',
        repositoryUniqueId: '2.999.392.32.2',
        device: '2.999.392.32.3',
        assigningAuthorities: [{ oid: '2.999.392.32.1', name: '島根' }],
        tls: { acceptedPolicies: ['2.999.1'] },
        database,
      }),
    );

  async function migrate(...words: readonly string[]) {
    let stdout = '';
    let stderr = '';
    const exit = await runCommandLine(['migrate', folder, ...words], {
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: (text: string) => (stderr += text), isTTY: false },
      locale: 'C',
      stop: () => new AbortController().signal,
    });
    return { exit, stdout, stderr };
  }

  it('moves every row, and proves it by count and hash of each table', async () => {
    const { exit, stdout, stderr } = await migrate('--yes', '--json');
    // A slow machine is told how long it takes.
    expect(stderr).not.toContain('kakehashi:');
    expect(exit).toBe(0);
    const { tables } = JSON.parse(stdout) as { tables: { name: string; rows: number }[] };
    expect(tables.find(({ name }) => name === 'registry_value')?.rows).toBe(VALUES);
    expect(tables.find(({ name }) => name === 'identity_record')?.rows).toBe(2);
    expect(tables.map(({ name }) => name)).toContain('retrieval');
    expect([existsSync(file()), existsSync(`${file()}.moved`)]).toEqual([false, true]);
  });

  it('leaves a region that goes on where it was', async () => {
    await migrate('--yes');
    const database = await openDatabase({ kind: 'postgres', url, now });
    const store = new SqlIdentityStore(database);
    const number = async (id: string) =>
      await store.look(async (reader) => (await reader.recordOf(idOf(id)))?.number);
    expect(await number('2')).toBe(2);
    await feed(store, '3');
    expect(await number('3')).toBe(3);
    await database.close();
  });

  it('numbers new objects behind those that came', async () => {
    const source = await openDatabase({ file: file(), now });
    // More than a write of PostgreSQL would be run again for.
    const uuids = Array.from(
      { length: 12 },
      (_, n) => `11111111-0000-4000-a000-0000000000${n + 10}`,
    );
    for (const uuid of uuids) await register(source, uuid);
    await source.close();
    await migrate('--yes');
    const database = await openDatabase({ kind: 'postgres', url, now });
    await register(database, '22222222-0000-4000-a000-000000000001');
    await database.close();
    const [last] = await server.run(url, 'SELECT max(number) AS number FROM registry_object');
    expect(Number(last?.['number'])).toBe(13);
  });

  it('leaves the server knowing how much there is, so that it plans well at once', async () => {
    await migrate('--yes');
    const rows = await server.run(
      url,
      "SELECT reltuples FROM pg_class WHERE relname = 'registry_value'",
    );
    expect(Number(rows[0]?.['reltuples'])).toBe(VALUES);
  });

  it('wants to be told that it cannot be undone', async () => {
    expect(await migrate()).toMatchObject({ exit: 2, stderr: expect.stringContaining('--yes') });
    expect(existsSync(file())).toBe(true);
  });

  it('refuses a region whose config does not name a PostgreSQL', async () => {
    await configure({ kind: 'sqlite' });
    expect(await migrate('--yes')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('database.url'),
    });
  });

  it('refuses while a process has the file open', async () => {
    const database = await openDatabase({ file: file(), now });
    const { exit, stderr } = await migrate('--yes');
    expect([exit, stderr]).toEqual([1, expect.stringContaining('is in use by process')]);
    await database.close();
  });

  it('refuses while a process has the target open', async () => {
    const database = await openDatabase({ kind: 'postgres', url, now });
    const { exit, stderr } = await migrate('--yes');
    expect([exit, stderr]).toEqual([1, expect.stringContaining('a process has the PostgreSQL')]);
    await database.close();
    expect(existsSync(file())).toBe(true);
  });

  it('refuses a target that is not empty, and leaves both sides as they are', async () => {
    const database = await openDatabase({ kind: 'postgres', url, now });
    await feed(new SqlIdentityStore(database), '9');
    await database.close();
    const { exit, stderr } = await migrate('--yes');
    expect([exit, stderr]).toEqual([1, expect.stringContaining('has rows already')]);
    expect(existsSync(file())).toBe(true);
    const rows = await server.run(url, 'SELECT id FROM identity_id');
    expect(rows).toEqual([{ id: '9' }]);
  });

  it('takes all of it back when what arrived is not what was sent', async () => {
    const database = await openDatabase({ kind: 'postgres', url, now });
    await database.close();
    await server.run(url, FALSIFY);
    const { exit, stderr } = await migrate('--yes');
    expect([exit, stderr]).toEqual([1, expect.stringContaining('the table identity_name has')]);
    expect(existsSync(file())).toBe(true);
    expect(await server.run(url, 'SELECT id FROM identity_id')).toEqual([]);
  });

  it('overwrites nothing that an earlier move has left', async () => {
    await writeFile(`${file()}.moved`, 'of another year');
    const { exit, stderr } = await migrate('--yes');
    expect([exit, stderr]).toEqual([1, expect.stringContaining('put it elsewhere first')]);
    expect(await readFile(`${file()}.moved`, 'utf8')).toBe('of another year');
    expect(existsSync(file())).toBe(true);
  });

  it('refuses when there is nothing to move', async () => {
    await rm(file());
    expect(await migrate('--yes')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('is not there'),
    });
    const inJapanese = await migrate('--yes', '--lang', 'ja');
    expect(inJapanese.stderr).toContain('SQLite のデータベースがありません。何も移していません');
  });
});

/** More than a page of rows. */
const VALUES = 1_203;

/** A server that stores something else than it is given. */
const FALSIFY = `CREATE FUNCTION falsify() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW.family := NEW.family || '?'; RETURN NEW; END $$;
  CREATE TRIGGER falsify BEFORE INSERT ON identity_name FOR EACH ROW EXECUTE FUNCTION falsify()`;

const idOf = (id: string) => ({ id, assigningAuthority: '2.999.3.7' });

async function feed(store: SqlIdentityStore, id: string): Promise<void> {
  const record = {
    ids: [idOf(id)],
    regionalId: `R-${id}`,
    demographics: { names: [] },
    names: [{ full: '試験太郎', family: '試験', given: '太郎' }],
  };
  await store.change((writer) => writer.put(record, at));
}

async function register(database: Database, uuid: string): Promise<void> {
  const id = `urn:uuid:${uuid}`;
  const association = associationToEbxml({
    kind: 'Association',
    entryUUID: id,
    logicalID: id,
    availabilityStatus: 'Approved',
    associationType: ASSOCIATION_TYPE.HasMember,
    sourceObject: 'urn:uuid:11111111-0000-4000-a000-00000000000a',
    targetObject: 'urn:uuid:11111111-0000-4000-a000-00000000000b',
  });
  await new SqlRegistryStore(database).change((writer) => writer.add([association]));
}

async function fill(database: Database): Promise<void> {
  const store = new SqlIdentityStore(database);
  await feed(store, '1');
  await feed(store, '2');
  await database.write(async (queries: Writes<Tables>) => {
    for (let number = 0; number < VALUES; number += 1) {
      const row = { object_number: number % 7, name: `n${number}`, value: `値 '${number}' é 😀` };
      await queries.insertInto('registry_value').values(row).execute();
    }
  });
}
