import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { aProvision, freshOid, octets } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const MANY = 24;

describe('many requests at once', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });

  afterAll(() => world.stop());

  it('are each answered for themselves: one that is refused touches no other', async () => {
    const url = world.url('document-repository');
    const registry = world.url('document-registry');
    const patients = await Promise.all([0, 1, 2].map((number) => world.patient(`M-${number}`)));
    const plans = Array.from({ length: MANY }, (_, number) => {
      const patientId = patients[number % patients.length] ?? { id: '', assigningAuthority: '' };
      const isBad = number % 5 === 4;
      return {
        isBad,
        patientId: isBad ? { ...patientId, id: `nobody-${number}` } : patientId,
        uniqueId: freshOid(),
        text: `document number ${number}`,
      };
    });
    const answers = await Promise.all(
      plans.map(({ patientId, uniqueId, text }) =>
        world.exchange(
          ITI_41,
          url,
          aProvision({ patientId, documents: [{ bytes: octets(text), uniqueId }] }),
        ),
      ),
    );
    expect(answers.map(({ response }) => response.status)).toEqual(
      plans.map(({ isBad }) => (isBad ? 'Failure' : 'Success')),
    );

    const found = await Promise.all(
      patients.map((patientId) => world.exchange(ITI_18, registry, findDocuments({ patientId }))),
    );
    for (const [index, { response }] of found.entries()) {
      const wanted = plans.filter(({ isBad }, number) => !isBad && number % 3 === index);
      expect(response.objects.map(({ uniqueId }) => uniqueId).sort()).toEqual(
        wanted.map(({ uniqueId }) => uniqueId).sort(),
      );
    }

    const good = plans.filter(({ isBad }) => !isBad);
    const retrieved = await Promise.all(
      good.map(({ uniqueId }) =>
        world.exchange(ITI_43, url, {
          documents: [
            {
              repositoryUniqueId: regionOids(1).repositoryUniqueId,
              documentUniqueId: uniqueId,
            },
          ],
        }),
      ),
    );
    expect(retrieved.map(({ message }) => String([...message.parts.values()][0]))).toEqual(
      good.map(({ text }) => text),
    );

    const outcomes = (await world.recordsOf('ITI-41')).map(({ outcome }) => outcome).sort();
    expect(outcomes).toEqual([
      ...good.map(() => '0'),
      ...plans.filter(({ isBad }) => isBad).map(() => '8'),
    ]);
  });

  it('of which several feed the same person give her one id', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => world.patient('M-same')));
    expect(new Set(ids.map(({ id }) => id)).size).toBe(1);
  });

  it('of which several register the same SubmissionSet register it once', async () => {
    const patientId = await world.patient('M-once');
    const submissionSet = { uniqueId: freshOid() };
    const answers = await Promise.all(
      Array.from({ length: 6 }, () =>
        world.exchange(
          ITI_41,
          world.url('document-repository'),
          aProvision({ patientId, documents: [{ bytes: octets('same') }], submissionSet }),
        ),
      ),
    );
    const statuses = answers.map(({ response }) => response.status);
    expect(statuses.filter((status) => status === 'Success')).toHaveLength(1);
    for (const { response } of answers.filter(({ response: { status } }) => status === 'Failure')) {
      expect(response.errors.map(({ errorCode }) => errorCode)).toEqual([
        'XDSDuplicateUniqueIdInRegistry',
      ]);
    }
    const { response } = await world.exchange(
      ITI_18,
      world.url('document-registry'),
      findDocuments({ patientId }),
    );
    expect(response.objects).toHaveLength(1);
  });

  it('of which several provide the same document with other octets keep one of them', async () => {
    const patientId = await world.patient('M-octets');
    const uniqueId = freshOid();
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, number) =>
        world.exchange(
          ITI_41,
          world.url('document-repository'),
          aProvision({ patientId, documents: [{ bytes: octets(`version ${number}`), uniqueId }] }),
        ),
      ),
    );
    const won = answers.flatMap(({ response }, number) =>
      response.status === 'Success' ? [number] : [],
    );
    expect(won).toHaveLength(1);
    const { message } = await world.exchange(ITI_43, world.url('document-repository'), {
      documents: [
        { repositoryUniqueId: regionOids(1).repositoryUniqueId, documentUniqueId: uniqueId },
      ],
    });
    expect(String([...message.parts.values()][0])).toBe(`version ${won[0]}`);
  });
});
