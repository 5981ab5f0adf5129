import { canonicalName } from '../../certs/names.ts';
import { CheckedRow, type RowFault } from './checked-row.ts';

/** What binds a certificate to an entry: who issued it, and the institution code in its subject. Survives renewal. */
export interface CertificateBinding {
  /** RFC 4514, `CN=…,C=JP`; canonical. */
  readonly issuer: string;
  /** The subject's serialNumber: an institution code, or the directory id of a network. */
  readonly serialNumber: string;
  /** SHA-256 of the DER, lower-case hex: binds one certificate only. */
  readonly fingerprint?: string;
}

/**
 * The quirks that are known here. `faults-by-http-500`: SOAP 1.2 sends a fault of code Sender with HTTP 400; this partner's
 * stack reads the envelope of a fault from HTTP 500 alone. Source: SOAP 1.2 Part 2, Table 20.
 */
export const QUIRKS = ['faults-by-http-500'] as const;
export type QuirkName = (typeof QUIRKS)[number];

/** A deviation of a peer that we bear with; no quirk switches off a safeguard. */
export interface Quirk {
  readonly name: QuirkName;
  readonly why: string;
  /** YYYY-MM-DD */
  readonly since: string;
  /** YYYY-MM-DD: the day to look again. */
  readonly review: string;
}

/** MSH-3 and MSH-4 of a system, each its first component. */
export interface V2Sender {
  readonly application: string;
  readonly facility: string;
}

/** How a system speaks HL7 v2. */
export interface V2Speech {
  /** The names under which it sends; none: any. The first is its name as a receiver. */
  readonly senders: readonly V2Sender[];
  /** It sits on this machine and may use the listeners without TLS, where its names are all that tells who it is. */
  readonly loopback: boolean;
  /** What is sent to it: UTF-8, or ISO-2022-JP as SS-MIX2 and JAHIS have it. */
  readonly charset: 'UNICODE UTF-8' | '~ISO IR87';
}

interface EntryBase {
  readonly name: string;
  readonly certificate: CertificateBinding;
  /** Transaction ids that it may call here. */
  readonly transactions: readonly string[];
  /** Where to reach it, by transaction id. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** `tls12`: this partner cannot speak TLS 1.3. */
  readonly tls?: 'tls12';
  readonly quirks: readonly Quirk[];
  readonly mllp?: V2Speech;
}

/** The gateway of one or several other communities. */
export interface GatewayEntry extends EntryBase {
  readonly kind: 'gateway';
  /** `urn:oid:…`; at least one. */
  readonly homeCommunityIds: readonly string[];
  /** OID of the domain in which each has its ids at the wide-area id service, by homeCommunityId. */
  readonly wideAreaDomains: Readonly<Record<string, string>>;
}

/** A system of our own community, or (`own`) an actor of it that runs in another process. */
export interface SystemEntry extends EntryBase {
  readonly kind: 'system';
  readonly institution: string;
  /** OIDs; empty: any. */
  readonly sourceIds: readonly string[];
  /** OIDs of the patient id authorities that it may feed. */
  readonly assigningAuthorities: readonly string[];
  readonly own: boolean;
  /** OIDs of the domains of which it is told when a patient's ids change (ITI-46, or ITI-10); none: never. */
  readonly notifiedOf: readonly string[];
}

export type DirectoryEntry = GatewayEntry | SystemEntry;

/** What of a certificate the directory looks at. */
export interface CertificateIdentity {
  /** RFC 4514, as `certs/names.ts` writes it. */
  readonly issuer: string;
  /** The subject's serialNumber. */
  readonly serialNumber: string;
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string;
}

/** A community and the gateway that fronts it. */
export interface KnownCommunity {
  /** `urn:oid:…` */
  readonly homeCommunityId: string;
  readonly entry: GatewayEntry;
}

/** The partners, as one reading of the file saw them. Immutable; a reload makes a new one. */
export interface Directory {
  /** Grows with each reading. */
  readonly generation: number;
  readonly entries: readonly DirectoryEntry[];
  /** Every entry that the certificate is bound to; none: unlisted. */
  entriesOf(identity: CertificateIdentity): readonly DirectoryEntry[];
  /** Other communities, in the order of the file. */
  communities(): readonly KnownCommunity[];
  findCommunity(homeCommunityId: string): KnownCommunity | undefined;
  findEntry(name: string): DirectoryEntry | undefined;
  /** Entries that may use the listeners without TLS under this name. */
  onLoopback(): readonly DirectoryEntry[];
}

/** A directory that cannot be used, with everything that is wrong with it. */
export class DirectoryFaults extends Error {
  readonly faults: readonly RowFault[];

  constructor(faults: readonly RowFault[]) {
    super(faults.map(({ path, expected }) => `${path}: ${expected}`).join('; '));
    this.name = 'DirectoryFaults';
    this.faults = faults;
  }
}

