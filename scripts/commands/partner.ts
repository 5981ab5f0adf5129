import { readFileSync } from 'node:fs';
import { institutionOf, readCertificates } from '../../certs/certificate.ts';
import { readConfig, writeYaml } from '../../gateway/config.ts';
import { askControl, NothingRuns } from '../../gateway/control.ts';
import { ASYNCHRONOUS } from '../../gateway/safeguards/asynchronous-partner.ts';
import type { DirectoryEntry } from '../../gateway/safeguards/directory.ts';
import { CommandError, command, EXIT, many, option, required, UsageError } from '../command.ts';
import { callPartner } from '../partner-call.ts';
import { SEE_CHECK } from '../operator-texts.ts';
import { otherHalfOf, otherHalfText } from '../other-half.ts';
import { addPartner, type NewPartner } from '../partners.ts';
import { readPartners } from '../region.ts';
import { tableOf } from '../table.ts';

const NAME = required(
  option.text({ en: "The entry's name in the directory.", ja: '連携先一覧での名前。' }),
);

const partnerAdd = command({
  name: 'partner add',
  summary: {
    en: 'Add a partner to the directory: a gateway of another community, or a system of our own.',
    ja: '連携先一覧に、他地域のゲートウェイまたは自地域のシステムを加える。',
  },
  arguments: { name: NAME },
  options: {
    folder: option.folder(),
    certificate: required(
      option.file({
        en: 'Its certificate: tells issuer and serialNumber, which survive renewal.',
        ja: '相手の証明書。発行者と serialNumber を読む（更新後も変わらない）。',
      }),
    ),
    kind: option.oneOf(
      ['gateway', 'system'],
      {
        en: 'A gateway, or a system of our own.',
        ja: '他地域のゲートウェイ、または自地域のシステム。',
      },
      'gateway',
    ),
    community: many(
      option.homeCommunityId({
        en: 'gateway: a community that it speaks for.',
        ja: 'gateway: 代表する地域。',
      }),
    ),
    url: option.url({
      en: 'gateway: its Responding Gateway.',
      ja: 'gateway: Responding Gateway の URL。',
    }),
    sourceId: many(
      option.oid({ en: 'system: an OID that it submits under.', ja: 'system: 登録元の OID。' }),
    ),
    authority: many(
      option.oid({
        en: 'system: an authority whose patient ids it may feed.',
        ja: 'system: 登録してよい患者番号の発番元。',
      }),
    ),
    transaction: many(
      option.text({
        en: 'A transaction that it may call; if none is given, those usual for its kind.',
        ja: '呼び出してよいトランザクション。無指定なら種類ごとの標準。',
      }),
    ),
    tls12: option.flag({
      en: 'It cannot speak TLS 1.3: allow TLS 1.2 (BCP 195 suites).',
      ja: 'TLS 1.3 を話せない相手に TLS 1.2（BCP 195）を許す。',
    }),
    callback: many(
      option.url({
        en: 'An address to which it may have its answers sent (ReplyTo), whole.',
        ja: '応答の送り先（ReplyTo）として認める URL 全体。',
      }),
    ),
    asynchronous: many(
      option.oneOf(ASYNCHRONOUS, {
        en: 'gateway: a transaction that it is asked asynchronously.',
        ja: 'gateway: 非同期で問い合わせるトランザクション。',
      }),
    ),
    pin: option.flag({
      en: 'Bind this one certificate by its fingerprint.',
      ja: 'この証明書だけに限る（フィンガープリント）。',
    }),
  },
  async run({ folder, name, certificate, pin, ...rest }, { print }) {
    const config = readConfig(folder);
    const [leaf] = readCertificates(readFile(certificate));
    const institution = leaf === undefined ? undefined : institutionOf(leaf);
    if (leaf === undefined || institution === undefined) {
      throw new CommandError(
        { en: 'has no serialNumber in its subject', ja: 'の主体者に serialNumber がありません' },
        { where: certificate },
      );
    }
    const partner: NewPartner = {
      name,
      ...rest,
      binding: {
        issuer: leaf.issuer.text,
        serialNumber: institution,
        ...(pin ? { fingerprint: leaf.fingerprint } : {}),
      },
    };
    const entry = addPartner(config, partner);
    const half = await otherHalfOf(config).catch(() => undefined);
    const isRunning = await reloaded(config.folder);
    print(
      {
        en: [
          `${writeYaml([entry])}${isRunning ? 'in force in the running process' : 'in force at the next start'}`,
          ...(half === undefined ? [] : [otherHalfText(half, partner).en]),
        ].join('\n'),
        ja: [
          `${writeYaml([entry])}${isRunning ? '動作中のプロセスに反映しました' : '次の起動から有効です'}`,
          ...(half === undefined ? [] : [otherHalfText(half, partner).ja]),
        ].join('\n'),
      },
      { entry, isRunning, otherHalf: half },
    );
    return EXIT.done;
  },
});

