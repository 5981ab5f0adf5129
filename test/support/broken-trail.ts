import { jest } from '@jest/globals';
import { fstatSync, readdirSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** Lets every sync of a file of a region's audit trail fail, as a full disk does, until mocks are restored. */
export async function breakTrail(folder: string): Promise<void> {
  const audit = join(folder, 'var', 'audit');
  const handle = await open(folder, 'r');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  for (const method of ['datasync', 'sync'] as const) {
    const real = prototype[method];
    jest.spyOn(prototype, method).mockImplementation(async function (this: FileHandle) {
      const trails = readdirSync(audit).map((name) => statSync(join(audit, name)).ino);
      if (trails.includes(fstatSync(this.fd).ino)) {
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      }
      await real.call(this);
    });
  }
}
