import type { Demographics, PatientId } from '../../../profiles/patient.ts';
import type { DemographicsCriteria, DemographicsMatch } from '../../../profiles/pdq/iti-47.ts';
import type { PixQuery } from '../../../profiles/pix/iti-45.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import type { PatientDiscovery } from '../../../profiles/xcpd/iti-55.ts';
import { type Answers, DEMOGRAPHICS, TARO } from './world.ts';

/** 試験 太郎 by the chart number of a hospital, and as Okayama knows him. */
export const CHART: PatientId = { id: '0000123', assigningAuthority: '2.999.392.32.4' };
export const OKAYAMA_ID: PatientId = { id: 'OKAYAMA-9', assigningAuthority: '2.999.392.33.3' };

/** The wide-area id service as the directory names it, the domain of Shimane there, and the id of 試験 太郎 in it. */
export const SERVICE = { system: 'wide-area' };
export const DOMAIN = '2.999.500.32';
export const WIDE_ID: PatientId = { id: 'w-7f3a', assigningAuthority: DOMAIN };

/** What Okayama knows of 試験 太郎. */
export const BY_DEMOGRAPHICS: DemographicsCriteria = {
  livingSubjectName: DEMOGRAPHICS.names,
  livingSubjectAdministrativeGender: 'M',
  livingSubjectBirthTime: { value: '19700101' },
  livingSubjectId: [OKAYAMA_ID],
};

/** ITI-55 of Okayama to Shimane. */
export function aQuestion(
  criteria: DemographicsCriteria,
  over: Partial<PatientDiscovery> & { sender?: string; receiver?: string } = {},
): PatientDiscovery {
  const { sender = '2.999.392.33', receiver = '2.999.392.32', ...rest } = over;
  return {
    transmission: {
      messageId: { root: '2.999.392.33.1', extension: '1' },
      creationTime: '20260401000000',
      sender: { device: '2.999.392.33.1', organization: sender },
      receiver: { device: '2.999.392.32.1', organization: receiver },
    },
    queryId: { root: '2.999.392.33.1', extension: '1' },
    criteria,
    ...rest,
  };
}

/** Somebody whom our Patient Demographics Supplier knows. */
export function aMatch(
  ids: readonly PatientId[] = [TARO, CHART],
  demographics: Partial<Demographics> = {},
  degree = 100,
): DemographicsMatch {
  return {
    ids,
    otherIds: [],
    demographics: { ...DEMOGRAPHICS, ...demographics },
    degree,
    custodian: '2.999.392.32.1',
  };
}

/** A namesake of 試験 太郎, born on the same day. */
export function aNamesake(
  demographics: Partial<Demographics> = {},
  degree = 100,
): DemographicsMatch {
  return aMatch([{ ...TARO, id: 'SHIMANE-2' }], demographics, degree);
}

/** Patient Identity here: ids by PIX, and whom name and birth time fit. */
export function identity(
  known: readonly PatientId[],
  matches: readonly DemographicsMatch[],
): Answers {
  return {
    'ITI-45 patient-identity': ({ patientIdentifier }: PixQuery) => {
      const isKnown = known.some(({ id }) => id === patientIdentifier.id);
      if (!isKnown) throw new Refusal('204', 'unknown');
      const ids = [TARO, CHART].filter(({ id }) => id !== patientIdentifier.id);
      return { acknowledgement: 'AA', queryResponseCode: 'OK', ids, details: [] };
    },
    'ITI-47 patient-identity': ({ criteria }: { criteria: DemographicsCriteria }) => {
      // Nobody here has another record that says more.
      const { patientAddress, patientTelecom, mothersMaidenName } = criteria;
      const met = (patientAddress ?? patientTelecom ?? mothersMaidenName) ? [] : matches;
      return {
        acknowledgement: 'AA',
        queryResponseCode: met.length > 0 ? 'OK' : 'NF',
        matches: met,
        details: [],
      };
    },
  };
}