const partnerList = command({
  name: 'partner list',
  summary: { en: 'List the directory.', ja: '連携先を一覧する。' },
  options: { folder: option.folder() },
  async run({ folder }, { print }) {
    const { entries } = readPartners(readConfig(folder));
    const table = tableOf(
      ['name', 'kind', 'stands for', 'may call', 'tls'],
      entries.map((entry) => [
        entry.name,
        entry.kind,
        entry.kind === 'gateway' ? entry.homeCommunityIds.join(' ') : entry.institution,
        entry.transactions.join(' '),
        entry.tls ?? 'tls13',
      ]),
    );
    const none = { en: 'the directory is empty', ja: '連携先はありません' };
    print(entries.length === 0 ? none : table.join('\n'), { entries });
    return entries.length === 0 ? EXIT.nothingToDo : EXIT.done;
  },
});

const partnerTest = command({
  name: 'partner test',
  summary: {
    en: 'Call a partner: TLS, its certificate, and whether it admits ours. Nothing is asked of it.',
    ja: '連携先に接続し、TLS・相手の証明書・こちらが受け入れられるかを確かめる（照会はしない）。',
  },
  arguments: { name: NAME },
  options: { folder: option.folder() },
  async run({ folder, name }, { print, progress, now }) {
    const config = readConfig(folder);
    const entry = readPartners(config).findEntry(name);
    if (entry === undefined) throw unknownPartner(name);
    const [url] = endpointsOf(entry);
    if (url === undefined) {
      throw new UsageError(
        {
          en: 'has no endpoint: it only calls us',
          ja: 'には接続先がありません（呼び出す側だけです）',
        },
        { where: name },
      );
    }
    const found = await progress({ en: `calling ${url}`, ja: `${url} に接続中です` }, async () =>
      callPartner({ config, entry, url }, now()),
    );
    print(
      {
        en: `${name} answers at ${url}: ${found.protocol}, HTTP ${found.status}, certificate until ${found.certificateUntil}, clocks ${found.clockDifferenceSeconds} s apart`,
        ja: `${name} は ${url} で応答しました: ${found.protocol}、HTTP ${found.status}、証明書の期限 ${found.certificateUntil}、時計の差 ${found.clockDifferenceSeconds} 秒`,
      },
      { name, url, ...found },
    );
    return EXIT.done;
  },
});

/** `kakehashi partner …` */
export const partnerCommands = [partnerAdd, partnerList, partnerTest];

function endpointsOf({ endpoints }: DirectoryEntry): readonly string[] {
  return Object.values(endpoints);
}

function readFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch {
    throw new UsageError({ en: 'cannot be read', ja: 'が読めません' }, { where: path });
  }
}

function unknownPartner(name: string): UsageError {
  return new UsageError(
    { en: 'is not in the directory', ja: 'は連携先一覧にありません' },
    {
      where: name,
      next: { en: 'see: kakehashi partner list', ja: '参照: kakehashi partner list' },
    },
  );
}

/** True when a process runs for the folder and took the directory. @throws CommandError when it could not read all of its files */
async function reloaded(folder: string): Promise<boolean> {
  try {
    await askControl(folder, 'reload');
    return true;
  } catch (error) {
    if (error instanceof NothingRuns) return false;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      {
        en: `the row is written, but the running process cannot read every file again: ${reason}`,
        ja: `行は書き込みましたが、動作中のプロセスが読み直せないファイルがあります: ${reason}`,
      },
      { where: folder, cause: error, next: SEE_CHECK },
    );
  }
}