/** More entries than any directory of partners has. */
export const MAX_ENTRIES = 10_000;

/**
 * Reads the partner directory (parsed YAML). All faults are reported at once; unknown keys are faults.
 * @throws DirectoryFaults
 */
export function readDirectory(value: unknown, generation = 1): Directory {
  const faults: RowFault[] = [];
  const file = new CheckedRow(value ?? {}, '', faults);
  file.refuseUnknown(['entries']);
  const isTooLong = file.lengthOf('entries') > MAX_ENTRIES;
  if (isTooLong) file.fault('entries', `at most ${MAX_ENTRIES} entries`);
  const entries = isTooLong ? [] : file.inners('entries').map(readEntry);
  refuseClashes(entries, faults);
  if (faults.length > 0) throw new DirectoryFaults(faults);
  return directoryOf(entries, generation);
}

/** A directory without partners: every peer is unlisted. */
export function emptyDirectory(): Directory {
  return directoryOf([], 0);
}

function directoryOf(entries: readonly DirectoryEntry[], generation: number): Directory {
  const bound = new Map<string, DirectoryEntry[]>();
  for (const entry of entries) {
    const key = bindingKey(entry.certificate);
    bound.set(key, [...(bound.get(key) ?? []), entry]);
  }
  const communities = entries.flatMap((entry) =>
    entry.kind === 'gateway'
      ? entry.homeCommunityIds.map((homeCommunityId) => ({ homeCommunityId, entry }))
      : [],
  );
  const byId = new Map(communities.map((known) => [known.homeCommunityId, known]));
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return {
    generation,
    entries,
    entriesOf: (identity) => (bound.get(bindingKey(identity)) ?? []).filter(fits(identity)),
    communities: () => communities,
    findCommunity: (homeCommunityId) => byId.get(homeCommunityId),
    findEntry: (name) => byName.get(name),
    onLoopback: () => entries.filter(({ mllp }) => mllp?.loopback === true),
  };
}

function fits(identity: CertificateIdentity): (entry: DirectoryEntry) => boolean {
  return ({ certificate: { fingerprint } }) =>
    fingerprint === undefined || fingerprint === identity.fingerprint;
}

function bindingKey({ issuer, serialNumber }: { issuer: string; serialNumber: string }): string {
  return `${serialNumber}\n${issuer}`;
}

const OID = /^[0-2](?:\.(?:0|[1-9]\d*))+$/;
const URN_OID = /^urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+$/;
const TRANSACTION = /^(?:ITI|RAD|PCC)-[1-9]\d{0,3}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const FINGERPRINT = /^[0-9a-f]{64}$/;
const ANYTHING = /^[^\p{Cc}]{1,1000}$/u;

const SHARED = ['name', 'kind', 'certificate', 'transactions', 'endpoints', 'tls', 'quirks'];
const OF_GATEWAY = [...SHARED, 'homeCommunityIds', 'wideAreaDomains'];
const OF_SYSTEM = [
  ...SHARED,
  'institution',
  'sourceIds',
  'assigningAuthorities',
  'own',
  'mllp',
  'notifiedOf',
];

function readEntry(row: CheckedRow): DirectoryEntry {
  const shared = {
    name: row.text('name', NAME, 'a name of small letters, digits, dot, dash'),
    certificate: readBinding(row.inner('certificate')),
    transactions: row.texts('transactions', TRANSACTION, 'transaction ids such as ITI-38'),
    endpoints: readEndpoints(row.inner('endpoints', {})),
    ...(row.has('tls') ? { tls: row.choice('tls', ['tls12']) } : {}),
    quirks: row.inners('quirks').map(readQuirk),
  };
  if (row.choice('kind', ['gateway', 'system']) === 'gateway') {
    row.refuseUnknown(OF_GATEWAY);
    const homeCommunityIds = row.texts('homeCommunityIds', URN_OID, 'urn:oid:… each');
    if (homeCommunityIds.length === 0) row.fault('homeCommunityIds', 'at least one urn:oid:…');
    const wideAreaDomains = readDomains(row.inner('wideAreaDomains', {}), homeCommunityIds);
    return { kind: 'gateway', ...shared, homeCommunityIds, wideAreaDomains };
  }
  row.refuseUnknown(OF_SYSTEM);
  return {
    kind: 'system',
    ...shared,
    institution: row.text('institution', ANYTHING, 'an institution code, as text in quotes'),
    sourceIds: row.texts('sourceIds', OID, 'OIDs, as text'),
    assigningAuthorities: row.texts('assigningAuthorities', OID, 'OIDs, as text'),
    own: row.flag('own'),
    notifiedOf: row.texts('notifiedOf', OID, 'OIDs, as text'),
    ...(row.has('mllp') ? { mllp: readSpeech(row.inner('mllp')) } : {}),
  };
}

