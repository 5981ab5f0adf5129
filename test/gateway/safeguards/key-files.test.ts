import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  KeyFileRefused,
  readPrivateFile,
  writePrivateFile,
  writePublicFile,
} from '../../../gateway/safeguards/key-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kakehashi-keys-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('files of keys and certificates', () => {
  it('writes a key for its owner alone, and reads it back', async () => {
    const path = join(folder, 'own.key');
    await writePrivateFile(path, 'key');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readPrivateFile(path)).toString()).toBe('key');
  });

  it.each([[0o644], [0o640], [0o604], [0o620]])('refuses a key of mode %o', async (mode) => {
    const path = join(folder, 'own.key');
    await writeFile(path, 'key');
    await chmod(path, mode);
    await expect(readPrivateFile(path)).rejects.toThrow(KeyFileRefused);
  });

  it('never writes a key over another unless told to', async () => {
    const path = join(folder, 'own.key');
    await writePrivateFile(path, 'first');
    await expect(writePrivateFile(path, 'second')).rejects.toThrow('is there already');
    expect(await readFile(path, 'utf8')).toBe('first');
    await writePrivateFile(path, 'second', { replace: true });
    expect(await readFile(path, 'utf8')).toBe('second');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('replaces certificates whole, and leaves nothing beside them', async () => {
    const path = join(folder, 'crls.pem');
    await writePublicFile(path, 'one');
    await writePublicFile(path, 'two');
    expect(await readFile(path, 'utf8')).toBe('two');
    expect(await readdir(folder)).toEqual(['crls.pem']);
  });
});
