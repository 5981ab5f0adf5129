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

/**
 * Reads the other ids that are insurance numbers as what they are: for matching only, and no ids of anybody. They stand beside
 * those that the feed tells in a place of their own (IN1).
 */
export function readInsuranceIds<
  Fed extends { readonly otherIds: readonly PatientId[]; readonly demographics: Demographics },
>(fed: Fed, domains: DomainTable): Fed {
  const isInsurance = ({ assigningAuthority }: PatientId) =>
    domains.find(assigningAuthority)?.kind === 'insurance-key';
  const told = fed.otherIds.filter(isInsurance);
  if (told.length === 0) return fed;
  const read = told.flatMap(({ id }) => membershipIn(id) ?? []);
  const { insurance = [] } = fed.demographics;
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
