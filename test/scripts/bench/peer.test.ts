import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChunkedBody } from '../../../scripts/bench/chunked.ts';
import type { Row } from '../../../scripts/bench/figures.ts';
import { missingForPeer } from '../../../scripts/bench/peer-process.ts';
import { checkPeerAnswer } from '../../../scripts/bench/peer-requests.ts';
import { peerScene } from '../../../scripts/bench/peer-scene.ts';
import { foundPeerScene, ourSide } from '../../../scripts/bench/peer-sides.ts';

describe('A peer beside this system', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kakehashi-peer-'));
  });

  afterAll(() => rm(directory, { recursive: true }));

  it('is asked the same by the same client, and what both answer is read', async () => {
    const rows: Row[] = [];
    const founded = (name: string) => foundPeerScene(join(directory, name), new Date());
    // A second region stands in for the peer: what it needs beyond Node, not every machine has.
    const [here, there] = [await founded('here'), await founded('there')];
    await peerScene({
      ours: ourSide(here.ours, { tls: here.tls, prefix: [] }),
      peer: ourSide(there.ours, { tls: there.tls, prefix: [] }),
      rounds: 1,
      warmUpRounds: 0,
      roundMs: 40,
      documentBytes: 100_000,
      say: () => {},
      add: (row) => rows.push(row),
    });
    expect(rows.flatMap(({ bound, name }) => (bound ? [`${name}: ${bound}`] : []))).toEqual([
      'ITI-18, 20 entries, 16 connections: at least 2',
      'ITI-45, 16 connections: at least 2',
      'memory at its peak, resident: at most 0.25',
      'start of the process to first answer: at most 0.2',
    ]);
    expect(rows).toHaveLength(2 * 2 * 5 + 2);
    for (const { ratio } of rows) expect(ratio?.median).toBeGreaterThan(0);
  }, 120_000);

  it('is not measured where the project that builds it is not', () => {
    expect(missingForPeer(directory)).toContain(join(directory, 'pom.xml'));
  });
});

describe('An answer that is looked at', () => {
  const document = { uniqueId: '2.25.1', octets: Buffer.from('the octets of the document') };
  const looked = (transaction: 'ITI-18' | 'ITI-43' | 'ITI-45' | 'ITI-47', text: string) => () =>
    checkPeerAnswer(transaction, { status: 200, body: Buffer.from(text), n: 1, document });
  const accepted = '<typeCode code="AA"/><id extension="B-000001"/>';

  it('holds its 20 entries, and they are that patient’s', () => {
    const entry = '<rim:ExtrinsicObject a=""><x value="B-000001^^^"/>';
    expect(looked('ITI-18', entry.repeat(20))).not.toThrow();
    expect(looked('ITI-18', entry.repeat(19))).toThrow('with 19 entries');
    expect(looked('ITI-18', entry.replace('000001', '000002').repeat(20))).toThrow('entries');
  });

  it('holds the document octet by octet', () => {
    expect(looked('ITI-43', '--part\r\nthe octets of the document\r\n--')).not.toThrow();
    expect(looked('ITI-43', 'the octets of a document')).toThrow('without the octets');
  });

  it('tells of one person, by her regional id', () => {
    expect(looked('ITI-47', `${accepted}<registrationEvent a="">`)).not.toThrow();
    expect(looked('ITI-47', accepted)).toThrow('with 0 people');
    expect(looked('ITI-45', `${accepted}<registrationEvent a="">`)).not.toThrow();
    expect(looked('ITI-45', '<typeCode code="AA"/>')).toThrow('without the regional id');
    expect(looked('ITI-45', '<typeCode code="AE"/>')).toThrow('not accepted');
  });
});

describe('A body in chunks', () => {
  const text = '4\r\nabcd\r\n0a;name=value\r\n0123456789\r\n0\r\nX: y\r\n\r\n';

  it('is read whatever the parts in which it comes', () => {
    for (let size = 1; size <= text.length; size += 1) {
      const body = new ChunkedBody();
      const found: Buffer[] = [];
      for (let at = 0; at < text.length; at += size) {
        expect(body.isWhole).toBe(false);
        found.push(...body.take(Buffer.from(text.slice(at, at + size))));
      }
      expect(body.isWhole).toBe(true);
      expect(Buffer.concat(found).toString()).toBe('abcd0123456789');
    }
  });

  it('is refused without the size of a chunk', () => {
    expect(() => new ChunkedBody().take(Buffer.from('x\r\n'))).toThrow('without its size');
  });
});
