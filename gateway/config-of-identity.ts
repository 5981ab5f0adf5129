import type { BothLanguages, ConfigFault } from './config-faults.ts';
import type { ValuesOf } from './settings.ts';
import type { SETTINGS } from './settings-table.ts';

type Values = ValuesOf<typeof SETTINGS>;

/** What the settings of a wide-area id service say together. */
export function wideAreaFaults(values: Values): readonly ConfigFault[] {
  const { level, networks, insuranceKey } = values.identity;
  if (level === 'region') {
    const given = networks.length > 0 ? 'networks' : insuranceKey ? 'insuranceKey' : undefined;
    if (given === undefined) return [];
    return [
      fault(`identity.${given}`, {
        en: 'is for identity.level wideArea only',
        ja: 'は identity.level が wideArea のときだけ使えます',
      }),
    ];
  }
  const faults: ConfigFault[] = [];
  if (values.actors.length !== 1 || values.actors[0] !== 'patient-identity') {
    faults.push(
      fault('actors', {
        en: 'must be patient-identity alone; identity.level is wideArea',
        ja: 'は patient-identity だけにしてください（identity.level が wideArea のため）',
      }),
    );
  }
  if (values.wideArea.feed) {
    faults.push(
      fault('wideArea.feed', {
        en: 'is for identity.level region only',
        ja: 'は identity.level が region のときだけ使えます',
      }),
    );
  }
  if (networks.length === 0) {
    faults.push(
      fault('identity.networks', {
        en: 'is empty; a wide-area id service needs networks',
        ja: 'が空です。広域連携 ID サービスには地域ネットワークが必要です',
      }),
    );
  }
  return [...faults, ...domainFaults(values)];
}

function domainFaults({
  affinityDomain,
  assigningAuthorities,
  identity: { networks },
}: Values): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const known = new Set(assigningAuthorities.map(({ oid }) => oid));
  const taken = new Set([affinityDomain]);
  networks.forEach((network, index) => {
    for (const name of ['affinityDomain', 'wideAreaDomain'] as const) {
      const path = `identity.networks.${index}.${name}`;
      const oid = network[name];
      if (!known.has(oid)) {
        faults.push(
          fault(path, {
            en: `is ${oid}, which assigningAuthorities does not name`,
            ja: `の ${oid} が assigningAuthorities にありません`,
          }),
        );
      }
      if (taken.has(oid)) {
        faults.push(
          fault(path, {
            en: `is ${oid}, which is another domain already`,
            ja: `の ${oid} はすでに別の用途に使われています`,
          }),
        );
      }
      taken.add(oid);
    }
  });
  return faults;
}

function fault(path: string, { en, ja }: BothLanguages): ConfigFault {
  return { path, problem: { en: `${path} ${en}`, ja: `${path} ${ja}` } };
}
