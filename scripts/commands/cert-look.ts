import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { accepts, type Finding } from '../../certs/findings.ts';
import { profileFindings, type TlsUse } from '../../certs/hpki.ts';
import { TRIAL_POLICY } from '../../certs/oids.ts';
import { CONFIG_FILE, readConfig } from '../../gateway/config.ts';
import { Trust } from '../../gateway/safeguards/trust.ts';
import {
  certificatesOf,
  chainOfFile,
  descriptionOf,
  findingText,
  linesOf,
  listDescriptionOf,
  listsOfFile,
} from '../certificate-texts.ts';
import {
  type Command,
  CommandError,
  command,
  type Desk,
  EXIT,
  many,
  option,
  required,
  UsageError,
} from '../command.ts';

const file = () =>
  required(
    option.file({
      en: 'PEM or DER; a chain has its own certificate first.',
      ja: 'PEM または DER。チェーンは自身の証明書から。',
    }),
  );
const policies = () =>
  many(
    option.oid({
      en: "A policy that is accepted; the trial CA's unless given.",
      ja: '受け入れるポリシー（無指定なら試験用 CA のもの）。',
    }),
  );
const use = () =>
  option.oneOf(
    ['both', 'client', 'server'],
    { en: 'What it is to stand for.', ja: '用途。' },
    'both',
  );

const certInspect = command({
  name: 'cert inspect',
  summary: {
    en: 'Show what a certificate or CRL says.',
    ja: '証明書または CRL の内容を表示する。',
  },
  arguments: { file: file() },
  async run({ file: path }, { print }) {
    const described = await describe(path);
    print(described.map(linesOf).join('\n\n'), described);
    return EXIT.done;
  },
});

const certLint = command({
  name: 'cert lint',
  summary: {
    en: 'Hold a certificate against the HPKI profile for organisations.',
    ja: '証明書を HPKI（機関認証）の様式と照合する。',
  },
  arguments: { file: file() },
  options: { policy: policies(), use: use() },
  async run({ file: path, policy, use: asked }, desk) {
    const { own } = await chainOfFile(path);
    const findings = profileFindings(own, { policies: orTrial(policy) }, usesOf(asked));
    return tell(findings, path, desk);
  },
});

const certVerify = command({
  name: 'cert verify',
  summary: {
    en: 'Judge a certificate as a TLS connection would: profile, chain, dates, revocation.',
    ja: 'TLS 接続と同じ基準で判定する（様式・認証パス・期限・失効）。',
  },
  arguments: { file: file() },
  options: {
    folder: option.folder(),
    anchors: many(
      option.file({
        en: "Trust anchors; the region's (tls.anchors) unless given.",
        ja: '信頼の起点（無指定なら地域の tls.anchors）。',
      }),
    ),
    crls: many(
      option.file({
        en: "CRLs; the region's (tls.crls) unless given.",
        ja: 'CRL（無指定なら地域の tls.crls）。',
      }),
    ),
    policy: many(
      option.oid({
        en: "A policy that is accepted; the region's (tls.acceptedPolicies) unless given.",
        ja: '受け入れるポリシー（無指定なら地域の tls.acceptedPolicies）。',
      }),
    ),
    use: use(),
  },
  async run({ file: path, folder, use: asked, ...given }, desk) {
    const { anchors, crls, policies: accepted } = judgedBy(folder, given);
    const { own, sent } = await chainOfFile(path);
    const trust = new Trust({
      anchors: (await Promise.all(anchors.map(certificatesOf))).flat(),
      intermediates: [],
      revocationLists: (await Promise.all(crls.map(listsOfFile))).flat(),
      profile: { policies: accepted },
    });
    const findings = trust.judge({ certificate: own, sent, uses: usesOf(asked) }, desk.now());
    return tell(findings, path, desk);
  },
});

const DAY_MS = 86_400_000;

