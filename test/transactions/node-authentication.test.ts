import { readFile, rename, writeFile } from 'node:fs/promises';
import { Agent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { parseYaml, writeYaml } from '../../gateway/config.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import type { Fault } from '../../profiles/refusal.ts';
import { ITI_38 } from '../../profiles/xca/iti-38.ts';
import { ITI_55 } from '../../profiles/xcpd/iti-55.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { eventually, expectErrors } from '../support/expectations.ts';
import { FarEnd } from '../support/far-end.ts';
import { aPatientDiscovery, aTransmission } from '../support/hl7v3-builders.ts';
import { faultIn, wireMessageOf } from '../support/messages.ts';
import { BAD_KINDS, createPki, type HolderName, listsOf, type Pki, pemOf } from '../support/pki.ts';
import { regionOids, World } from '../support/world.ts';

const east = regionOids(1);
const west = regionOids(2);
const oidOf = (urn: string) => urn.replace('urn:oid:', '');

const faultsByHttp500 = {
  name: 'faults-by-http-500',
  why: 'its stack drops the envelope of an HTTP 400',
  since: '2030-01-01',
  review: '2031-01-01',
};

/** A row of directory.yaml. */
type Row = Record<string, unknown>;

describe('node authentication (ITI-19) on the SOAP listener', () => {
  let world: World;
  let pki: Pki;
  let registry: string;
  let patientId: PatientId;
  let anchors: string;

  const file = (...names: string[]) => join(world.folder(), ...names);
  const rewriteDirectory = async (change: (rows: Row[]) => Row[]) => {
    const path = file('directory.yaml');
    const { entries } = parseYaml(await readFile(path, 'utf8'), path) as { entries: Row[] };
    await writeFile(path, writeYaml({ entries: change(entries) }));
    await world.gateway().reload();
  };
  const rowOf = (name: HolderName, over: Row = {}): Row => ({
    name,
    kind: 'system',
    institution: pki.holders[name].binding.serialNumber,
    certificate: pki.holders[name].binding,
    assigningAuthorities: [],
    transactions: ['ITI-18'],
    ...over,
  });

  beforeAll(async () => {
    world = await World.start({
      regions: 2,
      running: 1,
      systems: [
        {
          name: 'feeder',
          institution: '9900000002',
          regions: ['east'],
          assigningAuthorities: [east.chartNumbers],
          transactions: ['ITI-44'],
        },
      ],
    });
    registry = world.url('document-registry');
    patientId = await world.patient('N-1');
    // A second CA, whose certificates can be wrong in every way, is trusted as well.
    pki = await createPki();
    anchors = await readFile(file('certificates', 'anchors.pem'), 'utf8');
    await writeFile(file('certificates', 'anchors.pem'), anchors + pki.anchorsPem);
    const lists = await readFile(file('certificates', 'crls.pem'), 'utf8');
    await writeFile(file('certificates', 'crls.pem'), lists + pki.listsPem);
    await rewriteDirectory((rows) => [
      ...rows,
      rowOf('hospital'),
      rowOf('okayama'),
      rowOf('clinic', { tls: 'tls12' }),
      rowOf('kagawa', { quirks: [faultsByHttp500] }),
    ]);
  });

  afterAll(() => world.stop());

  const holding = (name: HolderName, over: ConnectionOptions = {}): ConnectionOptions => ({
    cert: pki.holders[name].chainPem,
    key: pki.holders[name].keyPem,
    ca: anchors,
    // The client has to be able to show what is weak.
    ciphers: 'DEFAULT:@SECLEVEL=0',
    ...over,
  });
  const query = async (tls: ConnectionOptions) => {
    const message = await wireMessageOf(ITI_18, findDocuments({ patientId }), registry);
    return world.post(registry, message.body, { contentType: message.contentType, tls });
  };
  /** Is closed without a byte of HTTP; resolves to the one alert about it. */
  const closed = async (tls: ConnectionOptions) => {
    const before = (await world.alerts()).length;
    const recorded = (await world.auditOf('ITI-18')).length;
    await expect(query(tls)).rejects.toThrow();
    await eventually(async () => (await world.alerts()).length > before);
    const alerts = (await world.alerts()).slice(before);
    expect(alerts).toHaveLength(1);
    expect(await world.auditOf('ITI-18')).toHaveLength(recorded);
    const [alert] = alerts;
    if (!alert) throw new Error('no alert');
    expect(alert).toMatchObject({ event: '110113', action: 'E', outcome: '8', type: '110126' });
    expect(alert.objects).toHaveLength(1);
    expect(alert.objects[0]).toMatchObject({ type: '2/13', idType: '110182' });
    const description = alert.objects[0]?.details['Alert Description'] ?? '';
    expect(description).toContain('address: 127.0.0.1');
    return { alert, description };
  };
  const notAuthorized = ({ fault, subcodes }: Fault) => {
    expect(fault).toBe('Sender');
    expect(subcodes.map(({ name }) => name)).toEqual(['NotAuthorized']);
  };

  it('serves a listed system of another CA that is trusted', async () => {
    expect((await query(holding('hospital'))).status).toBe(200);
  });

  it.each(BAD_KINDS.map((kind) => [kind]))(
    'closes a certificate that is %s before HTTP, with a security alert',
    async (kind) => {
      const { alert, description } = await closed(holding(kind));
      // A weak key or hash may already be refused inside the handshake, where no certificate is known.
      if (kind === 'weakKey' || kind === 'sha1') return;
      const { certificate } = pki.holders[kind];
      expect(alert.objects[0]?.id).toBe(certificate.subject.text);
      expect(description).toContain(`subject: ${certificate.subject.text}`);
      expect(description).toContain(`issuer: ${certificate.issuer.text}`);
      expect(description).toContain(`fingerprint: ${certificate.fingerprint}`);
    },
  );

  it('closes a peer without a certificate', async () => {
    const { description } = await closed({ ca: anchors });
    expect(description).toContain('no-certificate');
  });

  it('closes a valid certificate that no entry lists', async () => {
    const { description } = await closed(holding('unlisted'));
    expect(description).toContain('unlisted');
  });

  it('speaks TLS 1.2 with a partner whose row says tls12, and with no other', async () => {
    const old = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
    const suite = { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' };
    expect((await query(holding('clinic', { ...old, ...suite }))).status).toBe(200);
    const { description } = await closed(holding('hospital', { ...old, ...suite }));
    expect(description).toContain('TLSv1.2');
  });

  it('sends a fault Sender with HTTP 400, and with 500 only to a partner whose row has the quirk', async () => {
    const wrong = { action: 'urn:ihe:iti:2007:Nothing' };
    const message = await wireMessageOf(ITI_18, findDocuments({ patientId }), registry, wrong);
    const faulted = async (name: HolderName) => {
      const { contentType, body } = message;
      const answer = await world.post(registry, body, { contentType, tls: holding(name) });
      return { status: answer.status, fault: (await faultIn(answer)).fault };
    };
    expect(await faulted('hospital')).toEqual({ status: 400, fault: 'Sender' });
    expect(await faulted('kagawa')).toEqual({ status: 500, fault: 'Sender' });
    // Nothing else of the answer depends on it.
    expect((await query(holding('kagawa'))).status).toBe(200);
  });

  describe('what a peer may call', () => {
    const alertOf = async (act: () => Promise<{ fault: Fault; status: number }>) => {
      const before = (await world.alerts()).length;
      const { fault, status } = await act();
      notAuthorized(fault);
      expect(status).toBe(400);
      const alerts = (await world.alerts()).slice(before);
      expect(alerts).toHaveLength(1);
      expect(alerts[0]).toMatchObject({ outcome: '8', type: '110126' });
      return alerts[0]?.participants.find(({ isRequestor }) => !isRequestor)?.userName;
    };

    it('a gateway: the Responding Gateway, and nothing else', async () => {
      const gateway = world.url('responding-gateway');
      const { response } = await world.exchange(ITI_38, gateway, findDocuments({ patientId }), {
        as: 'west',
      });
      expect(response.status).toBe('Success');
      for (const room of ['document-registry', 'initiating-gateway']) {
        const name = await alertOf(() =>
          world.faulted(ITI_18, world.url(room), findDocuments({ patientId }), { as: 'west' }),
        );
        expect(name).toBe('west');
      }
    });

    it('a system: everything but the Responding Gateway', async () => {
      const { records } = await world.recording('ITI-38', () =>
        alertOf(() =>
          world.faulted(ITI_38, world.url('responding-gateway'), findDocuments({ patientId })),
        ),
      );
      expect(records.map(({ outcome }) => outcome)).toEqual(['8']);
    });

    it('a system: only the transactions of its row', async () => {
      const fed = await world.exchange(ITI_44, world.url('patient-identity'), world.feed('N-2'), {
        as: 'feeder',
      });
      expect(fed.response.code).toBe('CA');
      const name = await alertOf(() =>
        world.faulted(ITI_18, registry, findDocuments({ patientId }), { as: 'feeder' }),
      );
      expect(name).toBe('feeder');
    });
  });

  describe('what a message claims', () => {
    const gateway = () => world.url('responding-gateway');
    const discovery = (organization: string) =>
      aPatientDiscovery({
        transmission: aTransmission({
          sender: { device: west.device, organization },
          receiver: { device: east.device, organization: oidOf(east.homeCommunityId) },
        }),
      });

    it('as the sender of ITI-55 has to be a community of the certificate', async () => {
      const own = await world.exchange(ITI_55, gateway(), discovery(oidOf(west.homeCommunityId)), {
        as: 'west',
      });
      expect(own.response.acknowledgement).toBe('AA');
      const { result, records } = await world.recording('ITI-55', () =>
        world.faulted(ITI_55, gateway(), discovery('2.999.500.3'), { as: 'west' }),
      );
      notAuthorized(result.fault);
      expect(records.map(({ outcome }) => outcome)).toEqual(['8']);
    });

    it('as provider organisation and patient id root of ITI-44 has to be the certificate’s', async () => {
      const url = world.url('patient-identity');
      for (const over of [
        { providerOrganization: { id: west.chartNumbers } },
        {
          ids: [{ id: 'N-3', assigningAuthority: east.affinityDomain }],
          providerOrganization: { id: east.affinityDomain },
        },
      ]) {
        const { response } = await world.exchange(ITI_44, url, world.feed('N-3', 'east', over), {
          as: 'feeder',
        });
        expect(response.code).toBe('CE');
        expect(response.details.map(({ code }) => code)).toEqual(['204']);
      }
    });
  });

  describe('when it is us who call', () => {
    it.each([
      ['expired'],
      ['notYetValid'],
      ['revoked'],
      ['foreign'],
      ['selfSigned'],
      ['wrongPolicy'],
      ['wrongUsage'],
      ['wrongPurpose'],
      ['hospital'],
    ] as const)(
      'a far end whose certificate is %s is told nothing, and is audited as a security alert',
      async (kind) => {
        const port = Number(new URL(world.url('', 'west')).port);
        const farEnd = await FarEnd.start({ ...holding(kind), ca: anchors }, port);
        try {
          const before = (await world.alerts()).length;
          const { response } = await world.exchange(
            ITI_18,
            world.url('initiating-gateway'),
            findDocuments({ patientId }),
          );
          expect(response.status).toBe('PartialSuccess');
          expectErrors(response.errors, {
            errorCode: 'XDSUnavailableCommunity',
            location: west.homeCommunityId,
          });
          expect(farEnd.requests).toEqual([]);
          const alerts = (await world.alerts()).slice(before);
          expect(alerts).toHaveLength(1);
          expect(alerts[0]?.objects[0]?.details['Alert Description']).toMatch(
            kind === 'hospital' ? /unlisted: .*west/ : /certificate: /,
          );
        } finally {
          await farEnd.stop();
        }
      },
    );
  });

  describe('a reload without restart', () => {
    const agents: Agent[] = [];
    afterAll(() => {
      for (const agent of agents) agent.destroy();
    });
    /** A kept-alive connection that has been served once. */
    const keptAlive = async (tls: ConnectionOptions) => {
      const agent = new Agent({ ...tls, keepAlive: true, maxSockets: 1 });
      agents.push(agent);
      const message = await wireMessageOf(ITI_18, findDocuments({ patientId }), registry);
      const ask = () =>
        new Promise<{ status: number; socket: Socket }>((resolve, reject) => {
          const outgoing = httpsRequest(
            registry,
            {
              agent,
              method: 'POST',
              headers: {
                'Content-Type': message.contentType,
                'Content-Length': message.body.length,
              },
            },
            (answer) => {
              const { socket } = answer;
              answer.resume();
              answer.on('end', () => resolve({ status: answer.statusCode ?? 0, socket }));
            },
          );
          outgoing.on('error', reject);
          outgoing.end(message.body);
        });
      const { status, socket } = await ask();
      expect(status).toBe(200);
      return { socket, ask };
    };

    it('destroys the sockets of a system that has left the directory, and of no other', async () => {
      const leaving = await keptAlive(holding('okayama'));
      const staying = await keptAlive(holding('hospital'));
      await rewriteDirectory((rows) => rows.filter(({ name }) => name !== 'okayama'));
      await eventually(async () => leaving.socket.destroyed);
      await expect(leaving.ask()).rejects.toThrow();
      const { status, socket } = await staying.ask();
      expect(status).toBe(200);
      expect(socket).toBe(staying.socket);
    });

    it('destroys the sockets of a certificate that a new CRL revokes, and lets it in no more', async () => {
      const revoked = await keptAlive(holding('hospital'));
      const lists = await listsOf(
        pki.authority,
        [pki.holders.revoked.certificate, pki.holders.hospital.certificate],
        { number: 2 },
      );
      const path = file('certificates', 'crls.pem');
      const before = await readFile(path, 'utf8');
      await writeFile(path, before.replace(pki.listsPem, '') + pemOf(lists));
      await world.gateway().reload();
      await eventually(async () => revoked.socket.destroyed);
      const { description } = await closed(holding('hospital'));
      expect(description).toContain('revoked');
    });

    it('no longer asks a partner that has left the directory', async () => {
      let west: Row[] = [];
      const gateway = world.url('initiating-gateway');
      const ask = async () =>
        (await world.exchange(ITI_18, gateway, findDocuments({ patientId }))).response;
      expect((await ask()).status).toBe('PartialSuccess');
      await rewriteDirectory((rows) => {
        west = rows.filter(({ name }) => name === 'west');
        return rows.filter(({ name }) => name !== 'west');
      });
      expect(await ask()).toMatchObject({ status: 'Success', errors: [] });
      await rewriteDirectory((rows) => [...rows, ...west]);
      expect((await ask()).status).toBe('PartialSuccess');
    });

    it('keeps the old reading when the new directory is faulty', async () => {
      const path = file('directory.yaml');
      const before = await readFile(path, 'utf8');
      await writeFile(path, `${before}\nsurprise: true\n`);
      await expect(world.gateway().reload()).rejects.toThrow();
      expect((await query(world.tls())).status).toBe(200);
      await writeFile(path, before);
      await world.gateway().reload();
    });

    it('lets go who has left the directory though the file of CRLs is gone, and is not ready meanwhile', async () => {
      await rewriteDirectory((rows) => [...rows, rowOf('shimane')]);
      const leaving = await keptAlive(holding('shimane'));
      const path = file('certificates', 'crls.pem');
      const ready = async () =>
        (await fetch(`${world.gateway().operationsUrl}/health/ready`)).status;
      await rename(path, `${path}.aside`);
      const leave = rewriteDirectory((rows) => rows.filter(({ name }) => name !== 'shimane'));
      await expect(leave).rejects.toThrow('ENOENT');
      await eventually(async () => leaving.socket.destroyed);
      expect(await ready()).toBe(503);
      await rename(`${path}.aside`, path);
      await world.gateway().reload();
      expect(await ready()).toBe(200);
    });
  });

  it('left no stack trace and no person’s data in the log', async () => {
    const raw = await world.send(
      registry,
      await wireMessageOf(ITI_18, findDocuments({ patientId }), registry),
    );
    await expect(faultIn(raw)).rejects.toThrow('no fault');
    expect(world.logged.join('')).not.toMatch(/\\n\s*at |N-1|試験/);
  });
});
