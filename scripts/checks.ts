import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { types } from 'node:util';
import { type RevocationList, readRevocationLists } from '../certs/revocation.ts';
import { ConfigFaults } from '../gateway/config-faults.ts';
import type { Config } from '../gateway/config.ts';
import { requireSocketPath } from '../gateway/control.ts';
import { codesOf } from '../gateway/ourselves.ts';
import { refuseOwnCommunity } from '../gateway/partners.ts';
import { checkIdentity } from './check-identity.ts';
import { CommandError } from './command.ts';
import type { Text } from './messages.ts';
import { findingsText, operatorTextOf } from './operator-texts.ts';
import { ownPolicy, readPartners } from './region.ts';

/** What one check found. A warning does not stop a start. */
export interface Checked {
  readonly name:
    | 'config'
    | 'certificate'
    | 'revocation'
    | 'directory'
    | 'codes'
    | 'identity'
    | 'clock'
    | 'disk'
    | 'database';
  readonly outcome: 'ok' | 'warning' | 'failed';
  readonly detail: Text;
}

const DAY_MS = 86_400_000;
const RENEW_WITHIN_DAYS = 30;
const LIST_DUE_WITHIN_DAYS = 5;
const LEAST_FREE_BYTES = 256 * 1_048_576;
const LOW_FREE_BYTES = 4_096 * 1_048_576;
const CLOCK_SLACK_MS = 5 * 60_000;

/** Looks at everything that keeps a region from starting, or soon will; `config` has been read already. */
export async function checkRegion(config: Config, now: Date): Promise<readonly Checked[]> {
  return [
    checkConfig(config),
    await checkCertificate(config, now),
    ...checkRevocation(config, now),
    checkDirectory(config),
    ...checkCodes(config),
    ...(await checkIdentity(config)),
    checkClock(config, now),
    ...(await checkDisk(config)),
    ...(await checkDatabase(config)),
  ];
}

/** Its settings have been read; the place of its folder counts, too. */
function checkConfig({ folder }: Config): Checked {
  try {
    requireSocketPath(folder);
    return ok('config', { en: 'every setting is sound', ja: '設定に誤りはありません' });
  } catch (error) {
    return failed('config', reasonOf(error));
  }
}

/** A PostgreSQL is connected to, and its settings are read back. A SQLite file has its disk, and who runs has it locked. */
async function checkDatabase({ database }: Config): Promise<readonly Checked[]> {
  if (database.kind !== 'postgres') return [];
  const { PostgresConnections } = await import('../gateway/stores/postgres-connection.ts');
  let connections: InstanceType<typeof PostgresConnections> | undefined;
  try {
    connections = new PostgresConnections(database.url);
    connections.release(await connections.take(), true);
    const { place } = connections;
    return [ok('database', { en: `${place}: PostgreSQL answers`, ja: `${place}: 接続できました` })];
  } catch (error) {
    const { what, next } = operatorTextOf(error) ?? { what: reasonOf(error) };
    const at = connections === undefined ? '' : `${connections.place}: `;
    const why = causeOf(error);
    return [
      failed('database', {
        en: `${at}${what.en}${why}${next === undefined ? '' : `; ${next.en}`}`,
        ja: `${at}${what.ja}${why}${next === undefined ? '' : `。${next.ja}`}`,
      }),
    ];
  } finally {
    await connections?.close();
  }
}

/** The code of what lies under an error, such as ECONNREFUSED, or 28P01 of a password that is wrong. */
function causeOf(error: unknown): string {
  const cause = types.isNativeError(error) ? error.cause : undefined;
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? ` (${code})` : '';
}

