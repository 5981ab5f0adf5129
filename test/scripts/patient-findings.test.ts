import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlSocket } from '../../gateway/control.ts';
import { EXIT } from '../../scripts/command.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';

const root = mkdtempSync(join(tmpdir(), 'kakehashi-findings-'));
const region = join(root, 'region');
let queues: readonly object[] = [];
const pages = new Map<number, object>();

async function ran(...words: readonly string[]) {
  const written: string[] = [];
  const said: string[] = [];
  const exit = await runCommandLine(words, {
    stdout: { write: (text) => void written.push(text) },
    stderr: { write: (text) => void said.push(text) },
    locale: 'C',
    stop: () => new AbortController().signal,
  });
  return { exit, stdout: written.join(''), stderr: said.join('') };
}

describe('What an operator is shown of the identity service', () => {
  let socket: ControlSocket;

  beforeAll(async () => {
    await ran('init', region, '--name', 'Trial', '--oid', '2.999.392.32', '--network-id', 'NET-32');
    socket = new ControlSocket(region, {
      'patient.consumers': async () => queues,
      'patient.misfiled': async (input) => pages.get((input as { after: number }).after),
    });
    await socket.start();
  });

  afterAll(async () => {
    await socket.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it.each([
    ['patient', 'explain', '4711^^^&2.999.392.32.10.1&ISO', '--by', '担当 一郎'],
    ['documents', 'verify'],
    ['backup', join(root, 'backup')],
  ])(
    'says of %s %s that the process which runs does not have the actor for it',
    async (...words) => {
      const { exit, stderr } = await ran(...words, '--folder', region);
      expect(exit).toBe(EXIT.failed);
      expect(stderr).toMatch(/does not have the actor that does it; give --folder of the process/);
      expect(stderr).not.toContain('    at ');
    },
  );

  it('patient consumers fails when a consumer refuses, and says which', async () => {
    queues = [
      {
        consumer: 'east',
        waiting: 3,
        attempts: 12,
        since: '2026-01-01T00:00:00Z',
        isRefusing: true,
      },
      { consumer: 'west', waiting: 0, attempts: 0, isRefusing: false },
    ];
    const { exit, stdout } = await ran('patient', 'consumers', '--folder', region);
    expect(exit).toBe(EXIT.failed);
    expect(stdout).toMatch(/east +3 +12 .* +refuses/);
    queues = queues.slice(1);
    expect((await ran('patient', 'consumers', '--folder', region)).exit).toBe(EXIT.done);
    queues = [];
    expect((await ran('patient', 'consumers', '--folder', region)).exit).toBe(EXIT.nothingToDo);
  });

  it('patient misfiled goes on to the end, and lists what it has found on the way', async () => {
    const found = (entryUUID: string) => ({
      entryUUID,
      sourcePatientId: 'C1^^^&2.999.3.8&ISO',
      filedUnder: '1^^^&2.999.3.7&ISO',
      belongsTo: '2^^^&2.999.3.7&ISO',
    });
    pages.set(0, { misfiled: [found('urn:uuid:1')], last: 500 });
    pages.set(500, { misfiled: [found('urn:uuid:2')] });
    const { exit, stdout } = await ran('patient', 'misfiled', '--folder', region);
    expect(exit).toBe(EXIT.done);
    expect(stdout).toContain('urn:uuid:1');
    expect(stdout).toContain('urn:uuid:2');
    pages.set(0, { misfiled: [] });
    expect((await ran('patient', 'misfiled', '--folder', region)).exit).toBe(EXIT.nothingToDo);
  });
});
