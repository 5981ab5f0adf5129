/** A region of the demo: a community with all five actors and one hospital. Everything in it is invented. */
export interface DemoRegion {
  readonly name: DemoRegionName;
  readonly title: { readonly en: string; readonly ja: string };
  /** `urn:oid:…` */
  readonly homeCommunityId: string;
  /** OID of the authority of the regional patient ids. */
  readonly affinityDomain: string;
  readonly repositoryUniqueId: string;
  readonly device: string;
  /** The network's id in its certificate's serialNumber. */
  readonly networkId: string;
  readonly hospital: DemoHospital;
}

export interface DemoHospital {
  readonly title: { readonly en: string; readonly ja: string };
  /** OID of the authority of the chart numbers. */
  readonly assigningAuthority: string;
  /** OID under which the hospital's system submits. */
  readonly sourceId: string;
  /** OID of the hospital's system as sender of HL7 V3 messages. */
  readonly device: string;
  /** 10 digits: prefecture, fee table, institution; municipality 99 exists nowhere. */
  readonly institutionCode: string;
}

export type DemoRegionName = 'okayama' | 'shimane' | 'kagawa';

/** The three regions. OIDs: 2.999.392.PREFECTURE; under it 1 patients, 2 repository, 3 device, 10 the hospital. */
export function demoRegions(): readonly DemoRegion[] {
  return [
    region('okayama', 33, { en: 'Okayama', ja: '岡山' }, '3319900019'),
    region('shimane', 32, { en: 'Shimane', ja: '島根' }, '3219900010'),
    region('kagawa', 37, { en: 'Kagawa', ja: '香川' }, '3719900015'),
  ];
}

/** The region of that name. */
export function demoRegion(name: DemoRegionName): DemoRegion {
  const found = demoRegions().find((each) => each.name === name);
  if (found === undefined) throw new Error(`no demo region ${name}`);
  return found;
}

function region(
  name: DemoRegionName,
  prefecture: number,
  title: DemoRegion['title'],
  institutionCode: string,
): DemoRegion {
  const arc = `2.999.392.${prefecture}`;
  return {
    name,
    title: {
      en: `${title.en} demonstration network`,
      ja: `${title.ja}実演ネットワーク`,
    },
    homeCommunityId: `urn:oid:${arc}`,
    affinityDomain: `${arc}.1`,
    repositoryUniqueId: `${arc}.2`,
    device: `${arc}.3`,
    networkId: `NET-${prefecture}`,
    hospital: {
      title: { en: `${title.en} sample hospital`, ja: `${title.ja}見本病院` },
      assigningAuthority: `${arc}.10.1`,
      sourceId: `${arc}.10.2`,
      device: `${arc}.10.3`,
      institutionCode,
    },
  };
}