const certNeedsRenewal = command({
  name: 'cert needs-renewal',
  summary: {
    en: 'For cron: exit code 0 when a certificate is due, 3 when none is.',
    ja: 'cron 用。更新時期なら終了コード 0、まだなら 3。',
  },
  arguments: {
    file: required(many(required(option.file({ en: 'Certificates.', ja: '証明書。' })))),
  },
  options: {
    days: option.integer(
      { en: 'Due when fewer days are left.', ja: '残り日数がこれを下回れば更新時期。' },
      { least: 0, most: 3650 },
      30,
    ),
  },
  async run({ file: paths, days }, { print, now }) {
    const at = now().getTime();
    const certificates = await Promise.all(
      paths.map(async (path) => {
        const { notAfter } = (await chainOfFile(path)).own;
        const daysLeft = Math.floor((notAfter.getTime() - at) / DAY_MS);
        return { file: path, notAfter: notAfter.toISOString(), daysLeft, isDue: daysLeft < days };
      }),
    );
    const due = certificates.filter(({ isDue }) => isDue);
    print(
      {
        en: certificates
          .map((each) => `${each.file}: ${each.daysLeft} days left${each.isDue ? ', due' : ''}`)
          .join('\n'),
        ja: certificates
          .map((each) => `${each.file}: 残り ${each.daysLeft} 日${each.isDue ? '、更新時期' : ''}`)
          .join('\n'),
      },
      { due: due.length, certificates },
    );
    return due.length > 0 ? EXIT.done : EXIT.nothingToDo;
  },
});

/** The verbs that only look; certificates of any CA. */
export const certLookCommands: readonly Command[] = [
  certInspect,
  certVerify,
  certLint,
  certNeedsRenewal,
];

async function describe(path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  try {
    return (await certificatesOf(path)).map(descriptionOf);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // Not a certificate: perhaps a CRL. If neither, the first error says what was expected.
    const lists = await listsOfFile(path).catch(() => undefined);
    if (!lists) throw error;
    return lists.map(listDescriptionOf);
  }
}

function tell(findings: readonly Finding[], path: string, { print, say }: Desk) {
  const accepted = accepts(findings);
  const lines = findings.map((finding) => say(findingText(finding)));
  const verdict = accepted
    ? { en: `${path}: accepted`, ja: `${path}: 受け入れられます` }
    : { en: `${path}: refused`, ja: `${path}: 受け入れられません` };
  print([...lines, say(verdict)].join('\n'), { file: path, accepted, findings });
  return accepted ? EXIT.done : EXIT.failed;
}

/** What a certificate is held against: what is given, the rest as the region's config has it. */
function judgedBy(
  folder: string,
  given: Readonly<Record<'anchors' | 'crls' | 'policy', readonly string[]>>,
) {
  const { anchors, crls, policy } = given;
  const hasAll = [anchors, crls, policy].every(({ length }) => length > 0);
  const isRegion = existsSync(join(folder, CONFIG_FILE));
  const tls = hasAll || !isRegion ? undefined : readConfig(folder).tls;
  const found = {
    anchors: anchors.length > 0 ? anchors : (tls?.anchors ?? []),
    crls: crls.length > 0 ? crls : (tls?.crls ?? []),
    policies: policy.length > 0 ? policy : (tls?.acceptedPolicies ?? orTrial([])),
  };
  if (found.anchors.length > 0 && found.crls.length > 0) return found;
  throw new UsageError(
    {
      en: `there is no ${CONFIG_FILE} in ${folder} that names anchors and CRLs`,
      ja: `${folder} に、信頼の起点と CRL を示す ${CONFIG_FILE} がありません`,
    },
    {
      next: {
        en: 'give --folder of a region, or --anchors and --crls',
        ja: '地域の --folder、または --anchors と --crls を指定してください',
      },
    },
  );
}

function orTrial(policy: readonly string[]): readonly string[] {
  return policy.length > 0 ? policy : [TRIAL_POLICY];
}

function usesOf(asked: 'both' | TlsUse): readonly TlsUse[] {
  return asked === 'both' ? ['client', 'server'] : [asked];
}
