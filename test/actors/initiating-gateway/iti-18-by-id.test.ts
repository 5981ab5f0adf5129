import { PeerFailure } from '../../../actors/actor.ts';
import { registryStoredQuery } from '../../../actors/initiating-gateway/iti-18-registry-stored-query.ts';
import type { AdhocQueryRequest } from '../../../profiles/xds/stored-queries.ts';
import { getDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import {
  anEntry,
  type Answers,
  attended,
  aWorld,
  found,
  KAGAWA,
  SHIMANE,
} from '../responding-gateway/world.ts';
import { aGateway, HOSPITAL, TARO_IN_KAGAWA } from './gateway.ts';

describe('ITI-18 by id, as the Initiating Gateway answers it', () => {
  const by = (home: string | undefined) => getDocuments({ uniqueId: ['2.999.8.1'], home });

  function ask(request: AdhocQueryRequest, answers: Answers) {
    const world = aWorld(answers, HOSPITAL);
    return attended(registryStoredQuery, request, { stores: aGateway(), world });
  }

  it('asks our registry when home is ours', async () => {
    const response = await ask(by(SHIMANE), {
      'ITI-18 document-registry': () => found([anEntry()]),
    });

    expect(response).toEqual(found([anEntry({ home: SHIMANE })]));
  });

  it('asks the community that home names, with the query as it is', async () => {
    const entry = anEntry({ home: KAGAWA, patientId: TARO_IN_KAGAWA });
    const sent: unknown[] = [];

    const response = await ask(by(KAGAWA), {
      [`ITI-38 ${KAGAWA}`]: (request) => {
        sent.push(request);
        return found([entry]);
      },
    });

    expect(response).toEqual(found([entry]));
    expect(sent).toEqual([by(KAGAWA)]);
  });

  it('passes a stored query that it does not know to the community that home names', async () => {
    const request: AdhocQueryRequest = {
      returnType: 'LeafClass',
      queryId: 'urn:uuid:80ebbd83-53c1-4453-9860-349585962af6',
      home: KAGAWA,
      slots: [],
    };

    expect(await ask(request, { [`ITI-38 ${KAGAWA}`]: () => found() })).toEqual(found());
  });

  it.each([
    ['XDSMissingHomeCommunityId', by(undefined)],
    ['XDSUnknownCommunity', by('urn:oid:2.999.392.1')],
    [
      'XDSUnknownStoredQuery',
      { ...by(undefined), queryId: 'urn:uuid:80ebbd83-53c1-4453-9860-349585962af6' },
    ],
  ])('refuses with %s', async (code, request) => {
    await expect(ask(request, {})).rejects.toMatchObject({ code });
  });

  it('answers Failure and XDSUnavailableCommunity when that community is away', async () => {
    const response = await ask(by(KAGAWA), {
      [`ITI-38 ${KAGAWA}`]: () => {
        throw new PeerFailure('transient', 'ECONNREFUSED', { peer: KAGAWA });
      },
    });

    expect(response).toMatchObject({
      status: 'Failure',
      errors: [{ errorCode: 'XDSUnavailableCommunity', location: KAGAWA }],
    });
  });

  it('lets a defect be a defect', async () => {
    const broken = ask(by(KAGAWA), {
      [`ITI-38 ${KAGAWA}`]: () => {
        throw new TypeError('a defect');
      },
    });

    await expect(broken).rejects.toThrow(TypeError);
  });
});
