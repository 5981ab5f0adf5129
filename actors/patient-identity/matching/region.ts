import type { Normalised } from './normalised.ts';

/** What is known of all records of the region: how many there are, and how frequent given names are. */
export interface Region {
  readonly records: number;
  /** Share of the records with this given name, by its characters. */
  readonly givenShare: ReadonlyMap<string, number>;
}

/** A region of which nothing was counted: a chance coincidence is taken as likely. */
export const UNKNOWN_REGION: Region = { records: 1_000_000, givenShare: new Map() };

/** The share of a given name that was not counted; a name that is found once in a small region may be as frequent as this. */
const LEAST_SHARE = 1 / 2_000;
/** Birth dates of living people, about: most are spread over some 70 years. */
const DAYS = 25_000;

/** Counts the region. `records` may be a sample of it, when the whole holds `total`. */
export function regionOf(records: Iterable<Normalised>, total?: number): Region {
  const counts = new Map<string, number>();
  let count = 0;
  for (const { names } of records) {
    count += 1;
    for (const { given } of names) {
      if (given.kanji !== '') counts.set(given.kanji, (counts.get(given.kanji) ?? 0) + 1);
    }
  }
  const shares = [...counts].map(([given, times]) => [given, times / count] as const);
  return {
    records: total ?? count,
    givenShare: new Map(shares.filter(([, share]) => share > LEAST_SHARE)),
  };
}

/** How many strangers of the region are expected to have this record's given name, sex and birth date by chance. */
export function strangersAlike({ names }: Normalised, region: Region): number {
  const shares = names.map(({ given }) => region.givenShare.get(given.kanji) ?? LEAST_SHARE);
  // A name is a man's or a woman's, so that the sex says nothing more.
  return (region.records * Math.max(LEAST_SHARE, ...shares)) / DAYS;
}
