import { keptRecordings, readingOf } from './recorder.ts';

const recordings = keptRecordings();

describe('what strangers wrote in a recorded run', () => {
  it('is there: requests and answers of IPF for every SOAP transaction', () => {
    const ofIpf = recordings.filter(({ name }) => name.startsWith('ipf-'));
    const names = ofIpf.map(({ transaction, message }) => `${transaction.id} ${message}`);
    expect(new Set(names).size).toBe(32);
  });

  it('is there: requests and answers of IPF and HAPI by HL7 v2', () => {
    const byV2 = recordings.filter(({ name }) => /^(?:mllp-ipf|hapi)/.test(name));
    const names = byV2.map(({ transaction, message }) => `${transaction.id} ${message}`);
    expect([...new Set(names)].sort()).toEqual(
      [
        'ITI-10 response',
        ...['ITI-21', 'ITI-30', 'ITI-8', 'ITI-9'].flatMap((id) => [
          `${id} request`,
          `${id} response`,
        ]),
      ].sort(),
    );
  });

  it.each(['zeep', 'node-soap'])('is there: requests of %s, made of our WSDLs', (peer) => {
    const names = recordings.filter(({ name }) => name.startsWith(`${peer}-`));
    const asked = names.map(({ transaction }) => transaction.id);
    expect([...new Set(asked)].sort()).toEqual(['ITI-18', 'ITI-43', 'ITI-45', 'ITI-47']);
    expect(names).toHaveLength(15);
  });

  it.each(recordings)('$name is read as it was then', async (recording) => {
    expect(await readingOf(recording, recording.transaction)).toEqual(recording.expected);
  });
});
