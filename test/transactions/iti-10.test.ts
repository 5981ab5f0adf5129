import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { parseYaml, writeYaml } from '../../gateway/config.ts';
import { askControl } from '../../gateway/control.ts';
import { encodeCX } from '../../profiles/formats/datatypes.ts';
import { headerIn } from '../../profiles/formats/hl7v2-reply.ts';
import { fieldText, readV2, segmentsOf, type V2Message } from '../../profiles/formats/hl7v2.ts';
import { frameMllp, MllpReader } from '../../profiles/formats/mllp.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44, type PatientRegistrationFeed } from '../../profiles/pix/iti-44.ts';
import { aPersonOf, regionOids, World } from '../support/world.ts';

const oids = regionOids(1);
const clinic = '2.999.500.1.6';

/** A consumer on mutual TLS that answers each message as it is told to. */
class Consumer {
  readonly messages: V2Message[] = [];
  readonly #sockets: TLSSocket[] = [];
  readonly #server: Server;
  code = 'AA';

  constructor(tls: object) {
    this.#server = createServer(
      { ...tls, requestCert: true, rejectUnauthorized: true },
      (socket) => {
        this.#sockets.push(socket);
        socket.on('error', () => undefined);
        const reader = new MllpReader(1_000_000);
        socket.on('data', (chunk: Uint8Array) => {
          for (const event of reader.read(chunk)) {
            if (event.kind === 'frame') this.#take(readV2(event.octets), socket);
          }
        });
      },
    );
  }

  #take(message: V2Message, socket: TLSSocket): void {
    this.messages.push(message);
    const { controlId } = headerIn(message);
    const answer = `MSH|^~\\&|EHR|CLINIC|PIXMGR|REGION|20250401||ACK^A31^ACK|R-${this.messages.length}|P|2.5\rMSA|${this.code}|${controlId}\r`;
    socket.write(frameMllp(Buffer.from(answer)));
  }

  async start(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** What a message lists: the ids of PID-3, without their authorities. */
  get lists(): string[][] {
    return this.messages.map((message) => {
      const [pid] = segmentsOf(message, 'PID');
      const ids = pid ? fieldText(pid, 3).split('~') : [];
      return ids.map((id) => id.split('^')[0] ?? '').sort();
    });
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

describe('ITI-10 PIX Update Notification over MLLP and mutual TLS', () => {
  let world: World;
  let consumer: Consumer;

  const atClinic = (id: string): PatientId => ({ id, assigningAuthority: clinic });
  const atHospital = (id: string): PatientId => ({ id, assigningAuthority: oids.chartNumbers });
  const feed = (id: string, over: Partial<PatientRegistrationFeed>, as?: string) =>
    world.exchange(ITI_44, world.url('patient-identity'), world.feed(id, 'east', over), { as });
  const feedAtClinic = (id: string, over: Partial<PatientRegistrationFeed>) =>
    feed(
      id,
      {
        ids: [atClinic(id)],
        providerOrganization: { id: clinic },
        custodian: clinic,
        ...over,
      },
      'clinic',
    );
  const until = async (count: number) => {
    for (let round = 0; round < 800 && consumer.messages.length < count; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect(consumer.messages).toHaveLength(count);
  };
  const control = <Result>(what: string, input: object = {}) =>
    askControl(world.folder(), what, input) as Promise<Result>;

  beforeAll(async () => {
    world = await World.start({
      regions: 2,
      running: 0,
      settings: {
        assigningAuthorities: [
          { oid: oids.affinityDomain, name: 'regional id', namespace: 'REGION' },
          { oid: oids.chartNumbers, name: 'hospital', namespace: 'EAST' },
          { oid: clinic, name: 'clinic', namespace: 'CLINIC' },
        ],
      },
      systems: [
        {
          name: 'clinic',
          institution: '9900000001',
          regions: ['east'],
          assigningAuthorities: [clinic],
          transactions: ['ITI-44'],
        },
      ],
    });
    consumer = new Consumer(world.tls('west'));
    const port = await consumer.start();
    const path = join(world.folder(), 'directory.yaml');
    const { entries } = parseYaml(await readFile(path, 'utf8'), path) as {
      entries: { certificate: { issuer: string } }[];
    };
    const subscriber = {
      name: 'consumer',
      kind: 'system',
      institution: 'NET-2',
      certificate: { issuer: entries[0]?.certificate.issuer, serialNumber: 'NET-2' },
      assigningAuthorities: [],
      transactions: [],
      notifiedOf: [oids.chartNumbers, clinic],
      endpoints: { 'ITI-10': `mllps://127.0.0.1:${port}` },
    };
    await writeFile(path, writeYaml({ entries: [...entries, subscriber] }));
    await world.startRegion('east', (config) => ({
      ...config,
      actors: ['patient-identity', 'document-registry'],
    }));
  });

  afterAll(async () => {
    await world.stop();
    consumer.stop();
  });

  it('tells of a link by one message and of a parting by two, each with the whole list (ITI TF-2: 3.10)', async () => {
    const demographics = aPersonOf('one person');
    await feed('H-1', { demographics });
    await feedAtClinic('C-1', { demographics });
    await until(1);
    expect(consumer.lists).toEqual([['C-1', 'H-1']]);
    const [first] = consumer.messages;
    expect(first && fieldText(first.segments[0] ?? fail(), 9)).toBe('ADT^A31^ADT_A05');
    await control('patient.unlink', {
      id: encodeCX(atHospital('H-1')),
      other: encodeCX(atClinic('C-1')),
      by: '担当',
    });
    await until(3);
    expect(consumer.lists.slice(1).sort()).toEqual([['C-1'], ['H-1']]);
    // Nothing follows.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(consumer.messages).toHaveLength(3);
    expect(await world.recordsOf('ITI-10')).toHaveLength(3);
  });

  it('shows an operator what waits for a consumer that refuses, and sends it with the same MSH-10', async () => {
    consumer.code = 'AE';
    const demographics = aPersonOf('another person');
    await feed('H-2', { demographics });
    await feedAtClinic('C-2', { demographics });
    await until(5);
    const [queue] =
      await control<{ consumer: string; waiting: number; attempts: number }[]>('patient.consumers');
    expect(queue).toMatchObject({ consumer: 'consumer', waiting: 1 });
    expect(queue?.attempts).toBeGreaterThan(0);
    const sent = consumer.messages.length;
    consumer.code = 'AA';
    await until(sent + 1);
    const ids = consumer.messages.slice(3).map((message) => headerIn(message).controlId);
    expect(new Set(ids).size).toBe(1);
    for (let round = 0; round < 100; round += 1) {
      const [after] = await control<{ waiting: number }[]>('patient.consumers');
      if (after?.waiting === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('it still waits');
  });
});

function fail(): never {
  throw new Error('the message has no segment');
}
