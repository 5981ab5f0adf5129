import type { Demographics, InsuranceMembership, PatientId } from '../../profiles/patient.ts';
import type { DomainTable } from './domains.ts';

/** `insurer:symbol:number:branch`, as CLINS writes an insured person; symbol and branch may be empty. */
const MEMBER = /^([0-9]{6,8}):([^:\s]{0,40}):([^:\s]{1,40}):([0-9]{2})?$/u;

/** Memberships of one feed that are read; IN1 has no more. */
const MOST = 10;

/** A membership that an id of an insurance-key domain tells; undefined for an id that is none. */
export function membershipIn(id: string): InsuranceMembership | undefined {
  const [, insurer, symbol, number, branch] = MEMBER.exec(id.normalize('NFKC')) ?? [];
  if (insurer === undefined || number === undefined) return undefined;
  return { insurer, number, ...(symbol ? { symbol } : {}), ...(branch ? { branch } : {}) };
}

/**
 * A membership as an id of an insurance-key domain: the only place that ITI-44 has for it, among asOtherIDs.
 *
 * @returns undefined for one that cannot be written so
 * @see ITI TF-2: 3.44.4.1.2, OtherIDs
 */
export function insuranceIdOf(membership: InsuranceMembership): string | undefined {
  const { insurer, symbol = '', number, branch = '' } = membership;
  const parts = [insurer, symbol, number].map((part) => part.replace(/\s+/gu, ''));
  const digits = branch.normalize('NFKC').replace(/\D/g, '');
  const id = [...parts, digits === '' ? '' : digits.padStart(2, '0')].join(':');
  return membershipIn(id) === undefined ? undefined : id;
}

/** What a feed tells of other domains. */
interface Told {
  readonly otherIds: readonly PatientId[];
  readonly noneIn?: readonly string[];
  readonly demographics: Demographics;
}

/**
 * Reads the other ids that are insurance numbers as what they are: for matching only, and no ids of anybody. They stand beside
 * those that the feed tells in a place of their own (IN1). A feed that says that there is no id in the domain of the insurances
 * says that there is no insurance, as an empty IN1-3 does; one that says nothing of the domain leaves it as it was.
 */
export function readInsuranceIds<Fed extends Told>(fed: Fed, domains: DomainTable): Fed {
  const isOfInsurance = (oid: string) => domains.find(oid)?.kind === 'insurance-key';
  const isInsurance = ({ assigningAuthority }: PatientId) => isOfInsurance(assigningAuthority);
  const told = fed.otherIds.filter(isInsurance);
  const { insurance = [] } = fed.demographics;
  if (told.length === 0) {
    if (!(fed.noneIn ?? []).some(isOfInsurance)) return fed;
    return { ...fed, demographics: { ...fed.demographics, insurance } };
  }
  const read = told.flatMap(({ id }) => membershipIn(id) ?? []);
  return {
    ...fed,
    otherIds: fed.otherIds.filter((id) => !isInsurance(id)),
    ...(read.length === 0
      ? {}
      : {
          demographics: {
            ...fed.demographics,
            insurance: [...insurance, ...read].slice(0, MOST),
          },
        }),
  };
}

/**
 * A revise of ITI-44 is the whole of what its source knows. So one that lists no insurance says that there is none, where the
 * directory names the insurances' domain among those that the caller feeds; of another caller it cannot be told whether it ever
 * knows of insurances.
 *
 * @see ITI TF-2: 3.44.4.1.2, Patient Registry Record Revised
 */
export function withNoneListed<Fed extends Told>(
  fed: Fed,
  fedByCaller: readonly string[],
  domains: DomainTable,
): Fed {
  const listed = fed.otherIds.map(({ assigningAuthority }) => assigningAuthority);
  const none = fedByCaller.filter(
    (oid) => domains.find(oid)?.kind === 'insurance-key' && !listed.includes(oid),
  );
  return none.length === 0 ? fed : { ...fed, noneIn: [...(fed.noneIn ?? []), ...none] };
}
