import type { PatientId, PersonName } from '../../profiles/patient.ts';
import { ITI_47 } from '../../profiles/pdq/iti-47.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import type { Region } from '../federation.ts';
import { BENCH, type Ready, asking, simple, transmission } from './bench-region.ts';
import type { Filled, Registered } from './identity-fill.ts';
import { never } from './stage.ts';

/** A filled region, and how many of its unknown registrations were fed. */
export interface IdentitySide {
  readonly region: Region;
  readonly filled: Filled;
  /** Queries of a round. */
  readonly queries: number;
  fed: number;
}

/** One feed for so many queries: few, so that the small region stays small. */
const QUERIES_A_FEED = 5;

/** Where a region's Patient Identity is asked. */
export function urlOf({ url }: Region): string {
  return `${url}/patient-identity`;
}

/** A feed is accepted, a query finds the patient. */
export function isAccepted(status: number, body: Buffer): void {
  const text = body.toString('utf8');
  if (status === 200 && /typeCode code="(?:CA|AA)"/.test(text)) return;
  throw new Error(`answered ${status}: ${text.slice(0, 2_000)}`);
}

/** How a patient is asked for whose kana and birth date are known. */
export const PDQ_SHAPES = {
  'kana and birth date': (name: PersonName) => name,
  'beginnings of kana and birth date': ({ family, given, representation }: PersonName) => ({
    family: beginningOf(family, 2),
    given: [beginningOf(given.join(''), 1)],
    representation,
  }),
} as const satisfies Readonly<Record<string, (name: PersonName) => PersonName>>;

function beginningOf(text: string, letters: number): string {
  // Half-width kana have their voice marks behind them.
  return `${[...text.normalize('NFKC')].slice(0, letters).join('')}*`;
}

/** By kana and birth date (ITI-47), of registrations all over the store; each asks for somebody who is there. */
export function demographicsQueriesOf(
  { region, queries, filled: { known } }: IdentitySide,
  shape: keyof typeof PDQ_SHAPES,
): readonly Ready[] {
  const asked = known.flatMap(({ demographics: { names, birthTime } }) => {
    const kana = names.find(
      ({ family, given, representation }) =>
        representation === 'SYL' &&
        family !== '' &&
        given.length > 0 &&
        // It is folded with its vowel, so that the half of it begins no name.
        !`${family}${given.join('')}`.normalize('NFKC').includes('ヴ'),
    );
    return kana === undefined || birthTime?.length !== BIRTH_DATE_DIGITS
      ? []
      : [{ name: PDQ_SHAPES[shape](kana), birthTime }];
  });
  return Array.from({ length: queries }, () => {
    const { name, birthTime } = pickFrom(asked);
    return simple(
      ITI_47,
      {
        ...asking(),
        criteria: { livingSubjectName: [name], livingSubjectBirthTime: { value: birthTime } },
        scopingOrganizations: [],
      },
      urlOf(region),
    );
  });
}

const BIRTH_DATE_DIGITS = 8;

/** How many patients an answer to ITI-47 tells of. */
export function patientsIn(body: Buffer): number {
  return body.toString('utf8').split('<registrationEvent').length - 1;
}

/** Of registrations all over the store, others in each round. */
export function queriesOf({ region, queries, filled: { known } }: IdentitySide): readonly Ready[] {
  return Array.from({ length: queries }, () => {
    const { ids } = pickFrom(known);
    const [patientIdentifier = never()] = ids;
    return simple(
      ITI_45,
      {
        ...asking(),
        patientIdentifier,
        dataSources: [BENCH.affinityDomain],
      },
      urlOf(region),
    );
  });
}

/** Every other one of somebody whom the region does not know, the others of somebody who has moved. */
export function feedsOf(side: IdentitySide): readonly Ready[] {
  const { known, unknown } = side.filled;
  return Array.from({ length: side.queries / QUERIES_A_FEED }, (_, n) => {
    if (n % 2 === 0) return feedOf(side, revised(pickFrom(known)));
    const next = unknown[side.fed % unknown.length];
    side.fed += 1;
    return feedOf(side, next ?? never());
  });
}

let picked = 0;

/** All of a list in an order without meaning. */
function pickFrom<One>(list: readonly One[]): One {
  picked += 1;
  return list[(picked * 7_919) % list.length] ?? never();
}

/** She has moved; a feed that says nothing new would be no feed. */
function revised({ ids, demographics }: Registered): Registered {
  const telecoms = [{ value: `tel:090-${String(picked % 10_000).padStart(4, '0')}-0000` }];
  return { ids, demographics: { ...demographics, telecoms } };
}

function feedOf({ region }: IdentitySide, { ids, demographics }: Registered): Ready {
  const [first = never()]: readonly PatientId[] = ids;
  return simple(
    ITI_44,
    {
      kind: 'add',
      transmission: transmission(),
      ids,
      otherIds: [],
      demographics,
      providerOrganization: { id: first.assigningAuthority },
      custodian: BENCH.device,
    },
    urlOf(region),
  );
}
