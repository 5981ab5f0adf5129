import { MllpListener } from '../../../gateway/inbound/mllp-listener.ts';
import { callerFor } from '../../../gateway/safeguards/caller.ts';
import { DirectoryFaults, readDirectory } from '../../../gateway/safeguards/directory.ts';

const entry = (over: Record<string, unknown> = {}) => ({
  name: 'hospital',
  kind: 'system',
  institution: '3210000001',
  certificate: { issuer: 'CN=Trial CA,C=JP', serialNumber: '3210000001' },
  assigningAuthorities: ['2.999.1'],
  transactions: ['ITI-8'],
  ...over,
});
const read = (over: Record<string, unknown>) => readDirectory({ entries: [entry(over)] });
const faultsOf = (over: Record<string, unknown>) => {
  try {
    read(over);
  } catch (error) {
    if (error instanceof DirectoryFaults) return error.faults.map(({ path }) => path);
    throw error;
  }
  return [];
};
const senders = [{ application: 'HIS', facility: 'HOSP_A' }];

describe('A system that speaks HL7 v2', () => {
  it('has names, a character set, and may be on this machine', () => {
    const directory = read({ mllp: { senders, loopback: true, charset: '~ISO IR87' } });
    expect(directory.onLoopback().map(({ name }) => name)).toEqual(['hospital']);
    expect(directory.entries[0]?.mllp).toEqual({ senders, loopback: true, charset: '~ISO IR87' });
    expect(read({ mllp: { senders } }).onLoopback()).toEqual([]);
  });

  it.each([
    [{ mllp: { loopback: true } }, 'entries[0].mllp.senders'],
    [
      { mllp: { senders: [{ application: 'A|B', facility: 'F' }] } },
      'entries[0].mllp.senders[0].application',
    ],
    [{ mllp: { charset: 'BIG-5' } }, 'entries[0].mllp.charset'],
    [{ mllp: { tls: false } }, 'entries[0].mllp.tls'],
    [{ endpoints: { 'ITI-10': 'mllp://192.0.2.1:2575' } }, 'entries[0].endpoints.ITI-10'],
    [{ endpoints: { 'ITI-10': 'mllps://ehr.example' } }, 'entries[0].endpoints.ITI-10'],
  ])('is refused in the directory as %j', (over, path) => {
    expect(faultsOf(over)).toEqual([path]);
  });

  it.each(['mllps://ehr.example:2575', 'mllp://127.0.0.1:2575', 'mllp://[::1]:2575'])(
    'is reached at %s',
    (url) => {
      expect(faultsOf({ endpoints: { 'ITI-10': url } })).toEqual([]);
    },
  );

  it('may send under its own names alone, and a call that is no message asks for none', () => {
    const { entries } = read({ mllp: { senders } });
    const identity = { issuer: '', serialNumber: '', fingerprint: '' };
    const call = { actor: 'patient-identity', transaction: 'ITI-8' } as const;
    const as = (application: string, facility: string) =>
      callerFor(identity, entries, { ...call, sender: { application, facility } });
    expect(as('HIS', 'HOSP_A').kind).toBe('admitted');
    expect(as('HIS', 'HOSP_B')).toMatchObject({ kind: 'refused', reason: 'wrong-sender' });
    expect(callerFor(identity, entries, call).kind).toBe('admitted');
    expect(callerFor(identity, [], { ...call })).toMatchObject({ reason: 'unlisted' });
  });

  it('is listened to without TLS on the loopback alone', () => {
    const listen = () =>
      new MllpListener({
        host: '0.0.0.0',
        security: { kind: 'loopback' },
      } as unknown as ConstructorParameters<typeof MllpListener>[0]);
    expect(listen).toThrow(/loopback/);
  });
});
