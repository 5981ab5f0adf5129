import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { PeerFailure } from '../../actors/actor.ts';
import { openClient } from '../../gateway/client.ts';
import { MllpSender } from '../../gateway/outbound/mllp-sender.ts';
import { ISO_IR87 } from '../../profiles/formats/hl7v2-charsets.ts';
import { headerIn } from '../../profiles/formats/hl7v2-reply.ts';
import { readV2, type V2Message } from '../../profiles/formats/hl7v2.ts';
import { frameMllp, MllpReader } from '../../profiles/formats/mllp.ts';
import { ITI_10 } from '../../profiles/pix/iti-10.ts';
import type { PatientRegistrationFeed } from '../../profiles/pix/iti-44.ts';
import { ITI_8 } from '../../profiles/pix/iti-8.ts';
import { ITI_9 } from '../../profiles/pix/iti-9.ts';
import { V2_CONTEXT, V2_SAMPLES } from '../support/hl7v2-samples.ts';
import { regionOids, World } from '../support/world.ts';

/** A consumer that does with a message what a test says. */
class Consumer {
  readonly messages: V2Message[] = [];
  readonly sockets: Socket[] = [];
  readonly #server: Server;
  /** What becomes of a message. */
  does: (message: V2Message, socket: Socket) => void = (message, socket) =>
    socket.write(ackOf(message));

