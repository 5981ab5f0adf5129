import { join } from 'node:path';
import { command, EXIT, many, option, required, UsageError } from '../command.ts';
import { makeRegion, type OwnCertificates } from '../region-folder.ts';

/** `kakehashi init`: a region's folder with commented config, certificates, directory and the Japanese code sets. */
export const initCommand = command({
  name: 'init',
  summary: {
    en: "Make a region's folder: commented config, certificates, directory, code sets.",
    ja: '地域フォルダー（注釈付き設定・証明書・連携先一覧・コード表）を作る。',
  },
  arguments: {
    folder: required(
      option.directory({ en: 'The folder to make.', ja: '作るフォルダー。' }),
      'shimane',
    ),
  },
  options: {
    name: required(option.text({ en: "The region's name.", ja: '地域の名称。' }), 'Shimane'),
    oid: required(
      option.oid({
        en: "The region's OID arc; the ids that it needs are made under it.",
        ja: '地域の OID。必要な識別子はこの下に作る。',
      }),
      '2.999.392.32',
    ),
    host: option.text(
      { en: 'Name or address under which partners reach it.', ja: '連携先から見たホスト名。' },
      'localhost',
    ),
    port: option.integer(
      { en: 'Port of the SOAP listener.', ja: 'SOAP のポート。' },
      { least: 1, most: 65_535 },
      8_443,
    ),
    operationsPort: option.integer(
      {
        en: 'Port of health and metrics, on the loopback.',
        ja: '稼働状態のポート（ループバック）。',
      },
      { least: 1, most: 65_535 },
      9_443,
    ),
    networkId: option.text(
      {
        en: "The network's directory id, in its certificate's serialNumber.",
        ja: 'ネットワークの識別子（証明書の serialNumber）。',
      },
      'NET-1',
    ),
    hospital: option.text(
      {
        en: 'Institution code of the first hospital (10 digits).',
        ja: '最初の病院の医療機関コード（10 桁）。',
      },
      '9919900010',
    ),
    ca: option.directory({
      en: "A trial CA's folder; without it one is made in the region's folder.",
      ja: '試験用 CA のフォルダー。無指定なら地域フォルダーの中に作る。',
    }),
    crlUrl: option.crlUrl({
      en: 'Where the trial CA that is made says that its CRLs are to be had.',
      ja: '作成する試験用 CA の証明書に書く CRL の配布先。',
    }),
    certificate: option.file({
      en: 'Own certificate and chain instead of a trial one; needs the next four.',
      ja: '試験用でない自身の証明書。以下の 4 つも必要。',
    }),
    key: option.file({ en: 'Its private key (0600).', ja: 'その秘密鍵（0600）。' }),
    anchors: many(option.file({ en: 'Root certificates to trust.', ja: '信頼するルート証明書。' })),
    crls: many(option.file({ en: 'Revocation lists.', ja: '失効リスト。' })),
    policy: many(
      option.oid({ en: 'A certificate policy to accept.', ja: '受け入れる証明書ポリシー。' }),
    ),
  },
  async run({ folder, oid, certificate, key, anchors, crls, policy, ...region }, desk) {
    const { print, progress, language, now, say } = desk;
    const own = ownOf({ certificate, key, anchors, crls, policies: policy }, region.ca);
    refuseCrlUrlInVain(region.crlUrl, own !== undefined || region.ca !== undefined);
    const made = await progress({ en: 'making certificates', ja: '証明書を作成中です' }, async () =>
      makeRegion(folder, { ...region, arc: oid, own, language, now: now() }),
    );
    const ca = own === undefined ? (region.ca ?? join(folder, 'ca')) : undefined;
    const nextSteps = (name: string) => [
      `kakehashi check ${folder}`,
      `kakehashi serve ${folder}`,
      `kakehashi partner add ${name} --folder ${folder} --certificate FILE --community URN --url URL`,
      ...(ca === undefined ? [] : [`kakehashi cert crl --ca ${ca}   ${say(DAILY)}`]),
    ];
    print(
      {
        en: `${made.files.join('\n')}\nnext: ${nextSteps('NAME').join('\n      ')}`,
        ja: `${made.files.join('\n')}\n次: ${nextSteps('名前').join('\n    ')}`,
      },
      made,
    );
    return EXIT.done;
  },
});

const DAILY = {
  en: '(daily, by cron: nobody is admitted once a list has ended)',
  ja: '（cron で毎日。期限が切れると誰も接続できません）',
};

function refuseCrlUrlInVain(crlUrl: string | undefined, hasAuthority: boolean): void {
  if (crlUrl === undefined || !hasAuthority) return;
  throw new UsageError(
    {
      en: '--crl-url goes with the trial CA that is made here alone',
      ja: '--crl-url は試験用 CA をここで作るときだけ指定できます',
    },
    {
      next: {
        en: 'a CA that is there has its address already: see kakehashi cert init-ca --crl-url',
        ja: '既にある CA の配布先は決まっています。kakehashi cert init-ca --crl-url を参照',
      },
    },
  );
}

function ownOf(
  given: Omit<OwnCertificates, 'certificate' | 'key'> & {
    readonly certificate: string | undefined;
    readonly key: string | undefined;
  },
  ca: string | undefined,
): OwnCertificates | undefined {
  const { certificate, key, anchors, crls, policies } = given;
  const lists = [anchors, crls, policies];
  if (certificate === undefined && key === undefined && lists.every(({ length }) => length === 0)) {
    return undefined;
  }
  if (certificate === undefined || key === undefined || lists.some(({ length }) => length === 0)) {
    throw new UsageError({
      en: 'own certificates need all of --certificate, --key, --anchors, --crls and --policy',
      ja: '自身の証明書を使うには --certificate、--key、--anchors、--crls、--policy のすべてが必要です',
    });
  }
  if (ca !== undefined) {
    throw new UsageError({
      en: 'either --ca or --certificate, not both',
      ja: '--ca と --certificate は同時に指定できません',
    });
  }
  return { certificate, key, anchors, crls, policies };
}
