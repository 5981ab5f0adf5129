import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../gateway/config.ts';
import { recordsOf } from '../../gateway/safeguards/audit-chain.ts';
import { encodeStoredQuery } from '../../profiles/xds/iti-18.ts';
import { getDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { EXIT } from '../../scripts/command.ts';
import { freePorts } from '../../scripts/federation.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';
import { readPartners } from '../../scripts/region.ts';

const root = mkdtempSync(join(tmpdir(), 'kakehashi-commands-'));
const shimane = join(root, 'shimane');
const kagawa = join(root, 'kagawa');
const stops: AbortController[] = [];
const running: Promise<unknown>[] = [];

async function ran(...words: string[]) {
  return called(words, new AbortController().signal);
}

async function called(words: readonly string[], stop: AbortSignal) {
  let stdout = '';
  let stderr = '';
  const exit = await runCommandLine(words, {
    stdout: {
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      write: (text) => {
        stderr += text;
      },
    },
    locale: 'C',
    stop: () => stop,
  });
  return { exit, stdout, stderr };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it never came true');
}

/** Starts a region in this process, quiet but for errors. */
async function start(folder: string): Promise<void> {
  const file = join(folder, 'kakehashi.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('#level: info', 'level: error'));
  const stop = new AbortController();
  stops.push(stop);
  running.push(called(['serve', folder], stop.signal));
  await until(async () => (await ran('check', folder, '--live')).exit === EXIT.done);
}

/** How many records of a transaction a region's trail holds. */
async function recordsIn(folder: string, transaction: string): Promise<number> {
  let count = 0;
  for await (const { message } of recordsOf(join(folder, 'var/audit'))) {
    if (message.includes(`csd-code="${transaction}"`)) count += 1;
  }
  return count;
}

const AT_SHIMANE = '4711^^^&2.999.392.32.10.1&ISO';
const AT_KAGAWA = '00012345^^^&2.999.392.37.10.1&ISO';

async function feed(folder: string, id: string) {
  return ran(
    ...['patient', 'feed', '--folder', folder, '--id', id, '--kanji', '試験 花子'],
    ...['--kana', 'シケン ハナコ', '--birth', '19700101', '--sex', 'F'],
  );
}

beforeAll(async () => {
  const ports = (await freePorts(4)).map(String);
  const init = async (folder: string, arc: string, ...words: string[]) =>
    ran('init', folder, '--name', 'Trial', '--oid', arc, ...words);
  await init(
    ...([shimane, '2.999.392.32', '--network-id', 'NET-32'] as const),
    ...['--port', ports[0] ?? '', '--operations-port', ports[1] ?? ''],
  );
  await init(
    ...([kagawa, '2.999.392.37', '--network-id', 'NET-37', '--ca', join(shimane, 'ca')] as const),
    ...['--port', ports[2] ?? '', '--operations-port', ports[3] ?? ''],
  );
  await ran(
    ...['partner', 'add', 'kagawa', '--folder', shimane],
    ...[
      '--certificate',
      join(kagawa, 'certificates/own.pem'),
      '--community',
      'urn:oid:2.999.392.37',
    ],
    ...['--url', `https://localhost:${ports[2]}/responding-gateway`],
  );
  await start(shimane);
  await start(kagawa);
});

afterAll(async () => {
  for (const stop of stops) stop.abort();
  await Promise.all(running);
  rmSync(root, { recursive: true, force: true });
});

describe('An operator connects two regions and exchanges a document by commands alone', () => {
  let uniqueId = '';

  it('is told that the partner does not list us yet', async () => {
    const { exit, stderr } = await ran('partner', 'test', 'kagawa', '--folder', shimane);

    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain(
      'kagawa: closed the connection after our certificate; ask the partner',
    );
  });

  it('is told in Japanese, too, that somebody else answers than the row says', async () => {
    const tottori = join(root, 'tottori');
    const ca = ['--ca', join(shimane, 'ca')];
    await ran('init', tottori, '--name', 'Trial', '--oid', '2.999.392.31', ...ca);
    const { endpoints = {} } = readPartners(readConfig(shimane)).findEntry('kagawa') ?? {};
    await ran(
      ...['partner', 'add', 'kagawa', '--folder', tottori, '--url', endpoints['ITI-38'] ?? ''],
      ...['--certificate', join(shimane, 'certificates/own.pem')],
      ...['--community', 'urn:oid:2.999.392.37'],
    );
    const test = ['partner', 'test', 'kagawa', '--folder', tottori, '--lang', 'ja'];

    const { exit, stderr } = await ran(...test);

    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain(
      '相手の証明書を受け入れられません: この行に登録された証明書ではありません',
    );
  });

  it('is in force at once where a process runs', async () => {
    const { exit, stdout } = await ran(
      ...['partner', 'add', 'shimane', '--folder', kagawa, '--community', 'urn:oid:2.999.392.32'],
      ...['--certificate', join(shimane, 'certificates/own.pem')],
    );

    expect(exit).toBe(EXIT.done);
    expect(stdout).toContain('in force in the running process');
    const test = await ran('partner', 'test', 'kagawa', '--folder', shimane, '--json');
    expect(JSON.parse(test.stdout)).toMatchObject({ protocol: 'TLSv1.3', status: 200 });
  });

  it('tells each region of the patient', async () => {
    expect(await feed(shimane, AT_SHIMANE)).toMatchObject({ exit: EXIT.done, stderr: '' });
    expect(await feed(kagawa, AT_KAGAWA)).toMatchObject({ exit: EXIT.done, stderr: '' });
  });

  it('may not feed an authority that is not the hospital’s', async () => {
    const { exit, stderr } = await feed(shimane, AT_KAGAWA);

    expect(exit).toBe(EXIT.failed);
    expect(stderr).not.toContain('試験');
  });

  it('finds the patient by number and by name', async () => {
    const byNumber = await ran(
      'patient',
      'find',
      '--folder',
      shimane,
      '--id',
      AT_SHIMANE,
      '--json',
    );
    const byName = await ran(
      ...['patient', 'find', '--folder', shimane, '--kanji', '試験 花子', '--json'],
    );

    expect(JSON.parse(byNumber.stdout).ids[0]).toContain('&2.999.392.32.1&ISO');
    expect(JSON.parse(byName.stdout).matches).toHaveLength(1);
  });

  it('finds nobody under a number that nobody has', async () => {
    const { exit, stdout } = await ran(
      ...['patient', 'find', '--folder', shimane, '--id', '1^^^&2.999.392.32.10.1&ISO'],
    );

    expect(exit).toBe(EXIT.nothingToDo);
    expect(stdout).toBe('nobody was found\n');
  });

  it('submits a file', async () => {
    mkdirSync(join(root, 'files'));
    writeFileSync(join(root, 'files', 'note.txt'), 'これは試験です\n');

    const { exit, stdout } = await ran(
      ...['documents', 'submit', join(root, 'files', 'note.txt'), '--folder', kagawa],
      ...['--patient', AT_KAGAWA, '--type', 'referral', '--json'],
    );

    expect(exit).toBe(EXIT.done);
    uniqueId = JSON.parse(stdout).documents[0].uniqueId;
    expect(uniqueId).toMatch(/^2\.25\.\d+$/);
  });

  it('may not submit a file whose MIME type is not known', async () => {
    const file = join(root, 'files', 'note.unknown');
    writeFileSync(file, 'x');

    const { exit, stderr } = await ran(
      ...['documents', 'submit', file, '--folder', kagawa, '--patient', AT_KAGAWA],
    );

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('the ending tells no MIME type; give --mime-type');
  });

  it('lists it from the other region, by the number that the own hospital knows', async () => {
    const { exit, stdout } = await ran(
      ...['documents', 'query', '--folder', shimane, '--patient', AT_SHIMANE, '--json'],
    );

    expect(exit).toBe(EXIT.done);
    expect(JSON.parse(stdout)).toMatchObject({
      documents: [
        {
          uniqueId,
          title: '診療情報提供書',
          repositoryUniqueId: '2.999.392.37.2',
          homeCommunityId: 'urn:oid:2.999.392.37',
        },
      ],
      errors: [],
    });
  });

  it('asks one community alone where it is named', async () => {
    const asked = async (community: string) =>
      ran(
        ...['documents', 'query', '--folder', shimane, '--patient', AT_SHIMANE],
        ...['--community', community, '--json'],
      );
    const seen = () => recordsIn(shimane, 'ITI-55');

    const before = await seen();
    const own = await asked('urn:oid:2.999.392.32');
    expect(own).toMatchObject({ exit: EXIT.nothingToDo, stderr: '' });
    expect(await seen()).toBe(before);
    expect(JSON.parse((await asked('urn:oid:2.999.392.37')).stdout).documents).toHaveLength(1);
    const unknown = await asked('urn:oid:2.999.1');
    expect(JSON.parse(unknown.stderr).errors[0].what).toContain('XDSUnknownCommunity');
    expect(JSON.parse(unknown.stderr).errors[0].next).toContain('kakehashi partner list');
  });

  it('lists nothing where only the own registry is asked', async () => {
    const { exit, stdout } = await ran(
      ...['documents', 'query', '--folder', shimane, '--patient', AT_SHIMANE, '--here'],
    );

    expect(exit).toBe(EXIT.nothingToDo);
    expect(stdout).toBe('no documents were found\n');
  });

  it('retrieves it, byte for byte, and never writes over a file', async () => {
    const words = [
      ...['documents', 'retrieve', uniqueId, '--folder', shimane],
      ...['--repository', '2.999.392.37.2', '--community', 'urn:oid:2.999.392.37'],
      ...['--out', join(root, 'out'), '--json'],
    ];

    const { exit, stdout } = await ran(...words);
    const [document] = JSON.parse(stdout).documents;
    const again = await ran(...words);

    expect(exit).toBe(EXIT.done);
    expect(readFileSync(document.file, 'utf8')).toBe('これは試験です\n');
    expect(document.sha1).toBe(createHash('sha1').update('これは試験です\n').digest('hex'));
    expect(again.exit).toBe(EXIT.failed);
    expect(JSON.parse(again.stderr).errors[0].what).toBe('is there already');
  });

  it('is told which document there is none of', async () => {
    const { exit, stderr } = await ran(
      ...['documents', 'retrieve', '2.999.1', '--folder', kagawa, '--repository', '2.999.392.37.2'],
      ...['--out', join(root, 'out')],
    );

    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain('XDSDocumentUniqueIdError');
  });

  it('shows its versions, and why a query finds nothing of it', async () => {
    const history = await ran('documents', 'history', uniqueId, '--folder', kagawa, '--json');
    expect(history.exit).toBe(EXIT.done);
    expect(JSON.parse(history.stdout).versions).toMatchObject([
      { uniqueId, version: 1, availabilityStatus: 'Approved' },
    ]);

    const file = join(root, 'query.xml');
    const asked = getDocuments({ uniqueId: [uniqueId, '2.999.8.77'] });
    writeFileSync(file, String(encodeStoredQuery(asked).xml));
    const why = await ran('documents', 'explain-query', file, '--folder', kagawa);
    expect(why.exit).toBe(EXIT.done);
    expect(why.stdout).toContain('  1  $XDSDocumentEntryUniqueId\n');
    expect(why.stdout).toContain('nothing is shown of 2.999.8.77');
  });

  it('sees an empty queue', async () => {
    expect(await ran('queue', 'ls', shimane)).toEqual({
      exit: EXIT.nothingToDo,
      stdout: 'the queue is empty\n',
      stderr: '',
    });
  });
});
