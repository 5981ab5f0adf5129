import fc from 'fast-check';
import { clustersOf, type Link, type Member } from '../../../actors/patient-identity/clusters.ts';

const member = (number: number, authority: string, over: Partial<Member> = {}): Member => ({
  number,
  authorities: [authority],
  rank: `${authority} ${number}`,
  ...over,
});
const link = (one: number, other: number, over: Partial<Link> = {}): Link => ({
  one,
  other,
  by: 'rule',
  score: 10,
  ...over,
});
const none = { apart: () => false, contradicts: () => false };
const parted = (...pairs: readonly (readonly [number, number])[]) => ({
  ...none,
  apart: (one: number, other: number) =>
    pairs.some(([a, b]) => (a === one && b === other) || (a === other && b === one)),
});
const named = (groups: readonly (readonly Member[])[]) =>
  groups
    .map((group) => group.map(({ number }) => number).sort((one, other) => one - other))
    .sort(([one = 0], [other = 0]) => one - other);

describe('Records as groups, each the records of one patient', () => {
  it('joins by a chain of links', () => {
    const members = [member(1, 'a'), member(2, 'b'), member(3, 'c')];
    const { groups } = clustersOf(members, [link(1, 2), link(2, 3)], none);
    expect(named(groups)).toEqual([[1, 2, 3]]);
  });

  it('links a record to neither of two that a rule cannot make one', () => {
    const members = [member(1, 'a'), member(2, 'a'), member(3, 'b')];
    const { groups, unfollowed } = clustersOf(members, [link(1, 3), link(2, 3)], none);
    expect(named(groups)).toEqual([[1], [2], [3]]);
    expect(unfollowed.map(({ why }) => why)).toEqual(['two candidates', 'two candidates']);
  });

  it('follows the stronger of two links where nothing but a merge keeps the two candidates from being one', () => {
    const members = [member(1, 'a'), member(2, 'a'), member(3, 'b')];
    const links = [link(1, 3), link(2, 3, { score: 11 })];
    const isSameButForAuthority = () => true;
    const { groups, unfollowed } = clustersOf(members, links, { ...none, isSameButForAuthority });
    expect(named(groups)).toEqual([[1], [2, 3]]);
    expect(unfollowed).toMatchObject([{ why: 'one authority' }]);
    expect(new Set(unfollowed[0]?.conflict)).toEqual(new Set([1, 2]));
    const parting = { ...parted([1, 2]), isSameButForAuthority };
    expect(named(clustersOf(members, links, parting).groups)).toEqual([[1], [2], [3]]);
  });

  it('keeps a link that stands when a second candidate comes', () => {
    const members = [
      member(1, 'a', { regionalId: 'R' }),
      member(3, 'b', { regionalId: 'R' }),
      member(2, 'a'),
    ];
    const { groups, unfollowed } = clustersOf(members, [link(1, 3), link(2, 3)], none);
    expect(named(groups)).toEqual([[1, 3], [2]]);
    expect(unfollowed.map(({ why }) => why)).toEqual(['one authority']);
    expect(new Set(unfollowed[0]?.conflict)).toEqual(new Set([1, 2]));
  });

  it('lets a person’s word outrank a rule, and a word against weigh as much as one for', () => {
    const members = [member(1, 'a'), member(2, 'a'), member(3, 'b')];
    const byHand = link(1, 2, { by: 'hand' });
    expect(named(clustersOf(members, [byHand], none).groups)).toEqual([[1, 2], [3]]);
    const links = [link(1, 3), link(2, 3, { by: 'hand' })];
    expect(named(clustersOf(members, links, parted([1, 3])).groups)).toEqual([[1], [2, 3]]);
    const chain = [link(1, 3, { by: 'hand' }), link(2, 3, { by: 'hand' })];
    const { groups, unfollowed } = clustersOf(members, chain, parted([1, 2]));
    expect(named(groups)).toHaveLength(2);
    expect(unfollowed).toMatchObject([{ why: 'apart' }]);
  });

  it('does not join by a rule what contradicts itself, or what the affinity domain has told otherwise', () => {
    const members = [member(1, 'a'), member(2, 'b')];
    const contradicts = { ...none, contradicts: () => true };
    expect(clustersOf(members, [link(1, 2)], contradicts).unfollowed).toMatchObject([
      { why: 'contradiction' },
    ]);
    const told = [member(1, 'a', { told: 'R1' }), member(2, 'b', { told: 'R2' })];
    expect(clustersOf(told, [link(1, 2)], none).unfollowed).toMatchObject([
      { why: 'told otherwise' },
    ]);
  });

  const world = fc
    .record({
      authorities: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 2, maxLength: 9 }),
      links: fc.array(
        fc.record({ one: fc.nat(8), other: fc.nat(8), score: fc.integer({ min: 1, max: 3 }) }),
        { maxLength: 14 },
      ),
      aparts: fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { maxLength: 3 }),
    })
    .map(({ authorities, links, aparts }) => ({
      members: authorities.map((authority, index) => member(index, authority)),
      links: links
        .filter(({ one, other }) => one !== other && Math.max(one, other) < authorities.length)
        .map((each) => link(each.one, each.other, { score: each.score })),
      aparts: aparts.filter(([one, other]) => one !== other),
    }));

  it('gives the same groups in whatever order records and links come', () => {
    fc.assert(
      fc.property(world, fc.infiniteStream(fc.nat()), ({ members, links, aparts }, order) => {
        const shuffled = <T>(all: readonly T[]) =>
          all
            .map((one) => [Number(order.next().value), one] as const)
            .sort(([one], [other]) => one - other)
            .map(([, one]) => one);
        const distinct = [...new Map(links.map((each) => [rankOf(each), each])).values()];
        const one = clustersOf(members, distinct, parted(...aparts));
        const other = clustersOf(shuffled(members), shuffled(distinct), parted(...aparts));
        expect(named(other.groups)).toEqual(named(one.groups));
      }),
    );
  });

  it('never brings two ids of one authority, or two whom a person has parted, together by a rule', () => {
    fc.assert(
      fc.property(world, ({ members, links, aparts }) => {
        for (const group of clustersOf(members, links, parted(...aparts)).groups) {
          const authorities = group.flatMap((each) => each.authorities);
          expect(new Set(authorities).size).toBe(authorities.length);
          for (const a of group) {
            for (const b of group) expect(parted(...aparts).apart(a.number, b.number)).toBe(false);
          }
        }
      }),
    );
  });
});

function rankOf({ one, other }: Link): string {
  return [one, other].sort().join(' ');
}
