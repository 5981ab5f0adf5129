import type { Random } from '../support/seeded.ts';

type Mutation = (octets: Buffer, random: Random) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  (octets, random) => {
    const flipped = Buffer.from(octets);
    for (let left = 1 + random.below(8); left > 0; left -= 1) {
      const at = random.below(flipped.length);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
    }
    return flipped;
  },
  (octets, random) => octets.subarray(0, random.below(octets.length + 1)),
  (octets, random) => octets.subarray(random.below(octets.length + 1)),
  (octets, random) => {
    const [from, to] = twoPlaces(octets, random);
    return Buffer.concat([octets.subarray(0, from), octets.subarray(to)]);
  },
  (octets, random) => {
    const [from, to] = twoPlaces(octets, random);
    return Buffer.concat([octets.subarray(0, to), octets.subarray(from)]);
  },
  (octets, random) => {
    const at = random.below(octets.length + 1);
    const noise = random.bytes(1 + random.below(64));
    return Buffer.concat([octets.subarray(0, at), noise, octets.subarray(at)]);
  },
];

const ENCODINGS: readonly Mutation[] = [
  (octets) => Buffer.from(octets.toString('utf8'), 'utf16le'),
  (octets) => Buffer.from(octets.toString('utf8'), 'utf16le').swap16(),
  (octets) => Buffer.from(octets.toString('utf8'), 'latin1'),
  (octets) => Buffer.concat([Buffer.from([0xff, 0xfe]), octets]),
  (octets) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), octets]),
  (octets, random) => {
    // An overlong slash, a lone surrogate, a character beyond the last: none of them is UTF-8.
    const wrong = random.pick([
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe3, 0x81],
    ]);
    const at = random.below(octets.length + 1);
    return Buffer.concat([octets.subarray(0, at), Buffer.from(wrong), octets.subarray(at)]);
  },
];

/** Octets flipped, cut, doubled, left out, or written in another encoding. */
export function mutateBytes(octets: Buffer, random: Random): Buffer {
  if (octets.length === 0) return octets;
  return random.pick(random.chance(0.2) ? ENCODINGS : MUTATIONS)(octets, random);
}

function twoPlaces(octets: Buffer, random: Random): [number, number] {
  const from = random.below(octets.length);
  return [from, Math.min(octets.length, from + 1 + random.below(200))];
}
