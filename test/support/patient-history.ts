/** A change that moves something from one patient to another, as its asker saw it: it happened between the two instants. */
export interface Move {
  readonly from: number;
  readonly to: number;
  /** Where it is afterwards. */
  readonly place: string;
}

/** A query, as its asker saw it: at some instant between the two, the thing was at `place`, or was not. */
export interface Sight {
  readonly from: number;
  readonly to: number;
  readonly place: string;
  readonly isThere: boolean;
}

/**
 * What is wrong with a history of one thing that is to be at exactly one place at any time; empty when there is an instant for
 * each move, and one for each query, at which all that was seen is true.
 *
 * @param first where it is before the first move; the moves come one after another
 * @param places the two between which it moves
 */
export function faultsOf(
  { first, places }: { first: string; places: readonly [string, string] },
  moves: readonly Move[],
  sights: readonly Sight[],
): readonly string[] {
  const faults: string[] = [];
  const placesAt = (index: number) => (index < 0 ? first : (moves[index]?.place ?? first));
  const other = (place: string) => (place === places[0] ? places[1] : places[0]);
  const seenAt = ({ place, isThere }: Sight) => (isThere ? place : other(place));
  const spans = sights.map((sight) => ({
    sight,
    during: moves.flatMap(({ from, to }, index) =>
      from <= sight.to && sight.from <= to ? [index] : [],
    ),
  }));
  for (const { sight, during } of spans) {
    if (during.length > 0) continue;
    const last = moves.findLastIndex(({ to }) => to < sight.from);
    if (seenAt(sight) !== placesAt(last)) {
      faults.push(`at rest at ${placesAt(last)}, seen at ${seenAt(sight)}`);
    }
  }
  moves.forEach((move, index) => {
    const own = spans.filter(({ during }) => during.length === 1 && during[0] === index);
    const seen = own.map(({ sight }) => sight);
    const before = seen.filter((sight) => seenAt(sight) === placesAt(index - 1));
    const after = seen.filter((sight) => seenAt(sight) === move.place);
    // The instant of the move comes after the beginning of whoever still saw the old, before the end of whoever saw the new.
    const earliest = Math.max(move.from, ...before.map(({ from }) => from));
    const latest = Math.min(move.to, ...after.map(({ to }) => to));
    if (earliest > latest) faults.push(`seen at ${move.place}, and afterwards where it was before`);
  });
  return faults;
}
