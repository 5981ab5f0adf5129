import { fstatSync, readdirSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import type { Fault } from '../../profiles/refusal.ts';
import { ITI_38 } from '../../profiles/xca/iti-38.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { findDocuments, getAll } from '../../profiles/xds/stored-query-builders.ts';
import { aPixQuery } from '../support/hl7v3-builders.ts';
import { aProvision, aRegistration, octets, provide } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const bytes = octets('nobody may read this while nobody writes down who did');
const { repositoryUniqueId } = regionOids(1);

/** Lets every sync of a file of the audit trail fail, as a full disk does. */
async function breakTrails(folder: string): Promise<void> {
  const audit = join(folder, 'var', 'audit');
  const handle = await open(folder, 'r');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  for (const method of ['datasync', 'sync'] as const) {
    const real = prototype[method];
    jest.spyOn(prototype, method).mockImplementation(async function (this: FileHandle) {
      const trails = readdirSync(audit).map((name) => statSync(join(audit, name)).ino);
      if (trails.includes(fstatSync(this.fd).ino)) {
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      }
      await real.call(this);
    });
  }
}

describe('an audit trail that cannot be written', () => {
  let world: World;
  let patientId: PatientId;
  let document: string;

  beforeAll(async () => {
    world = await World.start({ regions: 2, running: 1 });
    patientId = await world.patient('T-1');
    [document = ''] = await provide(world, { patientId, documents: [{ bytes }] });
    await breakTrails(world.folder());
  });

  afterAll(async () => {
    jest.restoreAllMocks();
    await world.stop();
  });

  const isReceiverFault = ({ fault, status }: { fault: Fault; status: number }) => {
    expect(fault.fault).toBe('Receiver');
    expect(fault.context).not.toBe('');
    expect(status).toBe(500);
  };

  it('lets no data leave: every query is answered with a Receiver fault', async () => {
    const found = await world.faulted(
      ITI_18,
      world.url('document-registry'),
      findDocuments({ patientId }),
    );
    isReceiverFault(found);
    expect(found.raw.body.toString()).not.toContain(document);

    const retrieved = await world.faulted(ITI_43, world.url('document-repository'), {
      documents: [{ repositoryUniqueId, documentUniqueId: document }],
    });
    isReceiverFault(retrieved);
    expect(retrieved.raw.body.includes(Buffer.from(bytes))).toBe(false);

    isReceiverFault(
      await world.faulted(ITI_38, world.url('responding-gateway'), findDocuments({ patientId }), {
        as: 'west',
      }),
    );
    isReceiverFault(
      await world.faulted(
        ITI_45,
        world.url('patient-identity'),
        aPixQuery({
          transmission: world.transmission(),
          patientIdentifier: patientId,
          dataSources: [],
        }),
      ),
    );
    isReceiverFault(
      await world.faulted(ITI_18, world.url('initiating-gateway'), findDocuments({ patientId })),
    );
  });

  it('commits no submission and no feed', async () => {
    isReceiverFault(
      await world.faulted(
        ITI_41,
        world.url('document-repository'),
        aProvision({ patientId, documents: [{ bytes: octets('lost') }] }),
      ),
    );
    isReceiverFault(
      await world.faulted(
        ITI_42,
        world.url('document-registry'),
        aRegistration({ patientId, documents: [{ bytes: octets('lost') }] }),
      ),
    );
    isReceiverFault(await world.faulted(ITI_44, world.url('patient-identity'), world.feed('T-2')));
    expect(await world.filesIn('spool')).toEqual([]);
    expect(await world.filesIn('documents')).toHaveLength(1);
  });

  it('makes the process not ready', async () => {
    const ready = await fetch(`${world.gateway().operationsUrl}/health/ready`);
    expect(ready.status).toBe(503);
    const live = await fetch(`${world.gateway().operationsUrl}/health/live`);
    expect(live.status).toBe(200);
  });

  it('is mended by a start: what was stored before is there, and nothing else', async () => {
    jest.restoreAllMocks();
    await world.stopRegion('east');
    await world.startRegion('east');
    const { response } = await world.exchange(
      ITI_18,
      world.url('document-registry'),
      getAll({ patientId, status: ['Approved', 'Deprecated'] }),
    );
    expect(response.objects.filter(({ element }) => element === 'ExtrinsicObject')).toHaveLength(1);
    const nobody = await world.exchange(
      ITI_45,
      world.url('patient-identity'),
      aPixQuery({
        transmission: world.transmission(),
        patientIdentifier: { id: 'T-2', assigningAuthority: regionOids(1).chartNumbers },
        dataSources: [],
      }),
    );
    expect(nobody.response.acknowledgement).toBe('AE');
    const retrieved = await world.exchange(ITI_43, world.url('document-repository'), {
      documents: [{ repositoryUniqueId, documentUniqueId: document }],
    });
    expect(retrieved.response.status).toBe('Success');
  });
});
