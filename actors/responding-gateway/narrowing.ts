import {
  type Address,
  type Demographics,
  type PatientId,
  type PersonName,
  patientKey,
} from '../../profiles/patient.ts';
import type { DemographicsCriteria, DemographicsMatch } from '../../profiles/pdq/iti-47.ts';
import type { Askable } from './stores.ts';

/** How a datum that was asked by and the one on file agree; `unknown`: there is none on file. */
type Agreement = 'agrees' | 'differs' | 'unknown';

/** A parameter beside name and birth time that narrows a discovery. */
interface Aspect {
  readonly parameter: keyof DemographicsCriteria;
  compare(criteria: DemographicsCriteria, demographics: Demographics): Agreement;
  /** Whether another record of the same person may still agree, which her demographics here do not show. */
  readonly mayAgreeElsewhere: boolean;
}

const ASPECTS: readonly Aspect[] = [
  {
    parameter: 'livingSubjectAdministrativeGender',
    mayAgreeElsewhere: false,
    compare: ({ livingSubjectAdministrativeGender: wanted }, { administrativeGender }) =>
      agreement(wanted ? [wanted] : [], administrativeGender ? [administrativeGender] : [], equal),
  },
  {
    parameter: 'patientAddress',
    mayAgreeElsewhere: true,
    compare: ({ patientAddress = [] }, { addresses = [] }) =>
      agreement(patientAddress, addresses, isSameAddress),
  },
  {
    parameter: 'patientTelecom',
    mayAgreeElsewhere: true,
    compare: ({ patientTelecom = [] }, { telecoms = [] }) =>
      agreement(
        patientTelecom,
        telecoms,
        (one, other) => telecomKey(one.value) === telecomKey(other.value),
      ),
  },
  {
    // Whoever has it otherwise written may agree all the same: the Patient Demographics Supplier compares as names are.
    parameter: 'mothersMaidenName',
    mayAgreeElsewhere: true,
    compare: ({ mothersMaidenName: wanted = [] }, { mothersMaidenName: filed = [] }) =>
      agreement(
        wanted,
        filed.filter((name) => wanted.some((one) => isWrittenAlike(one, name))),
        isSameName,
      ),
  },
];

function agreement<Wanted, Filed>(
  wanted: readonly Wanted[],
  filed: readonly Filed[],
  isSame: (one: Wanted, other: Filed) => boolean,
): Agreement {
  if (filed.length === 0) return 'unknown';
  return wanted.some((one) => filed.some((other) => isSame(one, other))) ? 'agrees' : 'differs';
}

function equal(one: string, other: string): boolean {
  return one === other;
}

/**
 * Those of the candidates whom gender, address, telecom and mother's maiden name leave, each where it is given: whoever
 * differs goes; and where somebody agrees, those go of whom it is not known.
 *
 * @param alsoMeeting who meets name, birth time and these criteria by any of her records
 * @see ITI TF-2: 3.55.4.1.3
 */
export async function narrowed(
  candidates: readonly DemographicsMatch[],
  criteria: DemographicsCriteria,
  alsoMeeting: (criteria: DemographicsCriteria) => Promise<readonly DemographicsMatch[]>,
): Promise<readonly DemographicsMatch[]> {
  let left = candidates;
  for (const { parameter, compare, mayAgreeElsewhere } of ASPECTS) {
    const given = criteria[parameter];
    if (left.length === 0 || given === undefined) continue;
    const judged = left.map((match) => ({ match, said: compare(criteria, match.demographics) }));
    const isOpen = mayAgreeElsewhere && judged.some(({ said }) => said !== 'agrees');
    const meeting = keysOf(isOpen ? await alsoMeeting({ [parameter]: given }) : []);
    const agree = judged.filter(
      ({ match, said }) => said === 'agrees' || match.ids.some((id) => meeting.has(patientKey(id))),
    );
    const kept = agree.length > 0 ? agree : judged.filter(({ said }) => said === 'unknown');
    left = kept.map(({ match }) => match);
  }
  return left;
}

function keysOf(matches: readonly { readonly ids: readonly PatientId[] }[]): ReadonlySet<string> {
  return new Set(matches.flatMap(({ ids }) => ids.map(patientKey)));
}

/** The code of each datum that may be asked for. Source: ITI TF-2: 3.55.4.2.2.6. */
const REQUESTED = {
  gender: 'LivingSubjectAdministrativeGenderRequested',
  address: 'PatientAddressRequested',
  telecom: 'PatientTelecomRequested',
} as const satisfies Record<Askable, string>;