async function checkCertificate(config: Config, now: Date): Promise<Checked> {
  try {
    const policy = await ownPolicy(config);
    // The listener asks more of it than a call does.
    policy.serverOptions();
    const { ownCertificate } = policy;
    const revoked = policy.trust
      .judge({ certificate: ownCertificate, sent: [], uses: ['client', 'server'] }, now)
      .filter(({ rule }) => rule === 'revoked');
    if (revoked.length > 0) return failed('certificate', findingsText(revoked));
    const days = Math.floor((ownCertificate.notAfter.getTime() - now.getTime()) / DAY_MS);
    const detail = {
      en: `${ownCertificate.subject.text}, ${days} days left`,
      ja: `${ownCertificate.subject.text}、残り ${days} 日`,
    };
    return days < RENEW_WITHIN_DAYS ? warning('certificate', detail) : ok('certificate', detail);
  } catch (error) {
    return failed('certificate', reasonOf(error));
  }
}

function checkRevocation({ tls }: Config, now: Date): readonly Checked[] {
  const newest = newestLists(tls.crls, now);
  return tls.crls.map((file) => {
    try {
      const lists = readRevocationLists(readFileSync(file));
      const inForce = lists.filter((list) => list.thisUpdate >= newestOf(newest, list));
      if (inForce.length === 0) {
        return warning('revocation', {
          en: `${file}: newer lists of the same CAs stand elsewhere; it may go`,
          ja: `${file}: 同じ CA の新しい失効リストが別にあり、不要です`,
        });
      }
      const due = Math.min(...inForce.map(({ nextUpdate }) => nextUpdate?.getTime() ?? 0));
      const day = new Date(due).toISOString().slice(0, 16);
      if (due <= now.getTime()) {
        return failed('revocation', {
          en: `${file}: a list ended ${day}Z, nobody under its CA is admitted; ${RENEW_LIST.en}`,
          ja: `${file}: 失効リストが ${day}Z に期限切れです。その CA の証明書では接続できません。${RENEW_LIST.ja}`,
        });
      }
      const detail = {
        en: `${file}: next list due ${day}Z`,
        ja: `${file}: 次の失効リストの期限 ${day}Z`,
      };
      if (due - now.getTime() >= LIST_DUE_WITHIN_DAYS * DAY_MS) return ok('revocation', detail);
      return warning('revocation', {
        en: `${detail.en}; ${RENEW_LIST.en}`,
        ja: `${detail.ja}。${RENEW_LIST.ja}`,
      });
    } catch (error) {
      return failed('revocation', reasonOf(error));
    }
  });
}

/** When the newest list of each CA's key was issued: an older one beside it says nothing any more. */
function newestLists(files: readonly string[], now: Date): ReadonlyMap<string, Date> {
  const newest = new Map<string, Date>();
  for (const list of files.flatMap(listsIn)) {
    const { thisUpdate } = list;
    if (thisUpdate <= now && thisUpdate > newestOf(newest, list)) {
      newest.set(signerOf(list), thisUpdate);
    }
  }
  return newest;
}

function newestOf(newest: ReadonlyMap<string, Date>, list: RevocationList): Date {
  return newest.get(signerOf(list)) ?? new Date(0);
}

function signerOf({ issuer, authorityKey = '' }: RevocationList): string {
  return `${authorityKey} ${issuer}`;
}

/** What can be read of a file; what is wrong with it is told once, where it is looked at by itself. */
function listsIn(file: string): readonly RevocationList[] {
  try {
    return readRevocationLists(readFileSync(file));
  } catch {
    return [];
  }
}

const RENEW_LIST: Text = {
  en: 'fetch a fresh one, or with a trial CA: kakehashi cert crl --ca DIR',
  ja: '新しいものを入手してください。試験用 CA なら kakehashi cert crl --ca フォルダー',
};

function checkDirectory(config: Config): Checked {
  try {
    const partners = readPartners(config);
    refuseOwnCommunity(partners, config);
    const { entries } = partners;
    const gateways = entries.filter(({ kind }) => kind === 'gateway').length;
    const detail = {
      en: `${gateways} gateways, ${entries.length - gateways} systems`,
      ja: `ゲートウェイ ${gateways} 件、システム ${entries.length - gateways} 件`,
    };
    const { feed, service } = config.wideArea;
    const isFed = entries.some((one) => one.name === service && one.endpoints['ITI-44']);
    if (feed && !isFed) {
      return warning('directory', {
        en: `${detail.en}; ${service} has no endpoint for ITI-44, so wideArea.feed reaches nobody`,
        ja: `${detail.ja}。${service} に ITI-44 の endpoint がなく、wideArea.feed が届きません`,
      });
    }
    return entries.length === 0 ? warning('directory', detail) : ok('directory', detail);
  } catch (error) {
    return failed('directory', reasonOf(error));
  }
}

