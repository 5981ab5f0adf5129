import type { PatientId } from '../../../profiles/patient.ts';
import { ITI_44 } from '../../../profiles/pix/iti-44.ts';
import { ITI_45, type PixQuery } from '../../../profiles/pix/iti-45.ts';
import { refusalsOf } from '../../../profiles/refusal.ts';
import { AnIdentityActor, AUTHORITY } from '../../support/an-identity-actor.ts';
import { aPixQuery, aTransmission } from '../../support/hl7v3-builders.ts';
import { FROZEN, opened } from '../../support/hl7v3-laws.ts';

const LOCATION = '/PRPA_IN201309UV02/controlActProcess/queryByParameter/parameterList';
const atHospital = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.hospital });
const atClinic = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.clinic });
const other = { id: 'X', assigningAuthority: '2.999.3.9' };

describe('The cases of ITI-45, octet by octet', () => {
  let actor: AnIdentityActor;

  /** What of the answer tells the cases apart, as it goes out. */
  const answered = async (over: Partial<PixQuery>) => {
    const query = aPixQuery({ dataSources: [], ...over });
    const request = opened(ITI_45.request.encode(query));
    const body = await actor
      .pix(query)
      .then((response) => ITI_45.response.encode(response, request, FROZEN))
      .catch((error: unknown) => {
        const refusals = refusalsOf(error);
        if (!refusals) throw error;
        return ITI_45.refusal(refusals, request, FROZEN);
      });
    const part = (pattern: RegExp) => body.xml.match(pattern)?.[0];
    return {
      acknowledgement: part(/<acknowledgement>.*<\/acknowledgement>/s)?.replace(
        /<targetMessage>.*<\/targetMessage>/s,
        '',
      ),
      queryAck: part(
        /<statusCode code="(?:deliveredResponse|aborted)"\/>.*?<queryResponseCode[^>]*>/s,
      ),
      ids: part(/<patient classCode="PAT">.*?(?=<statusCode)/s)?.replace(/^<[^>]*>/, ''),
      name: part(/<name[^>]*>/),
      provider: part(/<providerOrganization[^>]*><id[^>]*>/),
    };
  };
  const ids = (...all: readonly PatientId[]) =>
    all
      .map(({ id, assigningAuthority }) => `<id root="${assigningAuthority}" extension="${id}"/>`)
      .join('');
  const found = (...all: readonly PatientId[]) => ({
    acknowledgement: '<acknowledgement><typeCode code="AA"/></acknowledgement>',
    queryAck: '<statusCode code="deliveredResponse"/><queryResponseCode code="OK"/>',
    ids: ids(...all),
    name: '<name nullFlavor="NA"/>',
    provider: `<providerOrganization classCode="ORG" determinerCode="INSTANCE"><id root="${all[0]?.assigningAuthority}"/>`,
  });
  const refused = (...locations: readonly string[]) => ({
    acknowledgement: expect.stringMatching(
      new RegExp(
        `^<acknowledgement><typeCode code="AE"/>${locations
          .map(
            (location) =>
              `<acknowledgementDetail typeCode="E"><code code="204"[^>]*/><text>[^<]*</text><location>${location.replace(/[[\]]/g, '\\$&')}</location></acknowledgementDetail>`,
          )
          .join('')}</acknowledgement>$`,
      ),
    ),
    queryAck: '<statusCode code="aborted"/><queryResponseCode code="AE"/>',
    ids: undefined,
    name: undefined,
    provider: undefined,
  });
  const regional = async (): Promise<PatientId> => ({
    id: (await actor.regionalIdOf(atHospital('H1'))) ?? '?',
    assigningAuthority: AUTHORITY.region,
  });

  beforeEach(async () => {
    actor = await AnIdentityActor.open();
    await actor.feed(atHospital('H1'));
    await actor.feed(atClinic('C1'), { ids: [atClinic('C1'), atClinic('C2')] });
  });

  afterEach(() => actor.close());

  it('1: ids in the wanted domain', async () => {
    expect(
      await answered({ patientIdentifier: atHospital('H1'), dataSources: [AUTHORITY.region] }),
    ).toEqual(found(await regional()));
  });

  it('2: no data source is given: the ids of all domains, but not the one asked', async () => {
    expect(await answered({ patientIdentifier: atHospital('H1') })).toEqual(
      found(await regional(), atClinic('C1'), atClinic('C2')),
    );
  });

  it('3: nothing in the wanted domain', async () => {
    expect(
      await answered({
        patientIdentifier: atHospital('H1'),
        dataSources: [other.assigningAuthority],
      }),
    ).toEqual({
      acknowledgement: '<acknowledgement><typeCode code="AA"/></acknowledgement>',
      queryAck: '<statusCode code="deliveredResponse"/><queryResponseCode code="NF"/>',
    });
  });

  it('4: the patient id is not known, its domain is not, or it was subsumed', async () => {
    const unknown = refused(`${LOCATION}/patientIdentifier/value`);
    expect(await answered({ patientIdentifier: atHospital('H9') })).toEqual(unknown);
    const stranger = { id: 'H1', assigningAuthority: '2.999.404' };
    expect(await answered({ patientIdentifier: stranger })).toEqual(unknown);
    await actor.feed(atHospital('H2'));
    await actor.world.as(actor.everybody)(ITI_44, 'patient-identity', {
      kind: 'merge',
      surviving: atHospital('H2'),
      subsumed: atHospital('H1'),
      names: [],
      transmission: aTransmission(),
      custodian: actor.community.device,
    });
    expect(await answered({ patientIdentifier: atHospital('H1') })).toEqual(unknown);
  });

  it('5: a data source is not known, told by its place', async () => {
    const sources = [AUTHORITY.region, '2.999.404', AUTHORITY.clinic, '2.999.405'];
    expect(await answered({ patientIdentifier: atHospital('H1'), dataSources: sources })).toEqual(
      refused(`${LOCATION}/dataSource[2]/value`, `${LOCATION}/dataSource[4]/value`),
    );
  });

  it('6: several ids in one domain', async () => {
    expect(
      await answered({ patientIdentifier: atHospital('H1'), dataSources: [AUTHORITY.clinic] }),
    ).toEqual(found(atClinic('C1'), atClinic('C2')));
  });
});
