/** How often something happens, and where the figure comes from. An assumption is called one. */
export interface Rate {
  /** Share of the cases that the sentence names. */
  readonly rate: number;
  readonly why: string;
}

/** Who lives in the region. Doubling the errors leaves these as they are. */
export const POPULATION = {
  foreigners: {
    rate: 0.027,
    why: 'Share of households. About 3.4 of 124 million inhabitants at the end of 2023 (Immigration Services Agency).',
  },
  twins: {
    rate: 0.01,
    why: 'Share of births that are twins: about 1 in 100 in the vital statistics of Japan.',
  },
  namesakes: {
    rate: 0.0001,
    why: 'Share of households that get a stranger with the name, sex and birth date of the head, on top of those that chance makes. Assumption.',
  },
  parentAndChildShareName: {
    rate: 0.002,
    why: 'Share of children named so that the reading is the one of the parent of the same sex (清/清, 浩/弘). Assumption: rare, but every hospital knows one.',
  },
  childSharesCharacter: {
    rate: 0.12,
    why: 'Share of children who bear one character of a parent in the given name. Assumption after the custom of tsuji (通字).',
  },
  familyWritesVariant: {
    rate: 0.25,
    why: 'Share of families whose register holds the variant, where a name has a character with one (髙橋 for 高橋). Assumption.',
  },
  mobilePhone: {
    rate: 0.7,
    why: 'Share of adults whom a hospital calls on a mobile phone of their own, not on the phone of the house. Assumption.',
  },
  livesInApartments: {
    rate: 0.4,
    why: 'Share of households in a building with rooms: 44 of 100 dwellings in the Housing and Land Survey of 2018, fewer in the country.',
  },
} as const satisfies Record<string, Rate>;

/** What goes wrong, or differs, between two registrations of one person. The run with doubled rates doubles each. */
export const ERRORS = {
  moved: {
    rate: 0.04,
    why: 'A later registration has another address, all else alike. About 4 in 100 change municipality a year (Basic Resident Registration, 2023); patients are older and move less, but a record lags by years.',
  },
  changedPhone: {
    rate: 0.03,
    why: 'A later registration has another phone. Assumption: a number is kept 30 years, records are a year apart.',
  },
  changedInsurance: {
    rate: 0.06,
    why: 'A later registration has another insurance. About 15 in 100 employees change their job a year (Survey on Employment Trends), a third of patients are employed or depend on one; add those who retire.',
  },
  movedForWork: {
    rate: 0.008,
    why: 'A later registration has another address and insurance at once, and in one case of four another phone. Assumption: a fifth of those who move.',
  },
  married: {
    rate: 0.003,
    why: 'A later registration of a woman of 20 to 44 has another family name, mostly with another address and insurance. About 0.5 million marriages a year, 95 in 100 take the name of the man (Vital Statistics); a register lags by a year.',
  },
  divorcedName: {
    rate: 0.0005,
    why: 'A later registration of a woman of 30 to 59 bears the maiden name again. Assumption.',
  },
  noInsurance: {
    rate: 0.02,
    why: 'Registered without insurance: check-ups, accidents, self-pay. Assumption.',
  },
  noBranch: {
    rate: 0.05,
    why: 'The branch number is missing though the insurance has one: registered before October 2021 and never seen since. Assumption.',
  },
  wrongBranch: {
    rate: 0.001,
    why: 'The branch of another member of the household. Assumption.',
  },
  insuranceTypo: { rate: 0.003, why: 'One digit of the number typed wrongly. Assumption.' },
  noPhone: { rate: 0.03, why: 'No phone number. Assumption.' },
  phoneTypo: { rate: 0.006, why: 'One digit of the phone typed wrongly. Assumption.' },
  relativesPhone: {
    rate: 0.04,
    why: 'The phone of the house, or of another member of it, instead of the own. Assumption.',
  },
  noAddress: { rate: 0.005, why: 'No address and no postal code. Assumption.' },
  addressTypo: {
    rate: 0.008,
    why: 'A number of the address typed wrongly or cut off. Assumption.',
  },
  addressShort: {
    rate: 0.3,
    why: 'Prefecture or building left out, 大字 dropped. Assumption: a habit, not an error.',
  },
  noKana: { rate: 0.002, why: 'No reading. Assumption: most systems insist on it.' },
  kanaOnly: {
    rate: 0.004,
    why: 'The name in kana alone, as for an emergency at night. Assumption.',
  },
  variantTyped: {
    rate: 0.35,
    why: 'A character with a variant is typed in another form than the family has. Assumption: what the keyboard offers first.',
  },
  otherCharacter: {
    rate: 0.006,
    why: 'A character of the name replaced by another of the same sound (芳江/芳枝, 坂本/阪本). Assumption.',
  },
  otherReading: {
    rate: 0.012,
    why: 'The given or family name is read in another way that its characters allow (幸子 Sachiko/Yukiko). Assumption: readings are asked, but guessed when a form is filled by others.',
  },
  kanaTypo: { rate: 0.004, why: 'One kana typed wrongly. Assumption.' },
  kanaVoicing: {
    rate: 0.01,
    why: 'ヤマザキ for ヤマサキ and the like: one sound voiced or not. Assumption.',
  },
  kanaSpelling: {
    rate: 0.05,
    why: 'Another spelling of the same sound: オオノ/オーノ/オウノ, ヅ/ズ. Assumption.',
  },
  namesSwapped: {
    rate: 0.0005,
    why: 'Family and given name in each other’s field, Japanese. Assumption.',
  },
  foreignNamesSwapped: {
    rate: 0.08,
    why: 'Family and given name in each other’s field, foreigners. Assumption.',
  },
  foreignAlias: {
    rate: 0.03,
    why: 'Registered under a Japanese alias (通称), where the person has one. Assumption.',
  },
  foreignSpelling: {
    rate: 0.1,
    why: 'The kana of a foreign name spelt in another way. Assumption: there is no rule.',
  },
  eraYear: { rate: 0.0015, why: 'The year of the era off by one. Assumption.' },
  eraConfused: { rate: 0.0003, why: 'Taisho for Showa and the like. Assumption.' },
  dayMonthSwapped: { rate: 0.0003, why: 'Day and month in each other’s place. Assumption.' },
  birthTypo: { rate: 0.002, why: 'One digit of the birth date typed wrongly. Assumption.' },
  leapDay: { rate: 0.1, why: '29 February written as the 28th, of those born on it. Assumption.' },
  sexError: { rate: 0.001, why: 'The other sex. Assumption.' },
  unknownPerson: {
    rate: 0.0002,
    why: 'Unconscious at arrival: 不明, 1900-01-01. Assumption: 2 of 10,000 charts stay so.',
  },
  birthUnknown: { rate: 0.0003, why: '1900-01-01 though the name is known. Assumption.' },
  newbornName: {
    rate: 0.03,
    why: 'The chart of a child under 5 in the hospital of its birth still says ベビー. Assumption.',
  },
  secondChart: {
    rate: 0.002,
    why: 'A second chart for the person in the same hospital. Assumption: the reception looks the kana and birth date up first.',
  },
} as const satisfies Record<string, Rate>;

/** An error's name. */
export type ErrorName = keyof typeof ERRORS;

/** How often each error happens in a run. */
export type ErrorRates = Readonly<Record<ErrorName, number>>;

/** The rates times `factor`; no more than 0.9 each. */
export function errorRates(factor: number): ErrorRates {
  return Object.fromEntries(
    Object.entries(ERRORS).map(([name, { rate }]) => [name, Math.min(0.9, rate * factor)]),
  ) as unknown as ErrorRates;
}
