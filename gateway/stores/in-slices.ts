/** A statement takes at most so many of a list's members as parameters. */
const MOST_PARAMETERS = 400;

/**
 * Asks about a list in slices that a statement can take, and joins the rows. Members that stand twice are asked once, so
 * that no row comes back from two slices.
 */
export async function inSlices<Member, Row>(
  members: readonly Member[],
  ask: (slice: readonly Member[]) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const distinct = [...new Set(members)];
  const rows: Row[] = [];
  for (let start = 0; start < distinct.length; start += MOST_PARAMETERS) {
    for (const row of await ask(padded(distinct.slice(start, start + MOST_PARAMETERS))))
      rows.push(row);
  }
  return rows;
}

/**
 * The members of an IN list, the last one repeated up to a power of two, which changes nothing of what is found. Each length is
 * a statement of its own that is kept prepared, and long ones take a megabyte: so there are few lengths.
 */
export function padded<Member>(members: readonly Member[]): readonly Member[] {
  const last = members.at(-1);
  if (last === undefined) return members;
  const length = 2 ** Math.ceil(Math.log2(members.length));
  return [...members, ...Array.from({ length: length - members.length }, () => last)];
}
