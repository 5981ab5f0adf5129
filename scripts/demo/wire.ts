import { join } from 'node:path';
import { recordsOf } from '../../gateway/safeguards/audit-chain.ts';
import { summaryOf } from '../../profiles/atna/audit-summary.ts';
import { childrenNamed, parseXml, type XmlElement } from '../../profiles/formats/xml.ts';
import type { Text } from '../messages.ts';

/** A region whose audit trail is read. */
export interface WatchedRegion {
  readonly name: string;
  readonly homeCommunityId: string;
  readonly folder: string;
}

/** Exchanges of one kind between the same two, as the audit trails of the regions tell them. */
export interface WireLine {
  /** `ITI-55` */
  readonly transaction: string;
  /** The directory's name of a system, or a region's. */
  readonly from: string;
  /** A region and its actor: `okayama/responding-gateway`. */
  readonly to: string;
  readonly count: number;
  /** EventOutcomeIndicator: `0`, `4`, `8` or `12`. */
  readonly outcome: string;
  /** Both ends have recorded it, each in its own trail. */
  readonly byBoth: boolean;
}

/** One exchange while its records are put together. */
interface Exchange {
  readonly transaction: string;
  from: string;
  to: string;
  outcome: string;
  readonly recordedBy: Set<string>;
}

/** Reads what went over the wire from the audit trails of several regions: nothing is told that was not recorded. */
export class Wire {
  readonly #regions: readonly WatchedRegion[];
  readonly #seen = new Set<string>();

  constructor(regions: readonly WatchedRegion[]) {
    this.#regions = regions;
  }

  /** The exchanges that were recorded since the last call, in the order of their records. */
  async since(): Promise<readonly WireLine[]> {
    const exchanges = new Map<string, Exchange>();
    const fresh: { at: string; region: WatchedRegion; message: string; place: string }[] = [];
    for (const region of this.#regions) {
      for await (const { at, file, line, message } of recordsOf(join(region.folder, 'var/audit'))) {
        const place = `${region.name}/${file}:${line}`;
        if (this.#seen.has(place)) continue;
        this.#seen.add(place);
        fresh.push({ at, region, message, place });
      }
    }
    fresh.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
    for (const { region, message, place } of fresh)
      this.#note(exchanges, { region, message, place });
    return counted([...exchanges.values()]);
  }

  #note(
    exchanges: Map<string, Exchange>,
    { region, message, place }: { region: WatchedRegion; message: string; place: string },
  ): void {
    const { type: transaction, outcome } = summaryOf(message);
    if (!transaction.startsWith('ITI-')) return;
    const root = parseXml(message);
    const { asker, answerer } = endsOf(root);
    // The end that records knows its own process id, and names the other one.
    const isAsker = asker?.attributes.has('AlternativeUserID') === true;
    const endpoint = answerer?.attributes.get('UserID') ?? '';
    const actor = URL.canParse(endpoint) ? new URL(endpoint).pathname : '';
    const from = isAsker ? region.name : (asker?.attributes.get('UserName') ?? 'unknown');
    const community = answerer?.attributes.get('UserName');
    const to = isAsker
      ? (this.#regions.find((one) => one.homeCommunityId === community)?.name ?? `${community}`)
      : region.name;
    const key = messageIdOf(root) ?? place;
    const known = exchanges.get(key);
    const exchange = known ?? {
      transaction,
      from,
      to: to + actor,
      outcome,
      recordedBy: new Set<string>(),
    };
    if (Number(outcome) > Number(exchange.outcome)) exchange.outcome = outcome;
    exchange.recordedBy.add(region.name);
    exchanges.set(key, exchange);
  }
}

/** A line as people read it: `ITI-55 shimane -> okayama/responding-gateway ×1 (success, recorded by both)`. */
export function wireText({ transaction, from, to, count, outcome, byBoth }: WireLine): Text {
  const head = `${transaction} ${from} -> ${to} ×${count}`;
  const how = OUTCOMES[outcome] ?? { en: outcome, ja: outcome };
  return {
    en: `${head} (${how.en}${byBoth ? ', recorded by both' : ''})`,
    ja: `${head}（${how.ja}${byBoth ? '、双方に記録' : ''}）`,
  };
}

/** How an exchange ended. Source: DICOM PS3.15 Table A.5.2-1; what we make of it stands in the audit of the gateway. */
const OUTCOMES: Readonly<Record<string, Text>> = {
  0: { en: 'success', ja: '成功' },
  4: { en: 'partial', ja: '一部成功' },
  8: { en: 'failed', ja: '失敗' },
  12: { en: 'defect', ja: '障害' },
};

function counted(exchanges: readonly Exchange[]): readonly WireLine[] {
  const lines = new Map<string, WireLine>();
  for (const { transaction, from, to, outcome, recordedBy } of exchanges) {
    const byBoth = recordedBy.size > 1;
    const key = [transaction, from, to, outcome, byBoth].join(' ');
    const count = (lines.get(key)?.count ?? 0) + 1;
    lines.set(key, { transaction, from, to, count, outcome, byBoth });
  }
  return [...lines.values()];
}

function endsOf(root: XmlElement) {
  const ends = childrenNamed(root, '', 'ActiveParticipant');
  const isAsker = (one: XmlElement) => one.attributes.get('UserIsRequestor') === 'true';
  return { asker: ends.find(isAsker), answerer: ends.find((one) => !isAsker(one)) };
}

/** The SOAP message id, which both ends record: it makes two records one exchange. */
function messageIdOf(root: XmlElement): string | undefined {
  for (const object of childrenNamed(root, '', 'ParticipantObjectIdentification')) {
    for (const { attributes } of childrenNamed(object, '', 'ParticipantObjectDetail')) {
      if (attributes.get('type') === 'MessageID') return attributes.get('value');
    }
  }
  return undefined;
}
