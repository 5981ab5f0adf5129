import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { addToYaml, type Config, parseYaml } from '../gateway/config.ts';
import {
  type CertificateBinding,
  DirectoryFaults,
  readDirectory,
} from '../gateway/safeguards/directory.ts';
import { CommandError, EXIT, UsageError } from './command.ts';
import { directoryFaultsText } from './operator-texts.ts';

/** A partner as an operator names it. */
export interface NewPartner {
  readonly name: string;
  readonly kind: 'gateway' | 'system';
  readonly binding: CertificateBinding;
  /** `urn:oid:…`; of a gateway. */
  readonly community: readonly string[];
  /** A gateway's Responding Gateway. */
  readonly url: string | undefined;
  /** OIDs; of a system. */
  readonly sourceId: readonly string[];
  readonly authority: readonly string[];
  /** Empty: those usual for the kind. */
  readonly transaction: readonly string[];
  readonly tls12: boolean;
  /** Addresses to which its answers may be sent. */
  readonly callback?: readonly string[];
  /** Transactions that it is asked asynchronously; each has an endpoint. */
  readonly asynchronous?: readonly string[];
}

/** What a partner may call unless the operator says otherwise. */
export const USUAL = {
  gateway: ['ITI-38', 'ITI-39', 'ITI-55', 'ITI-56'],
  system: ['ITI-18', 'ITI-41', 'ITI-43', 'ITI-44', 'ITI-45', 'ITI-47'],
} as const;

/** A directory without partners, and what it is for. */
export const EMPTY_DIRECTORY = `# The partners: who may call, and where others are called. Made by kakehashi partner add.
# 連携先の一覧: 誰が呼び出せるか、どこを呼び出すか。kakehashi partner add で追加します。
entries: []
`;

/** The row of the directory file that a partner becomes. */
export function partnerRow(partner: NewPartner): Readonly<Record<string, unknown>> {
  const { name, kind, binding, community, url, sourceId, authority, transaction, tls12 } = partner;
  const { callback = [], asynchronous = [] } = partner;
  const shared = {
    name,
    kind,
    certificate: binding,
    transactions: transaction.length > 0 ? transaction : USUAL[kind],
    ...(tls12 ? { tls: 'tls12' } : {}),
    ...(callback.length > 0 ? { callbacks: callback } : {}),
    ...(asynchronous.length > 0 ? { asynchronous } : {}),
  };
  if (kind === 'system') {
    return {
      ...shared,
      institution: binding.serialNumber,
      sourceIds: sourceId,
      assigningAuthorities: authority,
    };
  }
  return {
    ...shared,
    homeCommunityIds: community,
    endpoints: url === undefined ? {} : Object.fromEntries(USUAL.gateway.map((id) => [id, url])),
  };
}

/**
 * Adds a partner to the directory file; comments in it stay. The file is replaced whole, or not at all.
 *
 * @throws CommandError with what is wrong when the directory would not be sound with it
 */
export function addPartner(
  { directory, homeCommunityId }: Pick<Config, 'directory' | 'homeCommunityId'>,
  partner: NewPartner,
): Readonly<Record<string, unknown>> {
  if (partner.community.includes(homeCommunityId)) throw ownCommunity(homeCommunityId);
  requireAsked(partner);
  const row = partnerRow(partner);
  const name = basename(directory);
  const before = existsSync(directory) ? readFileSync(directory, 'utf8') : EMPTY_DIRECTORY;
  const after = addToYaml(before, 'entries', row, name);
  try {
    readDirectory(parseYaml(after, name));
  } catch (error) {
    if (!(error instanceof DirectoryFaults)) throw error;
    throw new CommandError(directoryFaultsText(error.faults), {
      where: name,
      cause: error,
      exit: EXIT.usage,
      next: NOTHING_WRITTEN,
    });
  }
  const beside = `${directory}.${process.pid}.new`;
  writeFileSync(beside, after, { flush: true });
  renameSync(beside, directory);
  return row;
}

const NOTHING_WRITTEN = {
  en: 'nothing was written: mend the options, or the row that is there',
  ja: '何も書き込んでいません。オプションか既存の行を直してください',
};

/** Whoever is never asked is not asked asynchronously. */
function requireAsked({ kind, url, asynchronous = [] }: NewPartner): void {
  const asked: readonly string[] = kind === 'gateway' && url !== undefined ? USUAL.gateway : [];
  const [never] = asynchronous.filter((id) => !asked.includes(id));
  if (never === undefined) return;
  throw new UsageError(
    {
      en: `${never} is never asked of this partner`,
      ja: `この連携先に ${never} を問い合わせることはありません`,
    },
    {
      where: '--asynchronous',
      next: {
        en: 'nothing was written: a gateway with --url is asked ITI-38, ITI-39 and ITI-55',
        ja: '何も書き込んでいません。--url のあるゲートウェイには ITI-38・ITI-39・ITI-55 を問い合わせます',
      },
    },
  );
}

/** A gateway refuses a directory in which its own community stands: it would ask itself. */
function ownCommunity(homeCommunityId: string): UsageError {
  return new UsageError(
    {
      en: `${homeCommunityId} is our own community`,
      ja: `${homeCommunityId} は自地域です`,
    },
    {
      where: '--community',
      next: {
        en: "nothing was written: give the partner's homeCommunityId; a system of our own has --kind system",
        ja: '何も書き込んでいません。相手の homeCommunityId を指定してください。自地域のシステムなら --kind system です',
      },
    },
  );
}
