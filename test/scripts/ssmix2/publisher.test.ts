import { ITI_44, type PatientIdentityFeed } from '../../../profiles/pix/iti-44.ts';
import { patientOfMessage } from '../../../scripts/ssmix2/patient-of-message.ts';
import { Publisher, type Publication } from '../../../scripts/ssmix2/publisher.ts';
import type { AskedRegion } from '../../../scripts/region.ts';
import { aTransmission } from '../../support/hl7v3-builders.ts';

const INSURANCE = '2.999.77.9';

/** What an ADT-00 with these segments behind its PID tells the region. */
async function fedOf(segments: string, publication: Partial<Publication> = {}) {
  const fed: PatientIdentityFeed[] = [];
  const region = {
    config: { device: '2.999.77.3' },
    transmission: () => aTransmission(),
    ask: async (transaction: unknown, _service: string, feed: PatientIdentityFeed) => {
      expect(transaction).toBe(ITI_44);
      fed.push(feed);
      return { code: 'CA', details: [] };
    },
  } as unknown as AskedRegion;
  const text =
    'MSH|^~\\&|HIS|H|GW|H|20240101||ADT^A08^ADT_A01|1|P|2.5||||||UTF-8\r' +
    `PID|||0001^^^^PI||試験^太郎||19700101|M\r${segments}`;
  const plan = { assigningAuthority: '2.999.77.1', institutionName: '', ...publication };
  const publisher = new Publisher(region, plan as Publication);
  await publisher.feed('0001', patientOfMessage(Buffer.from(text), '0001'), 'revise');
  const [feed] = fed;
  if (feed === undefined || feed.kind === 'merge') throw new Error('no registration was fed');
  return { otherIds: feed.otherIds.map(({ id }) => id), noneIn: feed.noneIn };
}

describe('The feed of an ADT-00', () => {
  const insuranceDomain = INSURANCE;

  it('tells an insurance as an id of the domain of the insurances', async () => {
    const fed = await fedOf('IN1|1|06^^JHSD0001|06130012|||||||123~45~01\r', { insuranceDomain });
    expect(fed).toEqual({ otherIds: ['06130012:123:45:01'], noneIn: undefined });
  });

  it('tells that there is none any more as that domain without an id', async () => {
    expect(await fedOf('IN1|1|""|""\r', { insuranceDomain })).toEqual({
      otherIds: [],
      noneIn: [INSURANCE],
    });
  });

  it('says nothing of insurances where it has no IN1, or where the region has no domain for them', async () => {
    expect(await fedOf('', { insuranceDomain })).toEqual({ otherIds: [], noneIn: undefined });
    expect(await fedOf('IN1|1|""|""\r')).toEqual({ otherIds: [], noneIn: undefined });
  });
});
