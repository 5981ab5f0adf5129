import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, readConfig, writeYaml } from '../../gateway/config.ts';
import { ConfigFaults } from '../../gateway/config-faults.ts';
import { aboveOf } from '../../gateway/identity-here.ts';
import { importBatch } from '../../gateway/identity-importing.ts';
import { withIdentityOffline } from '../../gateway/identity-offline.ts';
import { identityLevelOf } from '../../gateway/wide-area-service.ts';
import { makeRegion } from '../../scripts/region-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'kakehashi-wide-area-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NETWORK = {
  homeCommunityId: 'urn:oid:2.999.32',
  affinityDomain: '2.999.32.1',
  wideAreaDomain: '2.999.600.32',
};
const SOUND = {
  name: 'service',
  homeCommunityId: 'urn:oid:2.999.600',
  affinityDomain: '2.999.600.1',
  repositoryUniqueId: '2.999.600.2',
  device: '2.999.600.3',
  actors: ['patient-identity'],
  assigningAuthorities: [
    ...['2.999.600.1', '2.999.32.1', '2.999.600.32'].map((oid) => ({ oid, name: oid })),
    { oid: '2.999.600.9', name: 'insurance', kind: 'insurance-key' },
  ],
  tls: { acceptedPolicies: ['2.999.9'] },
  identity: { level: 'wideArea', networks: [NETWORK] },
};

function configOf(over: Readonly<Record<string, unknown>> = {}): Config {
  writeFileSync(join(folder, 'kakehashi.yaml'), writeYaml({ ...SOUND, ...over }));
  return readConfig(folder);
}

function faultsOf(over: Readonly<Record<string, unknown>>): readonly string[] {
  try {
    configOf(over);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigFaults)) throw error;
    for (const { problem } of error.faults) expect(problem.ja).toMatch(/[\u3040-\u9fff]/);
    return error.faults.map(({ problem }) => problem.en);
  }
}

describe('The settings of a wide-area id service', () => {
  it('need no Document Registry', () => {
    expect(faultsOf({})).toEqual([]);
  });

  it('say that it runs alone, and with networks', () => {
    const identity = { level: 'wideArea' };
    expect(faultsOf({ identity, actors: ['patient-identity', 'document-registry'] })).toEqual([
      'actors must be patient-identity alone; identity.level is wideArea',
      'identity.networks is empty; a wide-area id service needs networks',
    ]);
  });

  it('name each domain among the authorities, and for one purpose', () => {
    const networks = [
      NETWORK,
      { ...NETWORK, affinityDomain: '2.999.600.1', wideAreaDomain: '2.999.7' },
    ];
    expect(faultsOf({ identity: { level: 'wideArea', networks } })).toEqual([
      'identity.networks.1.affinityDomain is 2.999.600.1, which is another domain already',
      'identity.networks.1.wideAreaDomain is 2.999.7, which assigningAuthorities does not name',
    ]);
  });

  it('is fed by regions, and feeds nobody', () => {
    const wideArea = { service: 'another', feed: true };
    expect(faultsOf({ wideArea })).toEqual(['wideArea.feed is for identity.level region only']);
  });

  it('are not for a region', () => {
    const networks = [NETWORK];
    expect(faultsOf({ actors: [], identity: { networks } })).toEqual([
      'identity.networks is for identity.level wideArea only',
    ]);
    expect(faultsOf({ actors: [], identity: { insuranceKey: 'key' } })).toEqual([
      'identity.insuranceKey is for identity.level wideArea only',
    ]);
  });
});

