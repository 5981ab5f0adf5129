import { join } from 'node:path';
import type { PatientId } from '../../profiles/patient.ts';
import { encodeCX } from '../../profiles/formats/datatypes.ts';
import { ITI_39 } from '../../profiles/xca/iti-39.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { EXIT } from '../../scripts/command.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';
import { inMemory, textOf } from '../support/documents.ts';
import { regionOids, World } from '../support/world.ts';
import { aSubmission } from '../support/xds-builders.ts';

const EAST = regionOids(1);

describe('an On-Demand document, over the wire', () => {
  let world: World;
  let patient: PatientId;
  let uniqueId: string;
  let sets = 0;

  const provide = async (title: string) => {
    sets += 1;
    const submission = aSubmission({
      submissionSet: {
        patientId: patient,
        sourceId: EAST.sourceId,
        uniqueId: `2.999.9.70.${sets}`,
      },
      documentEntries: [
        {
          uniqueId: `2.999.8.70.${sets}`,
          title,
          hash: undefined,
          size: undefined,
          repositoryUniqueId: undefined,
        },
      ],
    });
    const { response } = await world.exchange(ITI_41, world.url('document-repository'), {
      submission,
      documents: [{ id: 'Document01', content: inMemory(title) }],
    });
    expect(response.status).toBe('Success');
  };
  const wanted = () => ({
    repositoryUniqueId: EAST.repositoryUniqueId,
    documentUniqueId: uniqueId,
  });
  const retrieved = async () => {
    const url = world.url('document-repository');
    const { response } = await world.exchange(ITI_43, url, { documents: [wanted()] });
    const [document] = response.documents;
    if (document === undefined) throw new Error(JSON.stringify(response.errors));
    return { ...document, text: await textOf(document.content) };
  };

  beforeAll(async () => {
    world = await World.start({
      regions: 2,
      systems: [
        {
          name: 'summaries',
          institution: '9990000008',
          regions: ['east'],
          assigningAuthorities: [],
          sourceIds: ['2.999.500.1.9'],
          transactions: ['ITI-61', 'ITI-45'],
        },
      ],
    });
    patient = await world.patient('OD-00001');
    await provide('first');
  });

  afterAll(() => world.stop());

  it('is promised by kakehashi documents on-demand register', async () => {
    let stdout = '';
    let stderr = '';
    const chart = { id: 'OD-00001', assigningAuthority: EAST.chartNumbers };
    const files = join(world.directory, 'systems', 'summaries');
    const exit = await runCommandLine(
      [
        ...['documents', 'on-demand', 'register', '--folder', world.folder(), '--json'],
        ...['--as', files, '--patient', encodeCX(chart), '--language', 'en-US'],
      ],
      {
        stdout: {
          write: (text) => {
            stdout += text;
          },
        },
        stderr: {
          write: (text) => {
            stderr += text;
          },
        },
        locale: 'C',
        stop: () => new AbortController().signal,
      },
    );
    expect([exit, stderr]).toEqual([EXIT.done, '']);
    ({ uniqueId } = JSON.parse(stdout) as { uniqueId: string });
    const { response } = await world.exchange(
      ITI_18,
      world.url('document-registry'),
      findDocuments({ patientId: patient, objectType: ['On-Demand'] }),
    );
    expect(response.objects.map((object) => object.uniqueId)).toEqual([uniqueId]);
  });

  it('is made when it is retrieved, and stays what it was until something changes', async () => {
    const first = await retrieved();
    expect(first).toMatchObject({
      ...wanted(),
      newRepositoryUniqueId: EAST.repositoryUniqueId,
      mimeType: 'text/xml',
    });
    expect(first.text).toContain('<td>first</td>');
    expect((await retrieved()).newDocumentUniqueId).toBe(first.newDocumentUniqueId);
    await provide('second');
    const second = await retrieved();
    expect(second.newDocumentUniqueId).not.toBe(first.newDocumentUniqueId);
    expect(second.text).toContain('<td>second</td>');
  });

  it('is retrieved between communities too (ITI-39), by the uniqueId of its entry', async () => {
    const documents = [{ ...wanted(), homeCommunityId: EAST.homeCommunityId }];
    const url = world.url('responding-gateway');
    const retrieve = async () =>
      (await world.exchange(ITI_39, url, { documents }, { as: 'west' })).response;
    const first = await retrieve();
    expect(first).toMatchObject({ status: 'Success', errors: [], documents });
    await provide('third');
    const second = await retrieve();
    const [one, other] = [first.documents[0], second.documents[0]];
    expect(one?.newDocumentUniqueId).toBeDefined();
    expect(other?.newDocumentUniqueId).not.toBe(one?.newDocumentUniqueId);
    expect(other && (await textOf(other.content))).toContain('<td>third</td>');
  });

  it('reaches a Document Consumer of another community through its Initiating Gateway', async () => {
    const documents = [{ ...wanted(), homeCommunityId: EAST.homeCommunityId }];
    const { response } = await world.exchange(
      ITI_43,
      world.url('initiating-gateway', 'west'),
      { documents },
      { as: 'west-hospital' },
    );
    expect(response).toMatchObject({ status: 'Success', documents });
    expect(response.documents[0]?.newDocumentUniqueId).toMatch(/^2\.25\./);
  });
});
