/**
 * The candidate that `word` was probably meant to be, or undefined when none is near: at most a third of its letters,
 * and three at most, may differ, two that changed places being one; a candidate that `word` begins, or that begins with it, is near. Of candidates that are paths (`listen.soap.port`), the headings above them count too.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word === '' || word.length > 100) return undefined;
  let best: string | undefined;
  let least = Math.min(3, Math.max(1, Math.floor(word.length / 3))) + 1;
  const depth = word.split('.').length;
  const headings = candidates.map((candidate) => candidate.split('.').slice(0, depth).join('.'));
  for (const candidate of [...candidates, ...headings]) {
    const distance = distanceOf(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best ?? candidates.find((candidate) => candidate.startsWith(word) && word.length >= 3);
}

/** Letters to put in, take out or change, or neighbours to swap: Damerau's distance, each letter touched once. */
function distanceOf(one: string, other: string): number {
  let before: readonly number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const changed = one[row - 1] === other[column - 1] ? 0 : 1;
      const isSwapped =
        row > 1 &&
        column > 1 &&
        one[row - 1] === other[column - 2] &&
        one[row - 2] === other[column - 1];
      line.push(
        Math.min(
          (above[column] ?? 0) + 1,
          (line[column - 1] ?? 0) + 1,
          (above[column - 1] ?? 0) + changed,
          isSwapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    before = above;
    above = line;
  }
  return above[other.length] ?? 0;
}
