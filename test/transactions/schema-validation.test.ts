import type { PatientId } from '../../profiles/patient.ts';
import { ITI_47 } from '../../profiles/pdq/iti-47.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import type { Transaction } from '../../profiles/transaction.ts';
import { ITI_55 } from '../../profiles/xcpd/iti-55.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { ITI_62 } from '../../profiles/xds/iti-62.ts';
import { findDocuments, getAll } from '../../profiles/xds/stored-query-builders.ts';
import {
  aDemographicsQuery,
  aPatientDiscovery,
  aPatientIdentityFeed,
  aPixQuery,
  aTransmission,
} from '../support/hl7v3-builders.ts';
import { openedAnswer, readMessage, wireMessageOf } from '../support/messages.ts';
import { aProvision, aRegistration, octets } from '../support/region-documents.ts';
import { ADMINISTRATOR, registered, versionsIn } from '../support/region-updates.ts';
import { aPersonOf, regionOids, World } from '../support/world.ts';

const east = regionOids(1);
const west = regionOids(2);
const oidOf = (urn: string) => urn.replace('urn:oid:', '');
const documents = [{ bytes: octets('held against a schema') }];
const FAILURE = 'urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure';

describe('validation.requests: schema', () => {
  let world: World;
  let patientId: PatientId;

  beforeAll(async () => {
    world = await World.start({
      regions: 2,
      running: 1,
      systems: [ADMINISTRATOR],
      settings: { validation: { requests: 'schema' } },
    });
    patientId = await world.patient('S-1');
  });

  afterAll(() => world.stop());

  /** What is stored, registered and spooled. */
  const everything = async () => ({
    objects: (
      await world.exchange(
        ITI_18,
        world.url('document-registry'),
        getAll({ patientId, status: ['Approved', 'Deprecated'] }),
      )
    ).response.objects.length,
    spool: await world.filesIn('spool'),
    documents: await world.filesIn('documents'),
  });

  /** Sends a request in which `from` has become `to`, and resolves to the answer's envelope. */
  const bent = async <Request, Response>(
    transaction: Transaction<Request, Response>,
    request: Request,
    { url, from, to, as }: { url: string; from: RegExp; to: string; as?: string },
  ): Promise<string> => {
    const message = await wireMessageOf(transaction, request, url);
    const text = message.body.toString('latin1');
    const other = text.replace(from, to);
    expect(other).not.toBe(text);
    const raw = await world.post(url, Buffer.from(other, 'latin1'), {
      contentType: message.contentType,
      ...(as === undefined ? {} : { tls: world.tls(as) }),
    });
    expect(raw.status).toBe(200);
    const answer = await readMessage(raw);
    // It is an answer, not a fault, and valid as such.
    transaction.response.decode(openedAnswer(answer), { take: () => undefined } as never);
    return answer.envelope;
  };

  it('takes what is valid, of every family', async () => {
    const { id, uniqueId } = await registered(world, patientId);
    const url = world.url('document-repository');
    const provided = await world.exchange(ITI_41, url, aProvision({ patientId, documents }));
    expect(provided.response).toEqual({ status: 'Success', errors: [] });
    expect(await versionsIn(world, uniqueId)).toMatchObject([{ id }]);
    const request = aPixQuery({
      patientIdentifier: { id: 'S-1', assigningAuthority: east.chartNumbers },
      dataSources: [],
    });
    const { response } = await world.exchange(ITI_45, world.url('patient-identity'), request);
    expect(response.acknowledgement).toBe('AA');
  });

  it.each([
    {
      transaction: ITI_42,
      actor: 'document-registry' as const,
      request: () => aRegistration({ patientId, documents }),
      code: 'XDSRegistryMetadataError',
    },
    {
      transaction: ITI_41,
      actor: 'document-repository' as const,
      request: () => aProvision({ patientId, documents }),
      code: 'XDSRepositoryMetadataError',
    },
  ])(
    'refuses a submission by $transaction.id that is invalid, and stores nothing of it',
    async ({ transaction, actor, request, code }) => {
      const before = await everything();
      const url = world.url(actor);
      // Slots come before Name, and no decoder minds the order.
      const answer = await bent(transaction as Transaction<unknown, unknown>, request(), {
        url,
        from: /(<rim:ExtrinsicObject [^>]*>)([\s\S]*?)(<rim:Name>[\s\S]*?<\/rim:Name>)/,
        to: '$1$3$2',
      });
      expect(answer).toContain(`status="${FAILURE}"`);
      expect(answer).toContain(`errorCode="${code}"`);
      expect(answer).toMatch(
        /codeContext="line \d+, rim:Slot: expected [^"]*, received this element"/,
      );
      expect(await everything()).toEqual(before);
    },
  );

  it('refuses an invalid query with an AdhocQueryResponse', async () => {
    const answer = await bent(ITI_18, findDocuments({ patientId, status: ['Approved'] }), {
      url: world.url('document-registry'),
      from: /<query:ResponseOption /,
      to: '<query:ResponseOption strange="" ',
    });
    expect(answer).toContain('AdhocQueryResponse');
    expect(answer).toContain('errorCode="XDSRegistryError"');
  });

  it('refuses an invalid retrieval with the repository’s error', async () => {
    const request = {
      documents: [{ repositoryUniqueId: east.repositoryUniqueId, documentUniqueId: '2.999.8.1' }],
    };
    const answer = await bent(ITI_43, request, {
      url: world.url('document-repository'),
      from: /<xds:RepositoryUniqueId>/,
      to: '<xds:RepositoryUniqueId strange="">',
    });
    expect(answer).toContain('errorCode="XDSRepositoryError"');
  });

  it('refuses an invalid removal, and removes nothing', async () => {
    const { id, uniqueId } = await registered(world, patientId);
    const answer = await bent(
      ITI_62,
      { objectRefs: [{ id }] },
      {
        url: world.url('document-registry'),
        as: 'administrator',
        from: /<rim:ObjectRef /,
        to: '<rim:ObjectRef strange="" ',
      },
    );
    expect(answer).toContain('errorCode="XDSRegistryError"');
    expect(answer).toContain(`location="${id}"`);
    expect(await versionsIn(world, uniqueId)).toHaveLength(1);
  });

  it('refuses an invalid feed with CE and the detail, and learns nothing of the patient', async () => {
    const url = world.url('patient-identity');
    const feed = aPatientIdentityFeed({
      ids: [{ id: 'S-2', assigningAuthority: east.chartNumbers }],
      demographics: aPersonOf('S-2'),
    });
    const answer = await bent(ITI_44, feed, {
      url,
      // A gender before the names: decoders do not look.
      from: /(<patientPerson[^>]*>)([\s\S]*?)(<administrativeGenderCode[^>]*\/>)/,
      to: '$1$3$2',
    });
    expect(answer).toMatch(/<typeCode code="CE"\/>/);
    expect(answer).toContain('code="SYN110"');
    expect(answer).toMatch(/line \d+, hl7:administrativeGenderCode: expected /);
    const asked = aPixQuery({
      patientIdentifier: { id: 'S-2', assigningAuthority: east.chartNumbers },
    });
    const { response } = await world.exchange(ITI_45, url, asked);
    expect(response.acknowledgement).toBe('AE');
  });

  it.each([
    ['ITI-45', ITI_45, () => aPixQuery(), 'patient-identity' as const, undefined],
    ['ITI-47', ITI_47, () => aDemographicsQuery(), 'patient-identity' as const, undefined],
    [
      'ITI-55',
      ITI_55,
      () =>
        aPatientDiscovery({
          transmission: aTransmission({
            sender: { device: west.device, organization: oidOf(west.homeCommunityId) },
            receiver: { device: east.device, organization: oidOf(east.homeCommunityId) },
          }),
        }),
      'responding-gateway' as const,
      'west',
    ],
  ])(
    'refuses an invalid query by %s with AE, QE and the detail',
    async (_, transaction, request, actor, as) => {
      const answer = await bent(transaction as Transaction<unknown, unknown>, request(), {
        url: world.url(actor),
        as,
        from: /<statusCode code="new"\/>/,
        to: '',
      });
      expect(answer).toMatch(/<typeCode code="AE"\/>/);
      expect(answer).toMatch(/<queryResponseCode code="QE"\/>/);
      expect(answer).toContain('code="SYN110"');
      expect(answer).toContain('expected hl7:statusCode');
    },
  );

  it('says of a refusal in log and trail no more than its code', async () => {
    const answer = await bent(ITI_47, aDemographicsQuery(), {
      url: world.url('patient-identity'),
      from: /<value value="19700101"\/>/,
      to: '<value value="TARO-SHIKEN"/>',
    });
    expect(answer).toContain('received aaaa-aaaaaa');
    expect(answer.replace(/<queryByParameter>[\s\S]*<\/queryByParameter>/, '')).not.toContain(
      'TARO',
    );
    expect(world.logged.join('\n')).not.toContain('TARO');
  });
});

describe('validation.requests: decode', () => {
  it('is the default, and judges what is read', async () => {
    const world = await World.start();
    try {
      const patientId = await world.patient('S-1');
      const url = world.url('document-registry');
      const message = await wireMessageOf(ITI_42, aRegistration({ patientId, documents }), url);
      const other = message.body
        .toString('utf8')
        .replace(
          /(<rim:ExtrinsicObject [^>]*>)([\s\S]*?)(<rim:Name>[\s\S]*?<\/rim:Name>)/,
          '$1$3$2',
        );
      const raw = await world.post(url, Buffer.from(other), { contentType: message.contentType });
      expect((await readMessage(raw)).envelope).toContain('ResponseStatusType:Success');
    } finally {
      await world.stop();
    }
  });
});
