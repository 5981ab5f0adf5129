import type { Config } from '../../gateway/config.ts';
import { answeringPolicyOf, askingPolicyOf } from '../../gateway/discovery-policy.ts';

const SETTINGS = {
  correlationTimeToLive: 'P7D',
  discovery: {
    tells: ['gender'],
    severalMatches: 'none',
    asksFor: ['address'],
    rememberAskers: false,
    atOnce: 2,
  },
  wideArea: { mode: 'off' },
} as unknown as Config;

const SERVED = {
  ...SETTINGS,
  wideArea: { mode: 'before', service: 'wide-area', domain: '2.999.500.32', device: '2.999.500.1' },
} as unknown as Config;

const gateways = () => [
  {
    homeCommunityId: 'urn:oid:2.999.33',
    homeCommunityIds: ['urn:oid:2.999.33', 'urn:oid:2.999.34'],
    wideAreaDomains: { 'urn:oid:2.999.34': '2.999.500.34' },
  },
];
const house = { partners: { gateways }, correlations: { keep: async () => {} } };

describe('The policy of discovery, as the settings say it', () => {
  it('asks communities by demographics alone where no service is set, or its mode is off', () => {
    const named = { ...SETTINGS, wideArea: { mode: 'off', service: 'wide-area' } } as Config;

    expect(askingPolicyOf(SETTINGS)).toEqual({
      discovery: { tells: ['gender'] },
      correlationTimeToLive: 'P7D',
    });
    expect(askingPolicyOf(named)).not.toHaveProperty('wideArea');
  });

  it('names the service by its entry in the directory', () => {
    const expected = { service: { system: 'wide-area' }, device: '2.999.500.1' };

    expect(askingPolicyOf(SERVED).wideArea).toEqual({ ...expected, mode: 'before' });
    expect(answeringPolicyOf(SERVED, house).wideArea).toMatchObject({
      ...expected,
      domain: '2.999.500.32',
    });
  });

  it('tells of the communities that have a domain at the service', () => {
    expect(answeringPolicyOf(SERVED, house).wideArea?.communities()).toEqual([
      { homeCommunityId: 'urn:oid:2.999.34', domain: '2.999.500.34' },
    ]);
  });

  it('remembers askers only where that is set', () => {
    const remembering = {
      ...SETTINGS,
      discovery: { ...SETTINGS.discovery, rememberAskers: true },
    } as Config;

    expect(answeringPolicyOf(SETTINGS, house)).not.toHaveProperty('correlations');
    expect(answeringPolicyOf(remembering, house).correlations).toBe(house.correlations);
  });

  it('answers no more discoveries at one time than that is set', async () => {
    const { discoveries } = answeringPolicyOf(SETTINGS, house);
    const never = () => new Promise<string>(() => {});
    void discoveries?.run(never);
    void discoveries?.run(never);

    expect(await discoveries?.run(async () => 'done')).toBeUndefined();
  });
});
