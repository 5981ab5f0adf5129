import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Peer } from '../../gateway/inbound/incoming.ts';
import { takeAnswer } from '../../gateway/inbound/take-answer.ts';
import { SILENT_LOG } from '../../gateway/log.ts';
import { Metrics } from '../../gateway/metrics.ts';
import { ExpectedAnswers } from '../../gateway/queue/expected-answers.ts';
import { ASYNCHRONOUS } from '../../gateway/safeguards/asynchronous-partner.ts';
import { readDirectory } from '../../gateway/safeguards/directory.ts';
import { NO_PARTS } from '../../profiles/formats/mtom.ts';
import { readEnvelope } from '../../profiles/formats/soap.ts';
import { speaksSoap } from '../../profiles/transaction.ts';
import type { RetrieveDocumentSetResponse } from '../../profiles/xds/iti-43.ts';
import { readMessage } from '../support/messages.ts';
import { keptRecordings, outcomeOf, readingOf } from './recorder.ts';

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

const answers = recordings.filter(({ name }) => /^ipf-.*-response-asynchronous$/.test(name));

/** A partner of that name, with nothing that an answer would need. */
function callerNamed(name: string): Peer {
  const certificate = { issuer: 'CN=試験,C=JP', serialNumber: 'NET-2' };
  const row = { kind: 'gateway', homeCommunityIds: ['urn:oid:2.999.40'], transactions: [] };
  const { entries } = readDirectory({ entries: [{ ...row, name, certificate }] });
  const callerFor = () => {
    throw new Error('an answer is no call');
  };
  const identity = { ...certificate, fingerprint: '' };
  return { name, address: '192.0.2.1', identity, entries, callerFor };
}

describe('what IPF posted to our callback in a recorded run', () => {
  let spoolDirectory: string;
  const refused: string[] = [];

  beforeAll(async () => {
    spoolDirectory = await mkdtemp(join(tmpdir(), 'kakehashi-replay-'));
  });
  afterAll(() => rm(spoolDirectory, { recursive: true }));

  /** Lets the answer come as it came then, from whom it came. */
  const arrive = (
    { contentType, body }: (typeof answers)[number],
    expected: ExpectedAnswers,
    from: string,
  ) =>
    takeAnswer(
      {
        ...{ contentType, endpoint: 'https://gw.example/replies' },
        source: (async function* () {
          yield body;
        })(),
        peer: callerNamed(from),
      },
      {
        ...{ expected, spoolDirectory, log: SILENT_LOG, metrics: new Metrics() },
        alert: async (_peer, reason) => {
          refused.push(reason);
        },
        uuid: () => '10000000-0000-4000-8000-000000000001',
        limits: {
          ...{ envelopeBytes: 1_048_576, bytesBeforeEnvelope: 65_536 },
          ...{ documentBytes: 1_048_576, documentsPerMessage: 10 },
        },
      },
    );

  it('is there for each transaction that is asked asynchronously', () => {
    expect(answers.map(({ transaction }) => transaction.id)).toEqual([...ASYNCHRONOUS]);
  });

  it.each(answers)(
    '$name is met with its request, read as it was then, and taken by 202',
    async (recording) => {
      const { transaction } = recording;
      if (!speaksSoap(transaction)) throw new Error('no SOAP');
      const written = await readMessage({
        headers: { 'content-type': recording.contentType },
        body: recording.body,
      });
      const { relatesTo = '', to } = readEnvelope(written.root, { answer: true });
      expect(to).toMatch(/^https:.*\/replies$/);
      const expected = new ExpectedAnswers();
      const expectation = expected.expect(relatesTo, 'ipf');
      const reply = arrive(recording, expected, 'ipf');
      const { element, parts, taken } = await expectation.next(AbortSignal.timeout(10_000));
      const opened = readEnvelope(element, { answer: true });
      expect(opened.action).toBe(transaction.wire.messages[0]?.replyAction);
      const response = transaction.response.decode(opened, parts.followed ? parts : NO_PARTS);
      await parts.receive();
      expect(outcomeOf(response)).toBe(recording.expected?.outcome);
      const { documents = [] } = response as Partial<RetrieveDocumentSetResponse>;
      const sizes = documents.map(({ content }) => content.sizeBytes);
      expect(sizes).toEqual([...written.parts.values()].map((part) => part.length));
      taken();
      const { status } = await reply;
      expect(status).toBe(202);
      await parts.release();
    },
  );

  it.each(answers)(
    '$name is refused, and told, where another than IPF was asked',
    async (recording) => {
      const expected = new ExpectedAnswers();
      const [, relatesTo = ''] = /<RelatesTo[^>]*>([^<]+)</.exec(recording.body.toString()) ?? [];
      expected.expect(relatesTo, 'ipf');
      const before = refused.length;
      const { status } = await arrive(recording, expected, 'kagawa');
      expect([status, refused.length]).toEqual([400, before + 1]);
    },
  );
});