describe('A wide-area id service', () => {
  const keyed = () => configOf({ identity: { ...SOUND.identity, insuranceKey: 'insurance.key' } });
  const writeKey = (bytes: number, mode: number) => {
    const path = join(folder, 'insurance.key');
    writeFileSync(path, Buffer.alloc(bytes, 7));
    chmodSync(path, mode);
  };

  it('is none in a region', async () => {
    const actors = SOUND.actors;
    const config = configOf({
      actors,
      identity: {},
      destinations: { 'document-registry': 'https://x' },
    });
    expect(await identityLevelOf(config)).not.toHaveProperty('wideArea');
  });

  it('is fed by a region only where that is switched on, and hears what the settings say', () => {
    const destinations = { 'document-registry': 'https://x' };
    const wideArea = { service: 'wide-area', device: '2.999.1.9', insuranceDomain: '2.999.600.9' };
    const region = (over: object) =>
      aboveOf(configOf({ actors: ['patient-identity'], identity: {}, destinations, ...over }));
    expect(region({ wideArea })).toEqual({ hasInitiatingGateway: false });
    expect(region({ wideArea: { ...wideArea, feed: true } }).above).toEqual(wideArea);
    const elsewhere = { ...destinations, 'initiating-gateway': 'https://y' };
    expect(region({ destinations: elsewhere })).toEqual({ hasInitiatingGateway: true });
    expect(aboveOf(configOf())).toEqual({});
  });

  it('draws digits from nothing but chance', async () => {
    const { wideArea } = await identityLevelOf(configOf());
    const drawn = Array.from({ length: 2_000 }, () => wideArea?.drawDigits(16) ?? '');
    expect(new Set(drawn).size).toBe(2_000);
    for (let place = 0; place < 16; place += 1) {
      const counts = new Map<string, number>();
      for (const text of drawn)
        counts.set(text.charAt(place), (counts.get(text.charAt(place)) ?? 0) + 1);
      expect(counts.size).toBe(10);
      // 200 each, give or take; a place that told of the time would be one digit alone.
      for (const count of counts.values()) expect(count).toBeLessThan(320);
    }
    expect(wideArea).not.toHaveProperty('hashInsurance');
    expect(wideArea?.insuranceDomains).toEqual(['2.999.600.9']);
  });

  it('hashes with its key, by HMAC-SHA-256', async () => {
    writeKey(32, 0o600);
    const one = (await identityLevelOf(keyed())).wideArea?.hashInsurance?.('00138057|1|187|05');
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    writeKey(33, 0o600);
    const other = (await identityLevelOf(keyed())).wideArea?.hashInsurance?.('00138057|1|187|05');
    expect(other).not.toBe(one);
  });

  it('does not start with a key that others may read, or that is short, or not there', async () => {
    writeKey(32, 0o640);
    await expect(identityLevelOf(keyed())).rejects.toThrow('it must be 0600');
    writeKey(31, 0o600);
    await expect(identityLevelOf(keyed())).rejects.toThrow('32 bytes or more');
    rmSync(join(folder, 'insurance.key'));
    await expect(identityLevelOf(keyed())).rejects.toThrow('ENOENT');
  });
});

describe('An import of a wide-area id service of which no process runs', () => {
  it('keeps no number of an insurance, however it is told, and takes no other than regional ids', async () => {
    const made = join(folder, 'made');
    await makeRegion(made, {
      ...{ name: 'Trial', arc: '2.999.392.32', networkId: 'NET-1', hospital: '9919900010' },
      ...{ host: 'localhost', port: 8_443, operationsPort: 9_443, language: 'en' },
      ...{ ca: undefined, crlUrl: undefined, own: undefined, now: new Date() },
    });
    // Its certificates and folders, with the settings of a service.
    const { actors, affinityDomain, assigningAuthorities, identity } = configOf();
    const service = { actors, affinityDomain, assigningAuthorities, identity };
    const config: Config = { ...readConfig(made, {}), ...service };
    const id = { id: 'R-1', assigningAuthority: NETWORK.affinityDomain };
    const names = [{ family: '試験', given: ['太郎'] }];
    const insurance = [{ insurer: '06130012', symbol: '記号', number: '98765', branch: '01' }];
    const told = [{ id: '06130012:記号:98765:01', assigningAuthority: '2.999.600.9' }];
    const registrations = [
      { ids: [id], otherIds: told, demographics: { names, birthTime: '19700101', insurance } },
      {
        ids: [{ id: 'x', assigningAuthority: '2.999.600.32' }],
        otherIds: [],
        demographics: { names },
      },
    ];
    await withIdentityOffline(config, async (importing) => {
      const outcomes = await importBatch({ by: '担当 一郎', registrations }, importing);
      expect(outcomes.map(({ kind }) => kind)).toEqual(['added', 'refused']);
      const stored = await importing.stores.identities.look((records) => records.recordOf(id));
      expect(stored?.demographics).toEqual({ names, birthTime: '19700101' });
    });
  });
});
