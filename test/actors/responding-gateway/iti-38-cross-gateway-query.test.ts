import { PeerFailure } from '../../../actors/actor.ts';
import { crossGatewayQuery } from '../../../actors/responding-gateway/iti-38-cross-gateway-query.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import { findDocuments, getDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import type { AdhocQueryRequest } from '../../../profiles/xds/stored-queries.ts';
import {
  aLink,
  anEntry,
  type Answers,
  attended,
  aWorld,
  COMMUNITY,
  found,
  KAGAWA,
  SHIMANE,
  TARO,
} from './world.ts';

describe('ITI-38 Cross Gateway Query, as the Responding Gateway answers it', () => {
  function ask(request: AdhocQueryRequest, answers: Answers) {
    const world = aWorld(answers);
    const stores = { community: COMMUNITY };
    return { world, response: attended(crossGatewayQuery, request, { stores, world }) };
  }

  const byPatient = findDocuments({ patientId: TARO });

  it('passes every parameter on unchanged, known or unknown', async () => {
    const request = {
      ...byPatient,
      slots: [...byPatient.slots, { name: '$XDSSomethingNew', values: ["('x')"] }],
    };

    const { world, response } = ask(request, { 'ITI-18 document-registry': () => found() });
    await response;

    expect(world.asked).toEqual([
      { transaction: 'ITI-18', destination: 'document-registry', request },
    ]);
  });

  it('returns every object under our home', async () => {
    const set = anEntry({ element: 'RegistryPackage', id: 'urn:uuid:set', kind: 'SubmissionSet' });
    const entry = anEntry();

    const { response } = ask(byPatient, {
      'ITI-18 document-registry': () =>
        found([set, entry, aLink(set.id, entry.id)], { objectRefs: [{ id: 'urn:uuid:other' }] }),
    });

    const { objects, objectRefs } = await response;
    expect(objects.map(({ element, home }) => [element, home])).toEqual([
      ['RegistryPackage', SHIMANE],
      ['ExtrinsicObject', SHIMANE],
      ['Association', undefined],
    ]);
    expect(objectRefs).toEqual([{ id: 'urn:uuid:other', home: SHIMANE }]);
  });

  it('returns no home that somebody has submitted', async () => {
    const home = 'urn:oid:2.999.4';
    const [set, entry] = [anEntry({ id: 'urn:uuid:set', home }), anEntry({ home })];
    const link = { ...aLink(set.id, entry.id), home };
    const { response } = ask(byPatient, {
      'ITI-18 document-registry': () => found([set, entry, link]),
    });
    expect((await response).objects.map((object) => object.home)).toEqual([
      SHIMANE,
      SHIMANE,
      undefined,
    ]);
  });

  it('returns ObjectRefs, each with our home, where those are asked for', async () => {
    const entry = anEntry();

    const { response } = ask(
      { ...byPatient, returnType: 'ObjectRef' },
      { 'ITI-18 document-registry': () => found([entry]) },
    );

    expect(await response).toEqual(found([], { objectRefs: [{ id: entry.id, home: SHIMANE }] }));
  });

  it('gives our homeCommunityId as the location of every error', async () => {
    const { response } = ask(byPatient, {
      'ITI-18 document-registry': () =>
        found([], {
          status: 'Failure',
          errors: [
            {
              errorCode: 'XDSRegistryBusy',
              codeContext: 'busy',
              location: 'line 7',
              severity: 'Error',
            },
          ],
        }),
    });

    expect((await response).errors).toEqual([
      { errorCode: 'XDSRegistryBusy', codeContext: 'busy', location: SHIMANE, severity: 'Error' },
    ]);
  });

  it('refuses a home that is not ours: XDSUnknownCommunity', async () => {
    const { response } = ask({ ...byPatient, home: KAGAWA }, {});

    await expect(response).rejects.toMatchObject({
      refusals: [{ code: 'XDSUnknownCommunity', location: SHIMANE }],
    });
  });

  it('refuses a query without a patient id that names no home: XDSMissingHomeCommunityId', async () => {
    const { response } = ask(getDocuments({ uniqueId: ['2.999.8.1'] }), {});

    await expect(response).rejects.toMatchObject({
      refusals: [{ code: 'XDSMissingHomeCommunityId', location: SHIMANE }],
    });
  });

  it('answers a query by id under our home', async () => {
    const request = getDocuments({ uniqueId: ['2.999.8.1'], home: SHIMANE });

    const { response } = ask(request, { 'ITI-18 document-registry': () => found([anEntry()]) });

    expect((await response).objects).toEqual([anEntry({ home: SHIMANE })]);
  });

  it('passes on what the registry refuses, with our home as location', async () => {
    const { response } = ask(byPatient, {
      'ITI-18 document-registry': () => {
        throw new Refusal(
          'XDSStoredQueryMissingParam',
          'the parameter $XDSDocumentEntryStatus is missing',
        );
      },
    });

    await expect(response).rejects.toMatchObject({
      refusals: [
        {
          code: 'XDSStoredQueryMissingParam',
          context: 'the parameter $XDSDocumentEntryStatus is missing',
          location: SHIMANE,
        },
      ],
    });
  });

  it('says XDSRegistryError when the registry is away', async () => {
    const { response } = ask(byPatient, {
      'ITI-18 document-registry': () => {
        throw new PeerFailure('transient', 'ECONNREFUSED', { peer: 'document-registry' });
      },
    });

    await expect(response).rejects.toMatchObject({
      refusals: [{ code: 'XDSRegistryError', location: SHIMANE }],
    });
  });

  it('leaves out a DocumentEntry that may not be seen, and the Association that points at it', async () => {
    const open = anEntry({ id: 'urn:uuid:open' });
    const closed = anEntry({
      id: 'urn:uuid:closed',
      confidentialityCode: [{ code: 'R', codingScheme: '2.16.840.1.113883.5.25' }],
    });
    const world = aWorld({
      'ITI-18 document-registry': () => found([open, closed, aLink('urn:uuid:set', closed.id)]),
    });

    const response = await attended(crossGatewayQuery, byPatient, {
      stores: { community: COMMUNITY },
      world,
      consent: {
        permissionFor: async () => ({
          shows: ({ confidentialityCode }) =>
            !confidentialityCode?.some(({ code }) => code === 'R'),
        }),
      },
    });

    expect(response.objects.map(({ id }) => id)).toEqual(['urn:uuid:open']);
  });
});
