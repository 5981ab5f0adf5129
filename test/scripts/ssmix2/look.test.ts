import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PeerFailure } from '../../../actors/actor.ts';
import { readStorageMessage } from '../../../scripts/ssmix2/content.ts';
import { shownPath } from '../../../scripts/ssmix2/held.ts';
import { Ledger } from '../../../scripts/ssmix2/ledger.ts';
import { type LookOptions, lookAt } from '../../../scripts/ssmix2/look.ts';
import { PublicationRefused } from '../../../scripts/ssmix2/publisher.ts';

const ID = '0000000001';
const NINES = '9'.repeat(15);
const NOON = '20240612120000000';
const ONE = '20240612130000000';

describe('A look at a storage', () => {
  let folder: string;
  let ledgerFile: string;
  let deeds: string[];
  let publisher: LookOptions['publisher'];

  /** A region that writes down what it is asked, each time with the ledger's last line. */
  const aRegion = (own: Partial<LookOptions['publisher']> = {}): LookOptions['publisher'] => {
    const at = (time: string) => time.slice(8, 12);
    return {
      forget: () => {},
      feed: async (id, { insurance }, kind) => {
        deeds.push(`${kind} ${id} ${insurance?.[0]?.number ?? '-'}`);
      },
      has: async () => false,
      isRetired: async () => false,
      publish: async ({ found, replaces }) => {
        deeds.push(`publish ${at(found.version.time)}${replaces ? ' in place' : ''}`);
      },
      retire: async (_, { version }) => {
        deeds.push(`retire ${at(version.time)}`);
      },
      ...own,
    };
  };
  const pathOf = (type: string, { time = NOON, flag = '1', date = '20240612' } = {}) => {
    const [order, department] = type === 'ADT-00' ? [NINES, '-'] : ['0'.repeat(15), '01'];
    const name = [ID, date, type, order, time, department, flag].join('_');
    return join(folder, 'storage', '000', '000', ID, date, type, name);
  };
  const write = (path: string, octets: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, octets);
    return path;
  };
  const message = (type: string, rest = '') =>
    `MSH|^~\\&|HIS|H|GW|R|20240601||${type}|1|P|2.5||||||UNICODE UTF-8\rPID|1||${ID}^^^^PI||試験^花子\r${rest}`;
  const demographics = () =>
    write(
      pathOf('ADT-00', { date: '-' }),
      message('ADT^A08^ADT_A01', 'IN1|1|06|06130012|||||||1~45~01\r'),
    );
  const result = (time = NOON, flag = '1') =>
    write(pathOf('OML-11', { time, flag }), message('OUL^R22^OUL_R22', `OBX|1|NM|||${time}\r`));
  const look = async (own: Partial<LookOptions> = {}) => {
    const ledger = await Ledger.open(ledgerFile);
    try {
      return await lookAt({
        root: join(folder, 'storage'),
        kind: 'standard',
        institution: '9999900009',
        ledger,
        publisher,
        superseded: new Set(),
        refused: new Map(),
        settledMs: 0,
        now: () => new Date(),
        stop: new AbortController().signal,
        ...own,
      });
    } finally {
      await ledger.close();
    }
  };
  const lines = () => readFileSync(ledgerFile, 'utf8').trimEnd().split('\n');
  /** The process was stopped before it had written so many of its last lines. */
  const forgetLines = (count: number) =>
    writeFileSync(ledgerFile, `${lines().slice(0, -count).join('\n')}\n`);
  /** The one result was being sent when the process was stopped. @returns where it lies */
  const stoppedWhileSending = async () => {
    demographics();
    const path = result();
    await look();
    forgetLines(1);
    return path;
  };
  /** What lies there gets another condition flag. */
  const flagAs = (flag: string, path: string) => renameSync(path, `${path.slice(0, -1)}${flag}`);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'look-'));
    ledgerFile = join(folder, 'one.ledger');
    mkdirSync(join(folder, 'storage'));
    deeds = [];
    publisher = aRegion();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('feeds the patient with her insurance, and then publishes', async () => {
    demographics();
    result();

    await look();

    expect(deeds).toEqual([`add ${ID} 45`, 'publish 1200']);
  });

  it('replaces the version that is Approved by the newer one of the same key, and no other', async () => {
    demographics();
    const first = result();
    await look();
    flagAs('2', first);
    result(ONE);
    write(
      pathOf('OML-11', { date: '20240613' }),
      message('OUL^R22^OUL_R22', 'OBX|1|NM|||another day\r'),
    );
    deeds = [];

    expect(await look()).toMatchObject({ published: 1, replaced: 1 });
    expect(deeds).toEqual(['publish 1300 in place', 'publish 1200']);
    deeds = [];
    await look();
    expect(deeds).toEqual([]);
  });

  it('leaves alone what is superseded, however new, and deleted', async () => {
    demographics();
    result(NOON, '2');
    result(ONE, '0');

    await look();

    expect(deeds).toEqual([`add ${ID} 45`]);
  });

  it('does not feed from an ADT-00 that is superseded or deleted, however new', async () => {
    demographics();
    for (const [time, flag] of [
      [NOON, '2'],
      [ONE, '0'],
    ] as const) {
      write(pathOf('ADT-00', { date: '-', time, flag }), message('ADT^A08^ADT_A01'));
    }
    rmSync(pathOf('ADT-00', { date: '-' }));

    expect(await look()).toMatchObject({ fed: 0 });
    expect(deeds).toEqual([]);
  });

  it('retires what is superseded and has no successor in the second look', async () => {
    demographics();
    const path = result();
    await look();
    flagAs('2', path);
    deeds = [];
    const superseded = new Set<string>();

    await look({ superseded });
    expect(deeds).toEqual([]);
    expect(await look({ superseded })).toMatchObject({ retired: 1 });
    expect(deeds).toEqual(['retire 1200']);
  });

  it('does not publish a version whose flag changes while it looks', async () => {
    demographics();
    const path = result();
    publisher = aRegion({
      feed: async () => flagAs('2', path),
    });

    expect(await look()).toMatchObject({ published: 0, waiting: 1, held: [] });
    expect(deeds).toEqual([]);
  });

  it('does not publish what was read under a flag that it has no longer', async () => {
    demographics();
    const path = result();
    publisher = aRegion({
      publish: async () => {
        throw new PeerFailure('ambiguous', 'no answer', { peer: 'the region' });
      },
    });
    await expect(look()).rejects.toThrow('no answer');
    publisher = aRegion({
      has: async () => {
        flagAs('2', path);
        return false;
      },
    });

    await look();

    expect(deeds.filter((deed) => deed.startsWith('publish'))).toEqual([]);
  });

  it('has written down that it sends before it sends', async () => {
    demographics();
    result();
    let before = '';
    publisher = aRegion({
      publish: async () => {
        before = lines().at(-1) ?? '';
      },
    });

    await look();

    expect(JSON.parse(before)).toMatchObject({ state: 'sending' });
    expect(JSON.parse(lines().at(-1) ?? '')).toMatchObject({ state: 'published' });
  });

  it('asks before it sends again what it may have sent, and never sends what is there', async () => {
    await stoppedWhileSending();
    deeds = [];
    publisher = aRegion({ has: async () => true });

    expect(await look()).toMatchObject({ published: 1 });
    expect(deeds).toEqual([]);
  });

  it('sends again what the registry does not have', async () => {
    await stoppedWhileSending();
    deeds = [];

    await look();

    expect(deeds).toEqual(['publish 1200']);
  });

  it('ends at once when the region is away, and goes on where it stood', async () => {
    demographics();
    result();
    publisher = aRegion({
      publish: async () => {
        throw new PeerFailure('transient', 'away', { peer: 'the region' });
      },
    });
    await expect(look()).rejects.toThrow('away');
    publisher = aRegion();

    await look();

    // The patient is not fed a second time.
    expect(deeds).toEqual([`add ${ID} 45`, 'publish 1200']);
  });

  it('replaces what it was sending when it was stopped, where that came and is superseded since', async () => {
    const first = await stoppedWhileSending();
    flagAs('2', first);
    result(ONE);
    deeds = [];
    publisher = aRegion({ has: async () => true });

    expect(await look()).toMatchObject({ replaced: 1, published: 0 });
    expect(deeds).toEqual(['publish 1300 in place']);
  });

  it('retires what it was sending when it was stopped, where that came and is deleted since', async () => {
    const path = await stoppedWhileSending();
    flagAs('0', path);
    deeds = [];
    publisher = aRegion({ has: async () => true });

    expect(await look()).toMatchObject({ retired: 1 });
    expect(deeds).toEqual(['retire 1200']);
  });

  it('asks once about what never came, and replaces nothing by its successor', async () => {
    const first = await stoppedWhileSending();
    flagAs('2', first);
    result(ONE);
    deeds = [];
    let asked = 0;
    const superseded = new Set<string>();
    publisher = aRegion({
      has: async () => {
        asked += 1;
        return false;
      },
    });

    await look({ superseded });
    await look({ superseded });

    expect([deeds, asked]).toEqual([['publish 1300'], 1]);
  });

  it('does not retire again what was retired before it was stopped', async () => {
    demographics();
    const path = result();
    await look();
    flagAs('0', path);
    const retire = async () => {
      throw new PublicationRefused([
        { errorCode: 'XDSMetadataUpdateError', codeContext: 'it is Deprecated', severity: 'Error' },
      ]);
    };
    publisher = aRegion({ retire });
    expect((await look()).held).toMatchObject([{ reason: expect.stringContaining('Deprecated') }]);
    publisher = aRegion({ retire, isRetired: async () => true });

    expect(await look()).toMatchObject({ retired: 1, held: [] });
    expect(await look()).toMatchObject({ retired: 0, held: [] });
  });

  it('holds what the region refused for as long as it is not tried again', async () => {
    demographics();
    const path = result();
    const refused = new Map();
    let asked = 0;
    publisher = aRegion({
      publish: async () => {
        asked += 1;
        throw new PublicationRefused([
          { errorCode: 'XDSRegistryError', codeContext: 'no', severity: 'Error' },
        ]);
      },
    });
    const held = [{ path, reason: 'XDSRegistryError: no' }];

    expect((await look({ refused })).held).toEqual(held);
    expect((await look({ refused })).held).toEqual(held);
    expect(asked).toBe(1);
  });

  it('never has an older version take the place of a newer one in another part of the storage', async () => {
    demographics();
    result(ONE);
    await look();
    const older = pathOf('OML-11').replace('storage', join('storage', 'before'));
    write(older, message('OUL^R22^OUL_R22'));
    deeds = [];

    expect((await look()).held).toEqual([
      { path: older, reason: 'a newer version of it is current at the region' },
    ]);
    expect(deeds).toEqual([]);
  });

  it('follows no link, and says so of one that leads to a folder', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    const link = join(folder, 'storage', '2023');
    symlinkSync(join(folder, 'elsewhere'), link);
    symlinkSync(write(join(folder, 'list'), ''), join(folder, 'storage', 'SSMIXIDX'));

    expect((await look()).held).toEqual([{ path: link, reason: 'link' }]);
  });

  it('takes a newer version with flag 0 for the deletion that it is, before the others have theirs', async () => {
    demographics();
    result();
    await look();
    result(ONE, '0');
    write(pathOf('ADT-61', { date: '-' }), message('ADT^A60^ADT_A60'));
    write(pathOf('ADT-61', { date: '-', time: ONE, flag: '0' }), message('ADT^A60^ADT_A60'));
    deeds = [];

    expect(await look()).toMatchObject({ retired: 1, published: 0 });
    expect(deeds).toEqual(['retire 1300']);
  });

  it('holds what has a name in another character set than UTF-8', async () => {
    demographics();
    const day = dirname(dirname(pathOf('OML-11')));
    mkdirSync(day, { recursive: true });
    mkdirSync(Buffer.concat([Buffer.from(`${day}/^`), Buffer.from([0x8f, 0xd0, 0x89, 0xee])]));

    expect((await look()).held).toMatchObject([{ reason: 'unreadable' }]);
  });

  it('holds a patient whose ADT-00 is half written, with all that is hers', async () => {
    const path = write(pathOf('ADT-00', { date: '-' }), message('ADT^A08^ADT_A01', 'IN1|1|06'));
    result();

    const { held } = await look();

    expect([held, deeds]).toEqual([[{ path, reason: 'half written' }], []]);
  });

  it('waits for a file that may still be written', async () => {
    demographics();
    result();

    expect(await look({ settledMs: 60_000 })).toMatchObject({ waiting: 1, held: [] });
    expect(deeds).toEqual([]);
  });

  it('holds what is no message, what is too large and what is another patient’s', async () => {
    demographics();
    write(pathOf('OML-11'), `%PDF-1.7\r`);
    write(pathOf('OMP-01'), 'MSH|^~\\&|\r'.padEnd(17 * 1_048_576, 'x\r'));
    write(pathOf('ADT-61', { date: '-' }), message('ADT^A60^ADT_A60').replace(ID, '0000009999'));

    const { held } = await look();

    expect(held.map(({ reason }) => reason).sort()).toEqual([
      '204: PID-3 names another patient than the folders do',
      'half written',
      'too large',
    ]);
    expect(deeds).toEqual([`add ${ID} 45`]);
  });

  it('holds what it cannot read, and waits for what has gone', async () => {
    const reading = { now: new Date(), settledMs: 0 };
    expect(await readStorageMessage(folder, reading)).toBe('unreadable');
    expect(await readStorageMessage(join(folder, 'gone'), reading)).toBe('gone');
  });

  it('shows of a path in the storage the shape alone of what could name a patient', () => {
    const root = '/ssmix2';
    const shown = (path: string) => shownPath(root, join(root, path));
    expect(shown(`000/000/${ID}/-/ADT-00/${ID}_-_ADT-00_${NINES}_${NOON}_-_1`)).toBe(
      `999/999/9999999999/-/ADT-00/9999999999_-_ADT-00_${NINES}_${NOON}_-_1`,
    );
    expect(shown(`000/000/${ID}/20240612/試験花子 Taro.pdf`)).toBe(
      '999/999/9999999999/20240612/aaaa aaaa.aaa',
    );
  });
});
