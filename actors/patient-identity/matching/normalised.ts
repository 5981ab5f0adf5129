import type { Address, Demographics, PatientId, PersonName } from '../../../profiles/patient.ts';
import { type ComparableAddress, comparableAddress } from './address.ts';
import { birthDayOf, readBirthText } from './birth-date.ts';
import { type ComparableInsurance, comparableInsurance } from './insurance.ts';
import { cleaned, foldedKanji, scriptOf } from './kanji.ts';
import { phoneDigits } from './phone.ts';
import { foldedKana, type Sound, soundOfKana, soundOfRomaji } from './sound.ts';

/** What matching looks at: the ids say only which authority a record has one of. */
export interface MatchingRecord {
  readonly ids: readonly PatientId[];
  readonly demographics: Demographics;
}

/** A family or a given name as it is compared, in each way in which it is written. */
export interface NamePart {
  /** Folded characters or Latin letters; empty where the name is known in kana alone. */
  readonly kanji: string;
  /** Each sound that the record gives: of its kana, and of its Latin letters where they say another. */
  readonly sounds: readonly Sound[];
}

/** One name of a person in its up to three forms. */
export interface ComparableName {
  readonly family: NamePart;
  readonly given: NamePart;
  /** The given name stands for one that was not given yet: ベビー. */
  readonly isNewborn: boolean;
}

/** A record as it is compared. The record itself keeps what was sent. */
export interface Normalised {
  /** OIDs of the authorities that it has an id of. */
  readonly authorities: readonly string[];
  /** Names; without those that stand for none (不明). */
  readonly names: readonly ComparableName[];
  /** Each day that the record may mean, YYYYMMDD; empty where none is known. */
  readonly birthDays: readonly string[];
  readonly sex: 'M' | 'F' | undefined;
  readonly phones: readonly string[];
  readonly addresses: readonly ComparableAddress[];
  readonly insurances: readonly ComparableInsurance[];
}

/** No record has more of anything than this; what is beyond is not compared. */
const MOST = 8;
/** Letters of a name's part. */
const LONGEST_NAME = 100;

const UNKNOWN_NAME =
  /^(?:不明|不詳|名無シ|身元不明|氏名不詳|フメイ|フシヨウ|ナナシ|UNKNOWN|NONAME|XX+|テスト患者)(?:男|女|男性|女性|\d*)$/iu;
/** `児` alone ends many names of men (健児); after a mother's name, with two characters before it, it does not. */
const NEWBORN = /ベビー|ベービー|BABY|新生児|[男女]児$|..ノ[子児]$|..児$/iu;
const NEWBORN_SOUND = /ベビー|ベビイ$/u;

/** The record as it is compared. Pure; the same for the same record. */
export function normalised({ ids, demographics }: MatchingRecord): Normalised {
  const { names, birthTime, birthText, administrativeGender, telecoms = [] } = demographics;
  const days = [birthDayOf(birthTime), birthDayOf(readBirthText(birthText ?? ''))];
  return {
    authorities: [...new Set(ids.map(({ assigningAuthority }) => assigningAuthority))],
    names: namesOf(names.slice(0, MOST * 3)),
    birthDays: [...new Set(days.filter((day) => day !== undefined))],
    sex:
      administrativeGender === 'M' || administrativeGender === 'F'
        ? administrativeGender
        : undefined,
    phones: [...new Set(telecoms.slice(0, MOST).flatMap(({ value }) => phoneDigits(value) ?? []))],
    addresses: (demographics.addresses ?? []).slice(0, MOST).map(addressOf),
    insurances: [
      ...(demographics.insurance ?? [])
        .slice(0, MOST)
        .flatMap((membership) => comparableInsurance(membership) ?? []),
      ...(demographics.insuranceKeys ?? [])
        .slice(0, MOST)
        .map((key) => ({ key: `#${key}`, branch: '', isPersonal: true })),
    ],
  };
}

function addressOf({
  state,
  city,
  streetAddressLine = [],
  postalCode,
}: Address): ComparableAddress {
  return comparableAddress([state, city, ...streetAddressLine].join(''), postalCode);
}

/** The n-th name in kanji, in kana and in Latin letters are one name: that is how all messages send them. */
function namesOf(names: readonly PersonName[]): readonly ComparableName[] {
  const kanji = names.filter(
    ({ representation }) => representation !== 'SYL' && representation !== 'ABC',
  );
  const kana = names.filter(({ representation }) => representation === 'SYL');
  const latin = names.filter(({ representation }) => representation === 'ABC');
  const count = Math.max(kanji.length, kana.length, latin.length);
  const compared: ComparableName[] = [];
  for (let at = 0; at < count; at += 1) {
    const name = comparableName([kanji[at], kana[at], latin[at]]);
    if (name) compared.push(name);
  }
  return compared;
}

type Forms = readonly [PersonName | undefined, PersonName | undefined, PersonName | undefined];

function comparableName(forms: Forms): ComparableName | undefined {
  const texts = forms.map((form) => ({
    family: cleaned((form?.family ?? '').slice(0, LONGEST_NAME)),
    given: cleaned((form?.given ?? []).join('').slice(0, LONGEST_NAME)),
  }));
  if (texts.some(({ family, given }) => UNKNOWN_NAME.test(family) || UNKNOWN_NAME.test(given))) {
    return undefined;
  }
  const givens = texts.map(({ given }) => given);
  return {
    family: partOf(texts.map(({ family }) => family)),
    given: partOf(givens),
    isNewborn:
      NEWBORN.test(givens[0] ?? '') ||
      NEWBORN_SOUND.test(givens[1] ?? '') ||
      /BABY/i.test(givens[2] ?? ''),
  };
}

function partOf([written = '', kana = '', latin = '']: readonly string[]): NamePart {
  const script = scriptOf(written);
  const sounds: Sound[] = [];
  const add = (sound: Sound) => {
    if (sound.latin !== '' && sounds.every((known) => known.latin !== sound.latin))
      sounds.push(sound);
  };
  const addKana = (text: string) => {
    const letters = foldedKana(text);
    if (scriptOf(letters) === 'kana') add({ kana: letters, latin: soundOfKana(letters) });
    else if (scriptOf(letters) === 'latin') add({ kana: '', latin: soundOfRomaji(letters) });
  };
  if (kana !== '') addKana(kana);
  if (written !== '' && script === 'kana') addKana(written);
  if (latin !== '') add({ kana: '', latin: soundOfRomaji(latin) });
  if (script === 'latin') add({ kana: '', latin: soundOfRomaji(written) });
  return {
    kanji:
      script === 'kanji' ? foldedKanji(written) : script === 'latin' ? written.toUpperCase() : '',
    sounds,
  };
}
