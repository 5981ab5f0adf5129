import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ledger } from '../../../scripts/ssmix2/ledger.ts';

const ENTRY = { mark: 'm1', of: 'o1', state: 'sending', time: '20240612', sha1: 'ab' } as const;

describe('The ledger of a storage', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-'));
    path = join(folder, 'var', 'one.ledger');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('knows after a stop what was written before it', async () => {
    const first = await Ledger.open(path);
    await first.write(ENTRY);
    await first.write({ ...ENTRY, state: 'published' });
    await first.write({ ...ENTRY, mark: 'm2' });
    await first.close();

    const second = await Ledger.open(path);
    expect(second.of('m1')?.state).toBe('published');
    expect(second.versionsOf('o1').map(({ mark }) => mark)).toEqual(['m1', 'm2']);
    expect(second.counts()).toEqual({ sending: 1, published: 1, retired: 0, fed: 0 });
    await second.close();
  });

  it('does not count a line that was cut, and writes on behind the last whole one', async () => {
    const first = await Ledger.open(path);
    await first.write(ENTRY);
    await first.close();
    appendFileSync(path, '{"mark":"m2","of":"o');

    const second = await Ledger.open(path);
    expect(second.of('m2')).toBeUndefined();
    await second.write({ ...ENTRY, mark: 'm3' });
    await second.close();

    const third = await Ledger.open(path);
    expect(third.of('m3')?.state).toBe('sending');
    await third.close();
  });

  it('is refused when a whole line cannot be read: nothing is sent twice for want of it', async () => {
    const first = await Ledger.open(path);
    await first.close();
    writeFileSync(path, 'nonsense\n');

    await expect(Ledger.open(path)).rejects.toThrow('line 1 cannot be read');
  });

  it('is open in one process at a time', async () => {
    const first = await Ledger.open(path);

    await expect(Ledger.open(path)).rejects.toThrow('watches with this ledger already');
    await first.close();
  });

  it('is taken over from a process that has died', async () => {
    const first = await Ledger.open(path);
    await first.close();
    writeFileSync(`${path}.lock`, '4194304 of another\n');

    const second = await Ledger.open(path);
    await second.close();
  });

  it('is taken over from a process that has died, and whose number another has now', async () => {
    const first = await Ledger.open(path);
    await first.close();
    // As after a container was killed: in the next one the numbers are the same.
    writeFileSync(`${path}.lock`, `${process.pid} 1\n`);

    const second = await Ledger.open(path);
    await second.close();
  });

  it('holds no number of any patient', async () => {
    const ledger = await Ledger.open(path);
    await ledger.write(ENTRY);
    await ledger.close();

    expect(readFileSync(path, 'utf8')).toBe(`${JSON.stringify(ENTRY)}\n`);
  });
});
