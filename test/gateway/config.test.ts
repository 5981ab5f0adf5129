import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeConfig, parseYaml, readConfig, writeYaml } from '../../gateway/config.ts';
import { ConfigFaults } from '../../gateway/config-faults.ts';

const SOUND = {
  name: '島根',
  homeCommunityId: 'urn:oid:2.999.392.32',
  affinityDomain: '2.999.392.32.1',
  repositoryUniqueId: '2.999.392.32.2',
  device: '2.999.392.32.3',
  assigningAuthorities: [{ oid: '2.999.392.32.1', name: '島根' }],
  tls: { acceptedPolicies: ['2.999.1'] },
};

const root = mkdtempSync(join(tmpdir(), 'kakehashi-config-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function folderWith(config: object | string): string {
  const folder = mkdtempSync(join(root, 'region-'));
  const text = typeof config === 'string' ? config : writeYaml(config);
  writeFileSync(join(folder, 'kakehashi.yaml'), text);
  return folder;
}

function faultsOf(config: object | string, environment = {}): readonly string[] {
  const folder = folderWith(config);
  try {
    readConfig(folder, environment);
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults.map(({ problem }) => problem.en);
    throw error;
  }
  return [];
}

describe('A config', () => {
  it('needs only what no default can know', () => {
    const folder = folderWith(SOUND);

    const config = readConfig(folder, {});

    expect(config.listen.soap).toEqual({
      host: '0.0.0.0',
      port: 8443,
      publicUrl: undefined,
      clientCertificate: 'required',
    });
    expect(config.listen.operations.host).toBe('127.0.0.1');
    expect(config.retrieval.deadlineMs).toBe(20_000);
    expect(config.queue).toEqual({ kind: 'embedded' });
    expect(config.actors).toHaveLength(5);
    expect(config.destinations['document-registry']).toBe('here');
  });

  it('takes files from the folder of the region', () => {
    const folder = folderWith({ ...SOUND, tls: { ...SOUND.tls, key: '/etc/keys/own.key' } });

    const config = readConfig(folder, {});

    expect(config.database.file).toBe(join(folder, 'var/kakehashi.db'));
    expect(config.tls.anchors).toEqual([join(folder, 'certificates/anchors.pem')]);
    expect(config.tls.key).toBe('/etc/keys/own.key');
  });

  it('is read by its own name as well as by its folder', () => {
    const folder = folderWith(SOUND);

    expect(readConfig(join(folder, 'kakehashi.yaml'), {})).toEqual(readConfig(folder, {}));
  });

  it('takes a heading whose lines are all commented out for an empty one', () => {
    const text = `${writeYaml(SOUND)}limits:\n  # idleMs: 30000\n`;

    expect(readConfig(folderWith(text), {}).limits.idleMs).toBe(30_000);
  });

  it('names the nearest known setting when one is unknown', () => {
    expect(faultsOf({ ...SOUND, retrieval: { deadline: 20_000 } })).toEqual([
      'unknown setting retrieval.deadline; did you mean retrieval.deadlineMs?',
    ]);
  });

  it('says where a number must lie', () => {
    expect(faultsOf({ ...SOUND, listen: { soap: { port: 70_000 } } })).toEqual([
      'listen.soap.port is 70000; it must be a whole number from 1 to 65535',
    ]);
  });

  it('tells all faults at once', () => {
    const { name: _, ...nameless } = SOUND;

    const faults = faultsOf({ ...nameless, homeCommunityId: '2.999', limits: { idleMs: '30' } });

    expect(faults).toEqual([
      'name is missing; it must be a text of one line',
      'homeCommunityId is 2.999; it must be a URN such as urn:oid:2.999.1',
      'limits.idleMs is 30; it must be a whole number from 1000 to 600000',
    ]);
  });

  it('has no setting that turns client certificates off', () => {
    expect(faultsOf({ ...SOUND, listen: { soap: { clientCertificate: 'none' } } })).toEqual([
      'listen.soap.clientCertificate is none; it must be required',
    ]);
  });

  it('keeps the operations listener on the loopback', () => {
    expect(faultsOf({ ...SOUND, listen: { operations: { host: '0.0.0.0' } } })).toHaveLength(1);
  });

  it('refuses an actor that asks another one which is nowhere', () => {
    expect(faultsOf({ ...SOUND, actors: ['document-repository'] })).toEqual([
      'destinations.document-registry is here, but actors does not name it; it must be the URL where it runs',
    ]);
  });

  it('refuses to ask by wide-area ids where no service for them is named', () => {
    expect(faultsOf({ ...SOUND, wideArea: { mode: 'instead' } })).toEqual([
      'wideArea.service is missing; wideArea.mode instead needs it',
    ]);
    expect(faultsOf({ ...SOUND, wideArea: { mode: 'off' } })).toEqual([]);
    expect(faultsOf({ ...SOUND, wideArea: { feed: true } })).toEqual([
      'wideArea.service is missing; wideArea.feed needs it',
    ]);
  });

  it('lets a process only work on the queue', () => {
    expect(faultsOf({ ...SOUND, actors: [] })).toEqual([]);
  });

  it('refuses a retrieval that ends before its deadline', () => {
    expect(faultsOf({ ...SOUND, retrieval: { deadlineMs: 9_000, longestMs: 8_000 } })).toEqual([
      'retrieval.longestMs is less than retrieval.deadlineMs; it must be as much or more',
    ]);
  });

  it('that is not there says how to make one', () => {
    const folder = mkdtempSync(join(root, 'region-'));

    expect(() => readConfig(folder, {})).toThrow(/kakehashi init/);
  });

  it('that is not YAML says in which line', () => {
    expect(faultsOf('name: x\nhomeCommunityId: [a\n')[0]).toMatch(/^line 3 is not YAML/);
    expect(faultsOf('name: x\nname: y\n')[0]).toMatch(/^line 2 is not YAML/);
  });

  it('that is no table says so', () => {
    expect(faultsOf('- a\n')[0]).toMatch(/it must be a table of settings/);
  });
});

describe('A secret in a config', () => {
  const REDIS = { ...SOUND, queue: { kind: 'redis', url: 'env:REDIS_URL', prefix: 'kakehashi' } };

  it('comes from the environment', () => {
    const config = readConfig(folderWith(REDIS), { REDIS_URL: 'rediss://:secret@redis:6379' });

    expect(config.queue).toEqual({
      kind: 'redis',
      url: 'rediss://:secret@redis:6379',
      prefix: 'kakehashi',
    });
  });

  it('comes from a file, without its last line end', () => {
    const folder = folderWith({
      ...SOUND,
      queue: { kind: 'redis', url: 'file:redis-url', prefix: 'kakehashi' },
    });
    writeFileSync(join(folder, 'redis-url'), 'redis://:secret@redis\n');

    expect(readConfig(folder, {}).queue).toEqual({
      kind: 'redis',
      url: 'redis://:secret@redis',
      prefix: 'kakehashi',
    });
  });

  it('stops the start when it is not where the config says', () => {
    expect(faultsOf(REDIS)).toEqual(['queue.url is env:REDIS_URL, which is not there or empty']);
    expect(faultsOf({ ...SOUND, queue: { kind: 'redis' } })).toEqual([
      'queue.url is missing; queue.kind redis needs it',
    ]);
  });

  it('is refused when it stands in the file, and not repeated', () => {
    const faults = faultsOf({
      ...SOUND,
      queue: { kind: 'redis', url: 'redis://:secret@redis', prefix: 'kakehashi' },
    });

    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^queue.url is \*\*\*; it must be env:NAME/);
  });

  it('is printed as *** with the place that it came from', () => {
    const rows = describeConfig(folderWith(REDIS), { REDIS_URL: 'redis://:secret@redis' });

    expect(rows.find(({ path }) => path === 'queue.url')).toEqual({
      path: 'queue.url',
      value: '***',
      from: 'env:REDIS_URL',
    });
    expect(rows.find(({ path }) => path === 'name')?.from).toBe('kakehashi.yaml');
    expect(rows.find(({ path }) => path === 'log.level')).toEqual({
      path: 'log.level',
      value: 'info',
      from: 'default',
    });
    expect(JSON.stringify(rows)).not.toContain('secret@');
  });
});

