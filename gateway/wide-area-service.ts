import { createHmac, randomInt } from 'node:crypto';
import type { PatientIdentityStores } from '../actors/patient-identity/stores.ts';
import type { WideArea } from '../actors/patient-identity/wide-area.ts';
import type { Config } from './config.ts';
import { domainTableOf } from './ourselves.ts';
import { matcherOf } from './rule-set-file.ts';
import { KeyFileRefused, readPrivateFile } from './safeguards/key-files.ts';

/** Octets of a key; with fewer, all insurance numbers could be tried. */
const LEAST_KEY_BYTES = 32;

/**
 * What a process's Patient Identity knows of domains, by which rules it decides and, at a wide-area id service, the networks.
 *
 * @throws RuleSetFileRefused; KeyFileRefused for a key that others may read, or that is too short
 */
export async function identityLevelOf(
  config: Config,
): Promise<Pick<PatientIdentityStores, 'domains' | 'matcher' | 'wideArea'>> {
  const domains = domainTableOf(config);
  const rules = await matcherOf(config);
  const { level, networks, insuranceKey } = config.identity;
  if (level !== 'wideArea') return { domains, ...rules };
  const wideArea: WideArea = {
    networks,
    drawDigits: (count) => Array.from({ length: count }, () => randomInt(10)).join(''),
    insuranceDomains: domains.all.flatMap(({ oid, kind }) => (kind === 'insurance-key' ? oid : [])),
    ...(insuranceKey === undefined ? {} : { hashInsurance: await hashWith(insuranceKey) }),
  };
  return { domains, ...rules, wideArea };
}

/** The key that insurance numbers are hashed with. @throws KeyFileRefused; the system's error where it cannot be read */
export async function readInsuranceKey(path: string): Promise<Buffer> {
  const key = await readPrivateFile(path);
  if (key.length >= LEAST_KEY_BYTES) return key;
  throw new KeyFileRefused(path, `a key has ${LEAST_KEY_BYTES} bytes or more`);
}

async function hashWith(path: string): Promise<(person: string) => string> {
  const key = await readInsuranceKey(path);
  return (person) => createHmac('sha256', key).update(person).digest('hex');
}
