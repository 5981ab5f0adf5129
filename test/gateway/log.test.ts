import { type Log, type LogFields, openLog } from '../../gateway/log.ts';
import { Fault, Refusal } from '../../profiles/refusal.ts';

function aLog(options: { strict?: boolean; level?: 'debug' | 'info' } = {}): {
  log: Log;
  lines: Record<string, unknown>[];
} {
  const lines: Record<string, unknown>[] = [];
  const log = openLog({
    level: options.level ?? 'info',
    strict: options.strict ?? false,
    stream: { write: (line) => void lines.push(JSON.parse(line)) },
    now: () => new Date('2030-04-01T09:15:02.113Z'),
  });
  return { log, lines };
}

const asFields = (fields: object) => fields as LogFields;

describe('A log line', () => {
  it('has the time, the level and the fields', () => {
    const { log, lines } = aLog();

    log.info({ transaction: 'ITI-39', outcome: 'partial', documents: 3, tookMs: 842 });

    expect(lines).toEqual([
      {
        at: '2030-04-01T09:15:02.113Z',
        level: 'info',
        transaction: 'ITI-39',
        outcome: 'partial',
        documents: 3,
        tookMs: 842,
      },
    ]);
  });

  it('leaves out a field that is not known', () => {
    const { log, lines } = aLog();

    log.info({ outcome: 'success', code: undefined });

    expect(lines[0]).not.toHaveProperty('code');
  });

  it('is not written below the level', () => {
    const { log, lines } = aLog();

    log.debug({ event: 'opened' });

    expect(lines).toEqual([]);
  });

  it('is written at the level of debugging when that is asked for', () => {
    const { log, lines } = aLog({ level: 'debug' });

    log.debug({ event: 'opened' });

    expect(lines[0]).toMatchObject({ level: 'debug', event: 'opened' });
  });
});

describe('A log line names no person', () => {
  it('drops a key that is not in the table, and counts it', () => {
    const { log, lines } = aLog();

    log.info(asFields({ outcome: 'success', patientName: '試験 花子', birthTime: '19700101' }));

    expect(lines[0]).toMatchObject({ outcome: 'success', dropped: 2 });
    expect(JSON.stringify(lines)).not.toMatch(/花子|19700101/);
  });

  it('throws on such a key where tests want it', () => {
    const { log } = aLog({ strict: true });

    expect(() => log.info(asFields({ patientId: '4711' }))).toThrow('no key of a log line');
  });

  it('drops a table under an allowed key', () => {
    const { log, lines } = aLog();

    log.info(asFields({ documents: { title: '診療情報提供書' } }));

    expect(lines[0]).toMatchObject({ dropped: 1 });
  });

  it('prints a message id that is none as its shape', () => {
    const { log, lines } = aLog();

    log.info({ message: 'urn:uuid:5b1e' });
    log.info({ message: '試験花子 1970' });

    expect(lines.map(({ message }) => message)).toEqual(['urn:uuid:5b1e', 'aaaa 9999']);
  });

  it('shows where a defect came from, but no words that it quotes', () => {
    const { log, lines } = aLog();
    const cause = new TypeError('cannot read 試験 花子 of "SHIKEN HANAKO" 19700101');

    log.error({ event: 'defect' }, new Error('while answering', { cause }));

    const causes = lines[0]?.['causes'] as { name: string; text: string; at: string[] }[];
    expect(causes.map(({ name, text }) => [name, text])).toEqual([
      ['Error', 'while answering'],
      ['TypeError', 'cannot read aa aa of "aaaaaa aaaaaa" 99999999'],
    ]);
    expect(causes[0]?.at[0]).toContain('log.test.ts');
  });

  it('says the code of a refusal that caused it', () => {
    const { log, lines } = aLog();

    log.warn({ event: 'refused' }, new Refusal('XDSUnknownPatientId', '99'));

    expect(lines[0]?.['causes']).toMatchObject([{ name: 'Refusal', code: 'XDSUnknownPatientId' }]);
  });

  it('repeats no word of a fault that another system wrote, and no stack of it', () => {
    const { log, lines } = aLog();
    const cause = new Fault('Sender', 'patient Hanako Shiken is not known at Shimane');

    log.warn({ event: 'retrieval-attempt-failed' }, new Error('answered with a fault', { cause }));

    expect(JSON.stringify(lines)).not.toMatch(/Hanako|Shiken/);
    expect(lines[0]?.['causes']).toMatchObject([{ name: 'Error' }, { name: 'Fault' }]);
    const [, fault] = (lines[0]?.['causes'] ?? []) as readonly object[];
    expect(fault).not.toHaveProperty('at');
  });

  it('takes a cause that is no error', () => {
    const { log, lines } = aLog();

    log.error({ event: 'defect' }, '試験 花子');

    expect(lines[0]?.['causes']).toEqual([{ name: 'string' }]);
  });
});
