/** A record as far as the forming of groups looks at it. */
export interface Member {
  readonly number: number;
  /** Under which regional id it is now; absent for a new record. */
  readonly regionalId?: string;
  /** The regional id that the affinity domain has told for it. */
  readonly told?: string;
  /** Of its ids in use. */
  readonly authorities: readonly string[];
  /** Says which of two comes first whatever the order in which they were fed. */
  readonly rank: string;
}

/** What speaks for two records being one person: a person's word, the affinity domain's, or a rule's. */
export interface Link {
  readonly one: number;
  readonly other: number;
  readonly by: 'hand' | 'told' | 'rule';
  readonly score: number;
}

/** What is held against joining two groups. */
export interface Objections {
  /** A person has said that these two are not one. */
  readonly apart: (one: number, other: number) => boolean;
  /** Something in the two records speaks against it by itself. */
  readonly contradicts: (one: number, other: number) => boolean;
  /**
   * Nothing but their ids of one authority keeps a rule from linking these two: they are put up as a merge. Default: never.
   */
  readonly isSameButForAuthority?: (one: number, other: number) => boolean;
}

/** A link that was not followed, and why. */
export interface Unfollowed extends Link {
  readonly why: 'apart' | 'one authority' | 'told otherwise' | 'contradiction' | 'two candidates';
  /** Two records of one authority that stand in the way. */
  readonly conflict?: readonly [number, number];
}

/** Records as groups, each the records of one patient. */
export interface Clusters {
  readonly groups: readonly (readonly Member[])[];
  readonly unfollowed: readonly Unfollowed[];
}

/**
 * Forms the groups of records that are each one patient, from all that speaks for and against it.
 *
 * First what people and the affinity domain have said, whatever a rule says. Then a rule's links inside a group that there is
 * already, then those between groups, the strongest first; a rule never brings two ids of one authority together. A group
 * that a rule would link to two others which cannot be one is linked to neither: a person must look. Where the two others are
 * one for the rule but for their authority, all it takes is their merge: the stronger link is followed until then. So the
 * outcome does not depend on the order in which the records came, but for a link that stands already: it is kept when a second candidate comes.
 */
export function clustersOf(
  members: readonly Member[],
  links: readonly Link[],
  objections: Objections,
): Clusters {
  return new Forming(members, objections).form(links);
}

class Forming {
  readonly #groupOf = new Map<number, Member[]>();
  readonly #members: ReadonlyMap<number, Member>;
  readonly #objections: Objections;
  readonly #unfollowed: Unfollowed[] = [];

  constructor(members: readonly Member[], objections: Objections) {
    this.#members = new Map(members.map((member) => [member.number, member]));
    this.#objections = objections;
    for (const member of members) this.#groupOf.set(member.number, [member]);
  }

