import { removeTranspiled, transpiledStart } from '../support/proof-region.ts';
import { judge } from './judge.ts';
import { readTrace } from './trace.ts';
import { traceSubmissions, whyNotTraceable } from './traced-region.ts';

afterAll(removeTranspiled);

const reason = whyNotTraceable();

describe(`The system calls of a running process${reason === undefined ? '' : ` (${reason})`}`, () => {
  const tracing = reason === undefined ? it : it.skip;

  tracing(
    'write no octet of a success before everything of it is synced',
    async () => {
      const { requests, violations } = await traceSubmissions({
        start: await transpiledStart(),
        times: 1,
      });
      expect(violations).toEqual([]);
      expect(requests).toBe(4);
    },
    120_000,
  );
});

/** A trace as strace writes it: thread, time, call; the sync of the trail began before a line of another thread. */
const SOUND = [
  '7 9.0 write(20<TCP:[127.0.0.1:443->127.0.0.1:5000]>, ""..., 99) = 99',
  '8 10.1 write(21</r/spool/a.part>, ""..., 9) = 9',
  '8 10.2 fsync(21</r/spool/a.part>) = 0',
  '7 10.3 linkat(AT_FDCWD</r>, "/r/spool/a.part", AT_FDCWD</r>, "/r/documents/ab/cd", 0) = 0',
  '8 10.4 fsync(22</r/documents/ab>) = 0',
  '7 10.5 pwrite64(23</r/db-wal>, ""..., 4120, 0) = 4120',
  '7 10.6 fdatasync(23</r/db-wal>) = 0',
  '9 10.7 write(24</r/audit/x.jsonl>, ""..., 900) = 900',
  '9 10.8 fdatasync(24</r/audit/x.jsonl> <unfinished ...>',
  '7 10.8 write(25<pipe:[1]>, ""..., 1) = 1',
  '9 10.9 <... fdatasync resumed>) = 0',
  '7 11.0 write(20<TCP:[127.0.0.1:443->127.0.0.1:5000]>, ""..., 300) = 300',
];
const PLACES = { documents: '/r/documents', database: '/r/db', trail: '/r/audit' };
const ASKED = { transaction: 'ITI-41', port: 5_000, sentAt: 10 } as const;

function kindsFound(lines: readonly string[]): string[] {
  return judge(readTrace(lines.join('\n')), ASKED, PLACES).map(({ kind }) => kind);
}

describe('The reading of a trace', () => {
  it('finds nothing where everything was synced before the answer', () => {
    expect(kindsFound(SOUND)).toEqual([]);
  });

  it.each([
    ['document', 2],
    ['directory', 4],
    ['database', 6],
  ] as const)('misses the sync of the %s', (kind, line) => {
    expect(kindsFound(SOUND.filter((_, at) => at !== line))).toEqual([kind]);
  });

  it('misses a sync that has not returned when the answer is written', () => {
    const late = SOUND.filter((_, at) => at !== 10);
    expect(kindsFound(late)).toEqual(['trail']);
    expect(kindsFound([...late, SOUND[10] ?? ''])).toEqual(['trail']);
  });

  it('misses a sync that failed', () => {
    const failed = SOUND.map((line, at) => (at === 6 ? line.replace('= 0', '= -1 EIO (x)') : line));
    expect(kindsFound(failed)).toEqual(['database']);
  });

  it('misses a sync that came before the last write', () => {
    const [write = ''] = SOUND.slice(5, 6);
    expect(kindsFound([...SOUND.slice(0, 7), write, ...SOUND.slice(7)])).toEqual(['database']);
  });

  it('does not pass where nothing was written, or where no answer is to be seen', () => {
    expect(kindsFound(SOUND.slice(-1))).toEqual(['database', 'trail', 'document']);
    expect(() => kindsFound(SOUND.slice(0, 11))).toThrow('no answer to ITI-41');
  });
});
