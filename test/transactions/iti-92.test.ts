import type { PatientId } from '../../profiles/patient.ts';
import type { SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import { ITI_92 } from '../../profiles/xds/iti-92.ts';
import { expectFailure } from '../support/expectations.ts';
import { ADMINISTRATOR, ofRegion, registered, versionsIn } from '../support/region-updates.ts';
import { regionOids, World } from '../support/world.ts';
import { anUpdate } from '../support/xds-update-builders.ts';

const as = 'administrator';
const EAST = regionOids(1).homeCommunityId;
const code = { code: 'V', codingScheme: '2.16.840.1.113883.5.25', displayName: 'very restricted' };

describe('ITI-92 Restricted Update Document Set over the wire', () => {
  let world: World;
  let patientId: PatientId;

  beforeAll(async () => {
    const west = {
      ...ADMINISTRATOR,
      name: 'west-administrator',
      institution: '9970000001',
      regions: ['west'],
    };
    world = await World.start({ regions: 2, systems: [ADMINISTRATOR, west] });
    patientId = await world.patient('A-1');
  });

  afterAll(() => world.stop());

  const update = (over: Parameters<typeof anUpdate>[0]) =>
    ofRegion(anUpdate({ confidentialityCode: [code], ...over }), patientId);
  const send = async (actor: string, request: SubmitObjectsRequest, sender = as, name = 'east') =>
    (await world.exchange(ITI_92, world.url(actor, name), request, { as: sender })).response;

  it('updates a document of the registry, and records it', async () => {
    const { id: logicalID, uniqueId } = await registered(world, patientId);
    const { result, records } = await world.recording('ITI-92', () =>
      send('document-registry', update({ logicalID, uniqueId })),
    );
    expect(result).toEqual({ status: 'Success', errors: [] });
    expect(records[0]).toMatchObject({ event: '110107', action: 'U', outcome: '0' });
    const [, young] = await versionsIn(world, uniqueId);
    expect(young?.confidentialityCode).toEqual([code]);
  });

  it('updates a document of another community through both gateways', async () => {
    const { id: logicalID, uniqueId } = await registered(world, patientId);
    const request = update({ logicalID, uniqueId, homeCommunityId: EAST });
    const answer = await send('initiating-gateway', request, 'west-administrator', 'west');
    expect(answer).toEqual({ status: 'Success', errors: [] });
    const [, young] = await versionsIn(world, uniqueId);
    expect([young?.confidentialityCode, young?.home]).toEqual([[code], undefined]);
    expectFailure(
      await send('initiating-gateway', request, 'west-administrator', 'west'),
      {
        errorCode: 'XDSDuplicateUniqueIdInRegistry',
        location: 'SubmissionSet01',
      },
      { errorCode: 'XDSMetadataVersionError', location: 'Document01' },
    );
  });

  it('is told what it was told when the message comes again, through both gateways, too', async () => {
    const { id: logicalID, uniqueId } = await registered(world, patientId);
    const request = update({ logicalID, uniqueId, homeCommunityId: EAST });
    const url = world.url('initiating-gateway', 'west');
    const messageId = 'urn:uuid:5b1e0000-0000-4000-8000-00000000f092';
    for (let times = 1; times <= 2; times += 1) {
      const options = { as: 'west-administrator', messageId };
      const { response } = await world.exchange(ITI_92, url, request, options);
      expect(response).toEqual({ status: 'Success', errors: [] });
    }
    expect(await versionsIn(world, uniqueId)).toHaveLength(2);
  });

  it('passes an update of its own community’s documents to its own registry', async () => {
    const { id: logicalID, uniqueId } = await registered(world, patientId);
    const request = update({ logicalID, uniqueId, homeCommunityId: EAST });
    expect((await send('initiating-gateway', request)).status).toBe('Success');
    expect(await versionsIn(world, uniqueId)).toHaveLength(2);
  });

  it('refuses what names no community, or one that is not known', async () => {
    const { id: logicalID, uniqueId } = await registered(world, patientId);
    const homeless = update({ logicalID, uniqueId });
    const strange = update({ logicalID, uniqueId, homeCommunityId: 'urn:oid:2.999.404' });
    for (const [actor, sender] of [
      ['initiating-gateway', as],
      ['responding-gateway', 'west'],
    ] as const) {
      expectFailure(await send(actor, homeless, sender), {
        errorCode: 'XDSMissingHomeCommunityId',
        location: 'Document01',
      });
      expectFailure(await send(actor, strange, sender), { errorCode: 'XDSUnknownCommunity' });
    }
    expect(await versionsIn(world, uniqueId)).toHaveLength(1);
  });

  it('says that a community is away, and not that nothing was done', async () => {
    await world.stopRegion('west');
    const { id: logicalID, uniqueId } = await registered(world, patientId);
    const homeCommunityId = regionOids(2).homeCommunityId;
    expectFailure(
      await send('initiating-gateway', update({ logicalID, uniqueId, homeCommunityId })),
      {
        errorCode: 'XDSUnavailableCommunity',
        location: homeCommunityId,
      },
    );
  });
});