  constructor() {
    this.#server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on('error', () => undefined);
      const reader = new MllpReader(1_000_000);
      socket.on('data', (chunk: Uint8Array) => {
        for (const event of reader.read(chunk)) {
          if (event.kind !== 'frame') continue;
          const message = readV2(event.octets);
          this.messages.push(message);
          this.does(message, socket);
        }
      });
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `mllp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get controlIds(): string[] {
    return this.messages.map((message) => headerIn(message).controlId);
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
  }
}

function ackOf(message: V2Message, code = 'AA', id = headerIn(message).controlId): Uint8Array {
  return frameMllp(
    Buffer.from(
      `MSH|^~\\&|EHR|CLINIC|PIXMGR|REGION|20250401||ACK^A31^ACK|R-1|P|2.5\rMSA|${code}|${id}\r`,
    ),
  );
}

const notification = V2_SAMPLES['ITI-10']?.requests[0] as PatientRegistrationFeed;
const { now, uuid, device } = V2_CONTEXT;

describe('What is sent over MLLP', () => {
  let consumer: Consumer;
  let url: string;
  let sender: MllpSender;

  beforeEach(async () => {
    consumer = new Consumer();
    url = await consumer.start();
    sender = new MllpSender({
      now,
      uuid,
      device,
      sender: { application: 'PIXMGR', facility: 'REGION' },
      authorities: V2_CONTEXT.authorities.known,
      messageBytes: 100_000,
      deadlineMs: 20_000,
    });
  });
  afterEach(() => {
    sender.close();
    consumer.stop();
  });

  const receiver = { application: 'EHR', facility: 'CLINIC' };
  const send = (deadlineMs?: number, charset?: string) =>
    sender.send(ITI_10, notification, {
      endpoint: { url, peer: 'clinic', tls: {}, v2: { receiver, ...(charset && { charset }) } },
      ...(deadlineMs && { deadlineMs }),
    });
  const failing = async (work: Promise<unknown>): Promise<PeerFailure> => {
    const error: unknown = await work.catch((caught: unknown) => caught);
    if (error instanceof PeerFailure) return error;
    throw new Error(`no failure of the peer: ${String(error)}`);
  };

  it('is the notification of ITI-10, and nothing of the person but her ids', async () => {
    const { response } = await send();
    expect(response).toEqual({ code: 'CA', details: [] });
    const [message] = consumer.messages;
    expect(message?.segments.map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /^MSH\|\^~\\&\|PIXMGR\|REGION\|EHR\|CLINIC\|\d{14}\|\|ADT\^A31\^ADT_A05\|A-000001\|P\|2\.5\|{6}UNICODE UTF-8\|{3}ITI-10\^IHE$/,
      ),
      expect.stringMatching(/^EVN\|\|\d{14}$/),
      'PID|||0001234^^^HOSP_A&2.999.1.10.1&ISO~R-77^^^REGION&2.999.1.1&ISO|| ',
      'PV1||N',
    ]);
  });

  it('goes to a receiver of SS-MIX2 in its character set', async () => {
    await send(undefined, ISO_IR87.declared);
    expect(consumer.messages[0]?.sets).toEqual(ISO_IR87);
  });

  it('keeps the connection for the next message, and the order of the messages', async () => {
    await Promise.all([send(), send(), send()]);
    expect(consumer.sockets).toHaveLength(1);
    expect(consumer.messages).toHaveLength(3);
  });

  it('leaves nothing behind on a connection that is used again and again', async () => {
    const opened: Socket[] = [];
    const note = (message: unknown) => opened.push((message as { socket: Socket }).socket);
    subscribe('net.client.socket', note);
    await send();
    unsubscribe('net.client.socket', note);
    const listening = () =>
      ['error', 'end', 'close', 'timeout', 'data'].map((event) => opened[0]?.listenerCount(event));
    const before = listening();
    for (let round = 0; round < 12; round += 1) await send();
    expect(opened).toHaveLength(1);
    expect(listening()).toEqual(before);
  });

  it('is sent again with the same MSH-10 over a new connection where the kept one was closed', async () => {
    await send();
    let first = true;
    consumer.does = (message, socket) => {
      if (first) socket.destroy();
      else socket.write(ackOf(message));
      first = false;
    };
    await expect(send()).resolves.toMatchObject({ response: { code: 'CA' } });
    expect(consumer.sockets).toHaveLength(2);
    expect(consumer.controlIds).toEqual(['A-000001', 'A-000001', 'A-000001']);
  });

  it('has nobody’s answer when a new connection is closed before it: ambiguous', async () => {
    consumer.does = (_message, socket) => socket.destroy();
    expect((await failing(send())).failureClass).toBe('ambiguous');
    expect(consumer.messages).toHaveLength(1);
  });

  it('has a deadline, after which nobody knows, and the late answer is nobody’s', async () => {
    consumer.does = () => undefined;
    expect((await failing(send(50))).failureClass).toBe('ambiguous');
    consumer.does = (message, socket) => socket.write(ackOf(message));
    await send();
    expect(consumer.sockets).toHaveLength(2);
  });

  it('did not happen where nobody listens: transient', async () => {
    consumer.stop();
    expect((await failing(send())).failureClass).toBe('transient');
  });

  it.each([
    ['another message', (message: V2Message) => ackOf(message, 'AA', 'other')],
    ['no acknowledgement', () => frameMllp(Buffer.from('MSH|^~\\&|||||||ACK|1|P|2.5\r'))],
    ['no message', () => frameMllp(Buffer.from('?'))],
  ])('is not answered by an answer to %s', async (_what, answer) => {
    consumer.does = (message, socket) => socket.write(answer(message));
    expect((await failing(send())).failureClass).toBe('permanent');
  });

  it('takes a no as an answer', async () => {
    consumer.does = (message, socket) => socket.write(ackOf(message, 'AE'));
    await expect(send()).resolves.toMatchObject({ response: { code: 'CE' } });
  });

  it('never leaves this machine without TLS', async () => {
    const to = { endpoint: { url: 'mllp://192.0.2.1:2575', peer: 'far', tls: {} } };
    const failure = await failing(sender.send(ITI_10, notification, to));
    expect(failure.failureClass).toBe('permanent');
    expect(failure.message).toContain('loopback');
  });
});

describe('A client over MLLP and mutual TLS', () => {
  let world: World;
  const oids = regionOids(1);

  beforeAll(async () => {
    world = await World.start({
      hospital: { transactions: ['ITI-8', 'ITI-9'] },
      listen: { mllps: { host: '127.0.0.1', patientIdentity: 0 } },
    });
  });
  afterAll(() => world.stop());

  it('feeds and asks with the shapes of ITI-44 and ITI-45', async () => {
    const url = world.gateway().mllpUrl('patient-identity') ?? '';
    const client = await openClient({
      tls: world.tls(),
      v2: {
        device: oids.sourceId,
        sender: { application: 'HIS', facility: 'EAST' },
        fed: [oids.chartNumbers],
      },
    });
    try {
      const feed = world.feed('C-1');
      await expect(client.ask(ITI_8, url, feed)).resolves.toEqual({ code: 'CA', details: [] });
      const answer = await client.ask(ITI_9, url, {
        transmission: world.transmission(),
        queryId: { root: oids.sourceId, extension: 'tag' },
        patientIdentifier: { id: 'C-1', assigningAuthority: oids.chartNumbers },
        dataSources: [oids.affinityDomain],
      });
      expect(answer).toMatchObject({
        acknowledgement: 'AA',
        queryResponseCode: 'OK',
        ids: [{ assigningAuthority: oids.affinityDomain }],
      });
    } finally {
      await client.close();
    }
  });
});
