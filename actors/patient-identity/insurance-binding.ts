import type { Demographics, InsuranceMembership, PatientId } from '../../profiles/patient.ts';
import { membershipIn } from './insurance-ids.ts';
import { comparableInsurance } from './matching/insurance.ts';
import type { WideArea } from './wide-area.ts';

/** More memberships than these of one feed are not bound. */
const MOST = 8;

/** What a feed says of a person, as far as binding looks at it. */
export interface Bindable {
  readonly otherIds: readonly PatientId[];
  readonly demographics: Demographics;
  readonly unchanged?: readonly (keyof Demographics)[];
}

/**
 * What the wide-area id service keeps of a feed: names, sex, birth date, addresses and telephones; and in place of each
 * insurance that names one person its keyed hash. An insurance of a household, or without a key to hash it with, is dropped:
 * no number of an insurance is kept in the clear. What is bound stays bound where a feed says nothing of insurances, and goes
 * where it says that there is none. Other ids of the patient are not kept, an insurance number among them is read as one.
 */
export function boundRegistration<Fed extends Bindable>(fed: Fed, wideArea: WideArea): Fed {
  const { demographics, otherIds, unchanged = [] } = fed;
  const { names, administrativeGender, birthTime, addresses, telecoms } = demographics;
  const memberships = [
    ...(demographics.insurance ?? []),
    ...otherIds
      .filter(({ assigningAuthority }) => wideArea.insuranceDomains.includes(assigningAuthority))
      .flatMap(({ id }) => membershipIn(id) ?? []),
  ];
  const insuranceKeys = keysOf(memberships.slice(0, MOST), wideArea);
  const isBound = insuranceKeys.length > 0;
  const isEnded = memberships.length === 0 && demographics.insurance !== undefined;
  return {
    ...fed,
    otherIds: [],
    demographics: {
      names,
      ...(administrativeGender === undefined ? {} : { administrativeGender }),
      ...(birthTime === undefined ? {} : { birthTime }),
      ...(addresses === undefined ? {} : { addresses }),
      ...(telecoms === undefined ? {} : { telecoms }),
      ...(isBound ? { insuranceKeys } : {}),
    },
    unchanged: isBound || isEnded ? unchanged : [...unchanged, 'insuranceKeys'],
  };
}

function keysOf(
  memberships: readonly InsuranceMembership[],
  { hashInsurance }: WideArea,
): readonly string[] {
  if (!hashInsurance) return [];
  const keys = memberships.flatMap((membership) => {
    const compared = comparableInsurance(membership);
    if (!compared || !(compared.isPersonal || compared.branch)) return [];
    return [hashInsurance(`${compared.key}|${compared.isPersonal ? '' : compared.branch}`)];
  });
  return [...new Set(keys)];
}
