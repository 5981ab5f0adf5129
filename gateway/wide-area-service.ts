import { createHmac, randomInt } from 'node:crypto';
import type { PatientIdentityStores } from '../actors/patient-identity/stores.ts';
import type { WideArea } from '../actors/patient-identity/wide-area.ts';
import type { Config } from './config.ts';
import { domainTableOf } from './ourselves.ts';
import { KeyFileRefused, readPrivateFile } from './safeguards/key-files.ts';

/** Octets of a key; with fewer, all insurance numbers could be tried. */
const LEAST_KEY_BYTES = 32;

/**
 * What a process's Patient Identity knows of domains and, at a wide-area id service, of networks.
 *
 * @throws KeyFileRefused for a key that others may read, or that is too short
 */
export async function identityLevelOf(
  config: Config,
): Promise<Pick<PatientIdentityStores, 'domains' | 'wideArea'>> {
  const domains = domainTableOf(config);
  const { level, networks, insuranceKey } = config.identity;
  if (level !== 'wideArea') return { domains };
  const wideArea: WideArea = {
    networks,
    drawDigits: (count) => Array.from({ length: count }, () => randomInt(10)).join(''),
    insuranceDomains: domains.all.flatMap(({ oid, kind }) => (kind === 'insurance-key' ? oid : [])),
    ...(insuranceKey === undefined ? {} : { hashInsurance: await hashWith(insuranceKey) }),
  };
  return { domains, wideArea };
}

async function hashWith(path: string): Promise<(person: string) => string> {
  const key = await readPrivateFile(path);
  if (key.length < LEAST_KEY_BYTES) {
    throw new KeyFileRefused(path, `a key has ${LEAST_KEY_BYTES} bytes or more`);
  }
  return (person) => createHmac('sha256', key).update(person).digest('hex');
}
