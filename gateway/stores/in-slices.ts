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
    for (const row of await ask(distinct.slice(start, start + MOST_PARAMETERS))) rows.push(row);
  }
  return rows;
}