  form(links: readonly Link[]): Clusters {
    const known = links.filter(
      ({ one, other }) => this.#members.has(one) && this.#members.has(other),
    );
    const sorted = [...known].sort((a, b) => this.#before(a, b));
    for (const link of sorted.filter(({ by }) => by !== 'rule')) this.#follow(link);
    const byRule = sorted.filter(({ by }) => by === 'rule');
    for (const link of byRule.filter((each) => this.#isInside(each))) this.#follow(link);
    const between = byRule.filter((each) => !this.#isInside(each));
    for (const link of between) {
      if (this.#hasTwoCandidates(link, between)) {
        this.#unfollowed.push({ ...link, why: 'two candidates' });
      } else this.#follow(link);
    }
    const groups = [...new Set(this.#groupOf.values())];
    const unfollowed = this.#unfollowed.filter(({ one, other }) => !this.#areOne(one, other));
    return { groups, unfollowed };
  }

  #before(a: Link, b: Link): number {
    const order = (link: Link) => ['hand', 'told', 'rule'].indexOf(link.by);
    if (order(a) !== order(b)) return order(a) - order(b);
    if (a.score !== b.score) return b.score - a.score;
    return this.#rankOf(a) < this.#rankOf(b) ? -1 : 1;
  }

  #rankOf({ one, other }: Link): string {
    const ranks = [one, other].map((number) => this.#members.get(number)?.rank ?? '');
    return ranks.sort().join(' ');
  }

  #isInside({ one, other }: Link): boolean {
    const [a, b] = [this.#members.get(one)?.regionalId, this.#members.get(other)?.regionalId];
    return a !== undefined && a === b;
  }

  #groupWith(number: number): Member[] {
    return this.#groupOf.get(number) ?? [];
  }

  #areOne(one: number, other: number): boolean {
    return this.#groupWith(one) === this.#groupWith(other);
  }

  #follow(link: Link): void {
    const [a, b] = [this.#groupWith(link.one), this.#groupWith(link.other)];
    if (a === b) return;
    const objection = this.#objectionTo(a, b, link.by);
    if (objection) {
      this.#unfollowed.push({ ...link, ...objection });
      return;
    }
    a.push(...b);
    for (const { number } of b) this.#groupOf.set(number, a);
  }

  /** To a person's word, only another person's word is an objection. */
  #objectionTo(
    a: readonly Member[],
    b: readonly Member[],
    by: Link['by'],
  ): Pick<Unfollowed, 'why' | 'conflict'> | undefined {
    const pairs = a.flatMap((one) => b.map((other) => [one, other] as const));
    const { apart, contradicts } = this.#objections;
    const parted = pairs.filter(([one, other]) => apart(one.number, other.number));
    if (parted.length > 0) {
      const charts = parted.find(([one, other]) => haveCommon(one, other));
      return {
        why: 'apart',
        ...(charts === undefined ? {} : { conflict: [charts[0].number, charts[1].number] }),
      };
    }
    if (by !== 'rule') return undefined;
    const conflict = pairs.find(([one, other]) => haveCommon(one, other));
    if (conflict) {
      return { why: 'one authority', conflict: [conflict[0].number, conflict[1].number] };
    }
    if (pairs.some(([one, other]) => isToldOtherwise(one, other))) return { why: 'told otherwise' };
    const contradicted = pairs.some(([one, other]) => contradicts(one.number, other.number));
    return contradicted ? { why: 'contradiction' } : undefined;
  }

  /** One of the two groups could as well be linked to a third, which cannot be one with the other of the two. */
  #hasTwoCandidates(link: Link, links: readonly Link[]): boolean {
    const [a, b] = [this.#groupWith(link.one), this.#groupWith(link.other)];
    if (a === b || this.#objectionTo(a, b, 'rule')) return false;
    const rivals = (group: readonly Member[], partner: readonly Member[]) =>
      links
        .flatMap(({ one, other }) => {
          if (this.#groupWith(one) === group) return [this.#groupWith(other)];
          return this.#groupWith(other) === group ? [this.#groupWith(one)] : [];
        })
        .filter((rival) => rival !== group && rival !== partner)
        // A third that is refused for its own sake is no candidate.
        .filter((rival) => !this.#objectionTo(group, rival, 'rule'))
        .some((rival) => this.#cannotBeOne(partner, rival));
    return rivals(a, b) || rivals(b, a);
  }

  /** More is in the way than a merge that is put up anyway. */
  #cannotBeOne(a: readonly Member[], b: readonly Member[]): boolean {
    const objection = this.#objectionTo(a, b, 'rule');
    if (objection?.why !== 'one authority') return objection !== undefined;
    const { contradicts, isSameButForAuthority = () => false } = this.#objections;
    const pairs = a.flatMap((one) => b.map((other) => [one, other] as const));
    return !pairs.every(
      ([one, other]) =>
        !isToldOtherwise(one, other) &&
        (haveCommon(one, other)
          ? isSameButForAuthority(one.number, other.number)
          : !contradicts(one.number, other.number)),
    );
  }
}

function haveCommon(one: Member, other: Member): boolean {
  return one.authorities.some((authority) => other.authorities.includes(authority));
}

function isToldOtherwise(one: Member, other: Member): boolean {
  return one.told !== undefined && other.told !== undefined && one.told !== other.told;
}
