import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../gateway/config.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { ITI_86 } from '../../profiles/xds/iti-86.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { EXIT } from '../../scripts/command.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';
import { inMemory, textOf } from '../support/documents.ts';
import { regionOids, World } from '../support/world.ts';
import { aSubmission } from '../support/xds-builders.ts';

const EAST = regionOids(1);
const REPOSITORY = EAST.repositoryUniqueId;

async function ran(...words: string[]) {
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
    stop: () => new AbortController().signal,
  });
  return { exit, stdout, stderr };
}

describe('kakehashi backup, restore and documents verify', () => {
  let world: World;
  let patient: PatientId;
  let targets: string;
  let numbers = 0;

  const provide = async (uniqueId: string, text: string) => {
    numbers += 1;
    const submission = aSubmission({
      submissionSet: {
        patientId: patient,
        sourceId: EAST.sourceId,
        uniqueId: `2.999.9.60.${numbers}`,
      },
      documentEntries: [
        { uniqueId, hash: undefined, size: undefined, repositoryUniqueId: undefined },
      ],
    });
    const { response } = await world.exchange(ITI_41, world.url('document-repository'), {
      submission,
      documents: [{ id: 'Document01', content: inMemory(text) }],
    });
    expect(response).toEqual({ status: 'Success', errors: [] });
  };
  const request = (...uniqueIds: string[]) => ({
    documents: uniqueIds.map((documentUniqueId) => ({
      repositoryUniqueId: REPOSITORY,
      documentUniqueId,
    })),
  });
  const retrieved = async (...uniqueIds: string[]) => {
    const { response } = await world.exchange(
      ITI_43,
      world.url('document-repository'),
      request(...uniqueIds),
    );
    return Promise.all(response.documents.map(({ content }) => textOf(content)));
  };
  const remove = async (...uniqueIds: string[]) => {
    const url = world.url('document-repository');
    const { response } = await world.exchange(ITI_86, url, request(...uniqueIds), {
      as: 'archivist',
    });
    return response.status;
  };
  const fileOf = (text: string) => {
    const root = join(world.folder(), 'var', 'documents');
    const files = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name));
    return files.find((file) => readFileSync(file, 'utf8') === text) ?? '';
  };
  const verified = async (...words: string[]) => {
    const { exit, stdout } = await ran('documents', 'verify', world.folder(), '--json', ...words);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { fault?: string; uniqueId?: string });
    return {
      exit,
      findings: lines.slice(0, -1).map(({ fault, uniqueId = '-' }) => `${fault} ${uniqueId}`),
      summary: lines.at(-1),
    };
  };
  const target = (name: string) => join(targets, name);
  /** A further folder of the same region, without data. */
  const emptyRegion = (name: string) => {
    const folder = target(name);
    mkdirSync(folder);
    for (const file of ['kakehashi.yaml', 'partners.yaml']) {
      try {
        writeFileSync(join(folder, file), readFileSync(join(world.folder(), file)));
      } catch {
        // A region may keep its partners elsewhere.
      }
    }
    return folder;
  };

  beforeAll(async () => {
    world = await World.start({
      systems: [
        {
          name: 'archivist',
          institution: '9990000007',
          regions: ['east'],
          assigningAuthorities: [],
          transactions: ['ITI-86'],
        },
      ],
    });
    targets = mkdtempSync(join(tmpdir(), 'backups-'));
    patient = await world.patient('BK-0001');
    await provide('2.999.8.1', 'one');
    await provide('2.999.8.2', 'two');
    await provide('2.999.8.3', 'two');
  });

  afterAll(async () => {
    await world.stop();
    rmSync(targets, { recursive: true });
  });

  it('finds stored documents sound, while the service runs', async () => {
    const { exit, findings, summary } = await verified('--registry');
    expect({ exit, findings }).toEqual({ exit: EXIT.done, findings: [] });
    expect(summary).toMatchObject({ documents: 3, files: 2, bytes: 6 });
    const { stdout } = await ran('documents', 'verify', world.folder());
    expect(stdout).toBe('3 documents in 2 files (6 bytes): all sound\n');
  });

  it('copies database and documents while the service runs, and proves the copy', async () => {
    const { exit, stdout } = await ran('backup', target('a'), '--folder', world.folder());
    expect([exit, stdout]).toEqual([
      EXIT.done,
      '3 documents in 2 files (6 bytes) are copied and proved\n',
    ]);
    expect(readdirSync(target('a')).sort()).toEqual(['backup.json', 'documents', 'kakehashi.db']);
  });

  it('copies nothing to where something is', async () => {
    const { exit, stderr } = await ran('backup', target('a'), '--folder', world.folder());
    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('is not empty');
  });

  it('keeps documents in a copy that are removed while it is made', async () => {
    await provide('2.999.8.4', 'four');
    const copying = ran('backup', target('b'), '--folder', world.folder());
    const removing = remove('2.999.8.4');
    const [{ exit }, status] = await Promise.all([copying, removing]);
    expect([exit, status]).toEqual([EXIT.done, 'Success']);
    expect(await retrieved('2.999.8.4')).toEqual([]);
    // After the backup the octets go.
    expect(fileOf('four')).toBe('');
  });

  it('restores into an empty folder; the region then serves what it had', async () => {
    const folder = emptyRegion('restored');
    const { exit, stdout, stderr } = await ran('restore', target('a'), '--folder', folder);
    expect([exit, stderr]).toEqual([EXIT.done, '']);
    expect(stdout).toBe('3 documents in 2 files (6 bytes) are restored and proved\n');
    await world.stopRegion('east');
    const { database, documents } = readConfig(folder);
    await world.startRegion('east', (config) => ({ ...config, database, documents }));
    expect(await retrieved('2.999.8.1', '2.999.8.3')).toEqual(['one', 'two']);
    await world.stopRegion('east');
    await world.startRegion('east');
  });

  it('restores nothing over what is there', async () => {
    const { exit, stderr } = await ran('restore', target('a'), '--folder', world.folder());
    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain('is there already');
  });

  it.each([
    ['kakehashi.db-wal', 'is there already'],
    ['kakehashi.db.restoring', 'a restore was begun here'],
  ])('restores nothing beside a %s, which an earlier one has left', async (name, reason) => {
    const folder = target(`beside ${name}`);
    mkdirSync(join(folder, 'var'), { recursive: true });
    writeFileSync(join(folder, 'var', name), 'of another database');
    const { exit, stderr } = await ran('restore', target('a'), '--folder', folder);
    expect([exit, stderr]).toEqual([EXIT.failed, expect.stringContaining(reason)]);
    expect(readdirSync(join(folder, 'var'))).toEqual([name]);
  });

  it('gives way to a region that is started while it restores', async () => {
    const region = join(target('started'), 'var');
    const restoring = ran('restore', target('a'), '--folder', target('started'));
    while (!existsSync(join(region, 'kakehashi.db.restoring'))) await new Promise(setImmediate);
    writeFileSync(join(region, 'kakehashi.db'), 'of the region');
    mkdirSync(join(region, 'documents', 'own'), { recursive: true });
    const { exit, stderr } = await restoring;
    expect([exit, stderr]).toEqual([EXIT.failed, expect.stringContaining('is there already')]);
    expect(readFileSync(join(region, 'kakehashi.db'), 'utf8')).toBe('of the region');
    expect(readdirSync(join(region, 'documents'))).toContain('own');
  });

  it('restores into a folder that is no region yet', async () => {
    const folder = target('nothing');
    expect((await ran('restore', target('a'), '--folder', folder)).exit).toBe(EXIT.done);
    expect(readdirSync(join(folder, 'var')).sort()).toEqual(['documents', 'kakehashi.db']);
  });

  it('refuses a backup that was not finished, was altered, or has lost a document', async () => {
    const restored = async (name: string) => {
      const { exit, stderr } = await ran('restore', target(name), '--folder', target('never'));
      expect(exit).toBe(EXIT.failed);
      expect(readdirSync(target('never'), { recursive: true })).toEqual(['var']);
      return stderr;
    };
    mkdirSync(target('never'));
    mkdirSync(join(target('never'), 'var'));
    for (const name of ['c', 'd', 'e']) {
      await ran('backup', target(name), '--folder', world.folder());
    }
    rmSync(join(target('c'), 'backup.json'));
    expect(await restored('c')).toContain('is no finished backup');
    truncateSync(join(target('d'), 'kakehashi.db'), 4096);
    expect(await restored('d')).toContain('is not the database that was copied');
    const [shard] = readdirSync(join(target('e'), 'documents'));
    rmSync(join(target('e'), 'documents', shard ?? ''), { recursive: true });
    expect(await restored('e')).toContain('missing or damaged');
    // Documents may lie on a disk of their own.
    const [folder, disk] = [target('linked'), target('disk')];
    for (const one of [join(folder, 'var'), disk]) mkdirSync(one, { recursive: true });
    symlinkSync(disk, join(folder, 'var', 'documents'));
    expect((await ran('restore', target('e'), '--folder', folder)).exit).toBe(EXIT.failed);
    expect([readdirSync(join(folder, 'var')), readdirSync(disk)]).toEqual([['documents'], []]);
  });

  it('refuses the backup of another repository', async () => {
    const folder = emptyRegion('other');
    const file = join(folder, 'kakehashi.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(REPOSITORY, '2.999.500.77'));
    const { exit, stderr } = await ran('restore', target('a'), '--folder', folder);
    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain(`the backup is of the repository ${REPOSITORY}`);
  });

  it('finds a document that is missing, one that is damaged, and a file that is nobody’s', async () => {
    const one = fileOf('one');
    rmSync(one);
    writeFileSync(fileOf('two'), 'owt');
    const stray = join(world.folder(), 'var', 'documents', 'aa');
    mkdirSync(stray, { recursive: true });
    writeFileSync(join(stray, '0'.repeat(62)), 'stray');
    const { exit, findings, summary } = await verified();
    expect(exit).toBe(EXIT.failed);
    expect(findings.sort()).toEqual([
      'damaged 2.999.8.2',
      'damaged 2.999.8.3',
      'missing 2.999.8.1',
      'orphaned -',
    ]);
    expect(summary).toMatchObject({
      found: { missing: 1, damaged: 2, orphaned: 1, unknown: 0, unregistered: 0 },
    });
  });

  it('backs up what is sound, and says what was not', async () => {
    const { exit, stdout } = await ran('backup', target('f'), '--folder', world.folder());
    expect(exit).toBe(EXIT.failed);
    expect(stdout).toContain('3 were missing or damaged before');
    const restored = await ran('restore', target('f'), '--folder', emptyRegion('partly'));
    expect(restored.exit).toBe(EXIT.failed);
    expect(restored.stdout).toContain('3 were missing or damaged before the backup');
  });

  it('is mended by the same octets being submitted again', async () => {
    rmSync(join(world.folder(), 'var', 'documents', 'aa', '0'.repeat(62)));
    await provide('2.999.8.1', 'one');
    await provide('2.999.8.2', 'two');
    expect(await verified()).toMatchObject({ exit: EXIT.done, findings: [] });
  });

  it('names documents that the registry does not have any more', async () => {
    const { exit } = await ran('documents', 'reconcile', world.folder());
    expect(exit).toBe(EXIT.nothingToDo);
    await world.stopRegion('east');
    const { exit: refused, stderr } = await ran(
      'documents',
      'verify',
      world.folder(),
      '--registry',
    );
    expect(refused).toBe(EXIT.failed);
    expect(stderr).toContain('no process runs for this region');
    expect(await verified()).toMatchObject({ exit: EXIT.done, findings: [] });
    expect((await ran('documents', 'reconcile', world.folder())).exit).toBe(EXIT.failed);
    expect((await ran('backup', target('g'), '--folder', world.folder())).exit).toBe(EXIT.done);
    await world.startRegion('east');
  });
});