const HD = /^[^\p{Cc}|^~\\&]{1,199}$/u;

/** Whoever may come without a certificate has to say under which names, or everybody on this machine might. */
function readSpeech(row: CheckedRow): V2Speech {
  row.refuseUnknown(['senders', 'loopback', 'charset']);
  const senders = row.inners('senders').map((sender) => {
    sender.refuseUnknown(['application', 'facility']);
    return {
      application: sender.text('application', HD, 'MSH-3, without delimiters'),
      facility: sender.text('facility', HD, 'MSH-4, without delimiters'),
    };
  });
  const loopback = row.flag('loopback');
  if (loopback && senders.length === 0) row.fault('senders', 'at least one, with loopback');
  const charset = row.has('charset')
    ? row.choice('charset', ['UNICODE UTF-8', '~ISO IR87'])
    : 'UNICODE UTF-8';
  return { senders, loopback, charset };
}

function readBinding(row: CheckedRow): CertificateBinding {
  row.refuseUnknown(['issuer', 'serialNumber', 'fingerprint']);
  const issuer = row.text('issuer', /=/, "the issuer's name, CN=…,C=JP");
  const serialNumber = row.text('serialNumber', ANYTHING, "the subject's serialNumber, in quotes");
  const base = { issuer: canonicalName(issuer), serialNumber };
  if (!row.has('fingerprint')) return base;
  const written = row.text('fingerprint', /^[0-9a-fA-F:]+$/, 'SHA-256 of the certificate, in hex');
  const fingerprint = written.replaceAll(':', '').toLowerCase();
  if (written !== '' && !FINGERPRINT.test(fingerprint)) row.fault('fingerprint', '64 hex digits');
  return { ...base, fingerprint };
}

function readEndpoints(row: CheckedRow): Readonly<Record<string, string>> {
  const endpoints: Record<string, string> = {};
  for (const key of row.keys()) {
    if (!TRANSACTION.test(key)) row.fault(key, 'a transaction id such as ITI-38');
    const text = row.text(key, ANYTHING, 'an https:// or mllps:// address');
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!isEndpoint(url)) row.fault(key, 'an https:// or mllps:// address');
    endpoints[key] = text;
  }
  return endpoints;
}

function readDomains(
  row: CheckedRow,
  homeCommunityIds: readonly string[],
): Readonly<Record<string, string>> {
  const domains: Record<string, string> = {};
  for (const key of row.keys()) {
    if (!homeCommunityIds.includes(key)) row.fault(key, 'one of homeCommunityIds');
    domains[key] = row.text(key, OID, 'an OID, as text');
  }
  return domains;
}

/** `mllp://` has no TLS: it stays on this machine. */
function isEndpoint(url: URL | undefined): boolean {
  if (url === undefined || url.username !== '' || url.hash !== '') return false;
  if (url.protocol === 'https:') return true;
  if (url.protocol === 'mllp:' && !['127.0.0.1', '[::1]'].includes(url.hostname)) return false;
  return ['mllp:', 'mllps:'].includes(url.protocol) && url.port !== '' && url.pathname.length < 2;
}

function readQuirk(row: CheckedRow): Quirk {
  row.refuseUnknown(['name', 'why', 'since', 'review']);
  return {
    name: row.choice('name', QUIRKS),
    why: row.text('why', ANYTHING, 'the reason, in words'),
    since: row.text('since', DAY, 'a day, YYYY-MM-DD'),
    review: row.text('review', DAY, 'the day to look again, YYYY-MM-DD'),
  };
}

/** What one entry cannot see: names and communities are given once; a certificate has one entry a kind. */
function refuseClashes(entries: readonly DirectoryEntry[], faults: RowFault[]): void {
  const seen = new Map<string, number>();
  entries.forEach((entry, index) => {
    const { fingerprint = '' } = entry.certificate;
    const claims: [string, string][] = [
      [`the name ${entry.name}`, 'name'],
      [`the certificate of this ${entry.kind}`, 'certificate'],
    ];
    const keys = [entry.name, `${entry.kind} ${bindingKey(entry.certificate)} ${fingerprint}`];
    if (entry.kind === 'gateway') {
      for (const homeCommunityId of entry.homeCommunityIds) {
        claims.push([`the community ${homeCommunityId}`, 'homeCommunityIds']);
        keys.push(homeCommunityId);
      }
    }
    claims.forEach(([what, path], at) => {
      const key = `${path} ${keys[at] ?? ''}`;
      const other = seen.get(key);
      if (other === undefined) seen.set(key, index);
      else {
        faults.push({
          path: `entries[${index}].${path}`,
          expected: `${what} stands in entries[${other}] already`,
        });
      }
    });
  });
}