/** The code sets are read where a Document Registry starts, and by nobody else. */
function checkCodes(config: Config): readonly Checked[] {
  const file = config.affinity.codes;
  if (file === undefined || !config.actors.includes('document-registry')) return [];
  try {
    codesOf(config);
    return [ok('codes', { en: `${file}: every code is sound`, ja: `${file}: 誤りはありません` })];
  } catch (error) {
    return [failed('codes', reasonOf(error))];
  }
}

/** Without a time server to ask: the clock must not be behind what was written and signed already. */
function checkClock(config: Config, now: Date): Checked {
  const written = [config.database.file, config.audit.directory, config.spool.directory]
    .filter((path) => existsSync(path))
    .map((path) => statSync(path).mtimeMs);
  const signed = config.tls.crls.flatMap(listsIn).map(({ thisUpdate }) => thisUpdate.getTime());
  const latest = Math.max(0, ...written, ...signed);
  const shown = `${now.toISOString().slice(0, 19)}Z`;
  if (latest <= now.getTime() + CLOCK_SLACK_MS) {
    return ok('clock', {
      en: `${shown}, not behind any file or list`,
      ja: `${shown}、ファイルや失効リストより遅れていません`,
    });
  }
  const seen = `${new Date(latest).toISOString().slice(0, 19)}Z`;
  return failed('clock', {
    en: `${shown} is behind what was written at ${seen}; set the clock by NTP`,
    ja: `${shown} は ${seen} に書かれたものより遅れています。NTP で時計を合わせてください`,
  });
}

async function checkDisk(config: Config): Promise<readonly Checked[]> {
  const folders = [
    dirname(config.database.file),
    config.documents.directory,
    config.spool.directory,
    config.audit.directory,
  ];
  return Promise.all([...new Set(folders)].map((folder) => checkFolder(folder)));
}

async function checkFolder(folder: string): Promise<Checked> {
  const found = nearestFolder(folder);
  try {
    accessSync(found, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(found);
    const free = bavail * bsize;
    const detail = {
      en: `${folder}: ${Math.floor(free / 1_048_576)} MiB free`,
      ja: `${folder}: 空き ${Math.floor(free / 1_048_576)} MiB`,
    };
    if (free < LEAST_FREE_BYTES) return failed('disk', detail);
    return free < LOW_FREE_BYTES ? warning('disk', detail) : ok('disk', detail);
  } catch {
    return failed('disk', { en: `${found} cannot be written`, ja: `${found} に書き込めません` });
  }
}

/** The folder itself, or the nearest one above it that is there: it will be made at the start. */
function nearestFolder(folder: string): string {
  let found = folder;
  while (!existsSync(found) && dirname(found) !== found) found = dirname(found);
  return found;
}

function reasonOf(error: unknown): Text {
  if (error instanceof CommandError) {
    const { what, where } = error;
    return where === undefined ? what : { en: `${where} ${what.en}`, ja: `${where} ${what.ja}` };
  }
  const known = operatorTextOf(error);
  if (known !== undefined) return known.what;
  if (error instanceof ConfigFaults) {
    const told = (language: 'en' | 'ja') =>
      error.faults.map(({ problem }) => `${error.file}: ${problem[language]}`).join('; ');
    return { en: told('en'), ja: told('ja') };
  }
  const reason = types.isNativeError(error) ? error.message : String(error);
  return { en: reason, ja: reason };
}

function ok(name: Checked['name'], detail: Text): Checked {
  return { name, outcome: 'ok', detail };
}

function warning(name: Checked['name'], detail: Text): Checked {
  return { name, outcome: 'warning', detail };
}

function failed(name: Checked['name'], detail: Text): Checked {
  return { name, outcome: 'failed', detail };
}