describe('YAML', () => {
  it('reads back what it writes, OIDs as text', () => {
    const value = { oid: '2.999', code: '0012', list: ['a', 'はい'], on: true, many: 3 };

    expect(parseYaml(writeYaml(value))).toEqual(value);
  });

  it('is refused when it is large', () => {
    expect(() => parseYaml(`a: ${'x'.repeat(1_048_576)}`)).toThrow(ConfigFaults);
  });

  it('is refused when an alias stands for more than is written', () => {
    expect(() => parseYaml('a: &a [1, 2]\nb: [*a, *a]\n', 'directory.yaml')).toThrow(ConfigFaults);
  });
});

describe('The database in a config', () => {
  const postgres = (url?: string) => ({ ...SOUND, database: { kind: 'postgres', url } });

  it('is an SQLite file of the region unless it is said otherwise', () => {
    const folder = folderWith(SOUND);
    expect(readConfig(folder, {}).database).toEqual({
      kind: 'sqlite',
      file: join(folder, 'var/kakehashi.db'),
    });
  });

  it('is a PostgreSQL, whose password comes from the environment', () => {
    const folder = folderWith(postgres('env:DATABASE_URL'));
    const url = 'postgres://user:secret@127.0.0.1:5432/region';
    expect(readConfig(folder, { DATABASE_URL: url }).database).toMatchObject({
      kind: 'postgres',
      url,
    });
  });

  it.each([
    'postgres://user@127.0.0.1/region',
    'postgresql://127.0.0.1:5432/region',
    'postgres://user@db.example/region?sslmode=verify-full&sslrootcert=ca.pem',
  ])('may name %s in the file, for it holds no password', (url) => {
    expect(faultsOf(postgres(url))).toEqual([]);
  });

  it.each([
    'postgres://user:secret@127.0.0.1/region',
    'postgres://127.0.0.1/region?user=u&password=secret',
    'mysql://127.0.0.1/region',
  ])('refuses %s in the file, without repeating it', (url) => {
    const [fault] = faultsOf(postgres(url));
    expect(fault).toMatch(/^database.url is \*\*\*; it must be env:NAME/);
  });

  it('needs the URL of the PostgreSQL that it is to be', () => {
    expect(faultsOf(postgres())).toEqual([
      'database.url is missing; database.kind postgres needs it',
    ]);
  });
});