/** What was given of each in the question. */
const PARAMETER = {
  gender: 'livingSubjectAdministrativeGender',
  address: 'patientAddress',
  telecom: 'patientTelecom',
} as const satisfies Record<Askable, keyof DemographicsCriteria>;

/**
 * actOrderRequired codes of what was not given and would tell some of the candidates apart. It depends on who they are, and
 * says neither that nor how many.
 */
export function tellingApart(
  candidates: readonly DemographicsMatch[],
  criteria: DemographicsCriteria,
  mayBeAsked: readonly Askable[],
): readonly string[] {
  if (candidates.length < 2) return [];
  const asked = (['gender', 'address', 'telecom'] as const).filter(
    (datum) =>
      mayBeAsked.includes(datum) &&
      criteria[PARAMETER[datum]] === undefined &&
      differ(
        candidates.map(({ demographics }) => criteriaOf(datum, demographics)),
        datum,
      ),
  );
  return asked.map((datum) => REQUESTED[datum]);
}

/** What somebody with these demographics would be asked by. */
function criteriaOf(
  datum: Askable,
  { administrativeGender, addresses, telecoms }: Demographics,
): { readonly criteria: DemographicsCriteria; readonly demographics: Demographics } {
  const demographics = { names: [], administrativeGender, addresses, telecoms };
  switch (datum) {
    case 'gender':
      return {
        criteria: { livingSubjectAdministrativeGender: administrativeGender },
        demographics,
      };
    case 'address':
      return { criteria: { patientAddress: addresses }, demographics };
    case 'telecom':
      return { criteria: { patientTelecom: telecoms }, demographics };
  }
}

function differ(people: readonly ReturnType<typeof criteriaOf>[], datum: Askable): boolean {
  const aspect = ASPECTS.find(({ parameter }) => parameter === PARAMETER[datum]);
  const known = people.filter(({ criteria }) => (criteria[PARAMETER[datum]] ?? []).length > 0);
  return known.some(({ criteria }, index) =>
    known
      .slice(index + 1)
      .some(({ demographics }) => aspect?.compare(criteria, demographics) === 'differs'),
  );
}

const PREFECTURE = /^(?:東京都|北海道|(?:京都|大阪)府|[^都道府県]{2,3}県)/u;

/** A name in kanji says nothing against one in kana. */
function isWrittenAlike(one: PersonName, other: PersonName): boolean {
  return (
    (one.representation ?? other.representation) === (other.representation ?? one.representation)
  );
}

/** Part by part, where both have it. */
function isSameName(one: PersonName, other: PersonName): boolean {
  const pairs = [
    [one.family, other.family],
    [one.given.join(''), other.given.join('')],
  ] as const;
  const plain = (text: string) => text.normalize('NFKC').replace(/\s+/gu, '').toLowerCase();
  const both = pairs.filter(([mine, theirs]) => mine !== '' && theirs !== '');
  return both.length > 0 && both.every(([mine, theirs]) => plain(mine) === plain(theirs));
}

/**
 * The same place: equal postal codes where both have one, and the same text but for the prefecture, which many leave out, and
 * for the way in which numbers are joined.
 */
function isSameAddress(wanted: Address, filed: Address): boolean {
  const [one, other] = [wanted, filed].map(comparable);
  if (!one || !other) return false;
  const isSamePost = one.post === other.post;
  if (one.post !== '' && other.post !== '' && !isSamePost) return false;
  if (one.text === '' || other.text === '') return one.post !== '' && isSamePost;
  return one.text === other.text;
}

function comparable({ state = '', city = '', streetAddressLine = [], postalCode = '' }: Address) {
  const text = squeezed([state, city, ...streetAddressLine].join(''))
    .replace(PREFECTURE, '')
    .replaceAll(/(?<=\d)(?:丁目|番地の?|番|号|の)/gu, '-')
    .replaceAll(/-+/g, '-')
    .replace(/-$/, '');
  return { text, post: squeezed(postalCode).replaceAll(/\D/g, '') };
}

/** NFKC in capitals, without blanks, every dash between digits the same. */
function squeezed(text: string): string {
  return text
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[\s,、]+/gu, '')
    .replaceAll(/(?<=\d)[‐-―−ー](?=\d)/gu, '-');
}

/** A telephone number by its digits, +81 as 0; anything else as it is written. */
function telecomKey(value: string): string {
  const plain = value.normalize('NFKC').replace(/^tel:/i, '').trim();
  if (!/^[+\d][\d\s().-]+$/.test(plain)) return value.trim().toLowerCase();
  return plain
    .replace(/^(?:\+|00)81[\s-]*(?:\(0\))?/, '0')
    .replaceAll(/\D/g, '')
    .replace(/^00/, '0');
}
