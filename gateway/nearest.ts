import { editDistance } from '../profiles/formats/edit-distance.ts';

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
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best ?? candidates.find((candidate) => candidate.startsWith(word) && word.length >= 3);
}
