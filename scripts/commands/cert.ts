import { CRL_VALIDITY_DAYS, KEY_KINDS, TRIAL_CRL_URLS } from '../../certs/authority.ts';
import type { Certificate } from '../../certs/certificate.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../../certs/revocation.ts';
import { CaFolder } from '../ca-folder.ts';
import { chainOfFile, descriptionOf, onFile } from '../certificate-texts.ts';
import {
  type Command,
  CommandError,
  command,
  EXIT,
  many,
  option,
  required,
  requireYes,
  UsageError,
} from '../command.ts';
import { certLookCommands } from './cert-look.ts';
import { certP12 } from './cert-p12.ts';

const caFolder = () =>
  option.directory({ en: "The trial CA's folder.", ja: '試験用 CA のフォルダー。' }, 'ca');
const validity = (byDefault: number) =>
  option.integer(
    { en: 'Days that it is valid.', ja: '有効日数。' },
    { least: 1, most: 7300 },
    byDefault,
  );
const certificateFile = () =>
  required(option.file({ en: 'The certificate, PEM or DER.', ja: '証明書（PEM または DER）。' }));
const keyKind = () => option.oneOf(KEY_KINDS, { en: 'Kind of key.', ja: '鍵の種類。' }, 'p-256');

const certInitCa = command({
  name: 'cert init-ca',
  summary: {
    en: 'Make a trial CA: a root, and a CA that issues for organisations.',
    ja: '試験用 CA（ルートと機関認証用の発行 CA）を作る。',
  },
  options: {
    ca: caFolder(),
    organisation: option.text(
      { en: 'Whose trial it is (O).', ja: '試験の主体（O）。' },
      'Kakehashi trial',
    ),
    keyKind: keyKind(),
    validityDays: validity(3650),
    crlUrl: option.crlUrl({
      en: `Where the CRLs will be had, as certificates say it; without it ${TRIAL_CRL_URLS.issuing}, which leads nowhere.`,
      ja: `証明書に書く CRL の配布先。無指定なら ${TRIAL_CRL_URLS.issuing}（実在しない）。`,
    }),
  },
  async run({ ca, organisation, keyKind: kind, validityDays, crlUrl }, { print, now }) {
    const made = await onFile(ca, () =>
      CaFolder.create(ca, {
        organisation,
        keyKind: kind,
        validityDays,
        now: now(),
        ...(crlUrl === undefined ? {} : { crlUrl }),
      }),
    );
    print(
      {
        en: `made a trial CA in ${ca}\ngive partners anchors.pem and crls.pem; keep the .key files here\nnext: kakehashi cert issue --ca ${ca} …\n      kakehashi cert crl --ca ${ca}   (daily, by cron: nobody is admitted once a list has ended)`,
        ja: `${ca} に試験用 CA を作りました\n連携先には anchors.pem と crls.pem を渡します。.key は渡しません\n次: kakehashi cert issue --ca ${ca} …\n    kakehashi cert crl --ca ${ca}   （cron で毎日。期限が切れると誰も接続できません）`,
      },
      { folder: ca, issuer: made.issuing.subject.text, root: descriptionOf(made.root) },
    );
    return EXIT.done;
  },
});

const certIssue = command({
  name: 'cert issue',
  summary: { en: 'Issue a certificate for an organisation.', ja: '機関の証明書を発行する。' },
  options: {
    ca: caFolder(),
    institution: required(
      option.text({
        en: "Institution code, or a network's directory id (subject serialNumber).",
        ja: '機関コード、またはネットワークの識別子（serialNumber）。',
      }),
    ),
    organisation: required(
      option.text({ en: 'Name in English or romaji (O).', ja: '機関名の英字表記（O）。' }),
    ),
    name: option.text({
      en: 'Common name (CN); the first host unless given.',
      ja: 'CN（無指定なら最初のホスト名）。',
    }),
    host: many(
      option.text({
        en: 'A host name or IP address that it serves under.',
        ja: 'ホスト名または IP アドレス。',
      }),
    ),
    role: option.text({ en: 'hcRole.', ja: 'hcRole の名称。' }, 'TEST Hospital'),
    keyKind: keyKind(),
    validityDays: validity(365),
    out: option.text(
      {
        en: 'Prefix of the files: OUT.pem and OUT.key.',
        ja: '出力先の名前（OUT.pem と OUT.key）。',
      },
      'own',
    ),
  },
  async run({ ca, host, name, out, ...asked }, { print, now }) {
    const folder = await onFile(ca, () => CaFolder.open(ca));
    const commonName = name ?? host[0] ?? asked.organisation;
    const pair = await onFile(out, () =>
      folder.issue(out, { ...asked, commonName, hosts: host, now: now() }),
    );
    const { certificateFile: file, keyFile, certificate } = pair;
    print(
      {
        en: `wrote ${file} and ${keyFile} (0600), valid until ${certificate.notAfter.toISOString()}`,
        ja: `${file} と ${keyFile}（0600）を書き出しました。期限 ${certificate.notAfter.toISOString()}`,
      },
      { certificateFile: file, keyFile, certificate: descriptionOf(certificate) },
    );
    return EXIT.done;
  },
});

const certRenew = command({
  name: 'cert renew',
  summary: {
    en: 'Replace FILE.pem and FILE.key by a successor with another key.',
    ja: '新しい鍵の後継証明書に置き換える（FILE.pem と FILE.key）。',
  },
  arguments: { certificate: certificateFile() },
  options: { ca: caFolder(), validityDays: validity(365) },
  async run({ certificate: file, ca, validityDays }, { print, now }) {
    if (!file.endsWith('.pem')) {
      throw new UsageError(
        { en: 'the file must end in .pem', ja: 'ファイル名は .pem で終わること' },
        { where: file },
      );
    }
    const folder = await onFile(ca, () => CaFolder.open(ca));
    const { own } = await chainOfFile(file);
    refuseForeign(folder, own, file);
    if (folder.isRevoked(own)) {
      throw new CommandError(
        { en: 'it is revoked, so it cannot be renewed', ja: '失効しているため更新できません' },
        {
          where: file,
          next: {
            en: 'issue a new one: kakehashi cert issue',
            ja: '新しく発行してください: kakehashi cert issue',
          },
        },
      );
    }
    const prefix = file.slice(0, -'.pem'.length);
    const pair = await onFile(file, () =>
      folder.renew(prefix, { certificate: own, now: now(), validityDays }),
    );
    const until = pair.certificate.notAfter.toISOString();
    print(
      {
        en: `renewed ${file} until ${until}; the old pair is ${prefix}.previous.pem and .key`,
        ja: `${file} を ${until} まで更新しました。以前の組は ${prefix}.previous.pem と .key です`,
      },
      {
        certificateFile: pair.certificateFile,
        keyFile: pair.keyFile,
        certificate: descriptionOf(pair.certificate),
      },
    );
    return EXIT.done;
  },
});

const REASONS = Object.keys(REVOCATION_REASONS) as RevocationReason[];

const certRevoke = command({
  name: 'cert revoke',
  summary: {
    en: 'Revoke a certificate, and write the lists anew.',
    ja: '証明書を失効させ、CRL を更新する。',
  },
  arguments: { certificate: certificateFile() },
  options: {
    ca: caFolder(),
    reason: option.oneOf(REASONS, { en: 'Why.', ja: '理由。' }, 'unspecified'),
    yes: option.yes(),
  },
  async run({ certificate: file, ca, reason, yes }, { print, now }) {
    const folder = await onFile(ca, () => CaFolder.open(ca));
    const { own } = await chainOfFile(file);
    refuseForeign(folder, own, file);
    const { serialNumber } = own;
    if (folder.isRevoked(own)) {
      print(
        { en: `${serialNumber} is revoked already`, ja: `${serialNumber} はすでに失効しています` },
        { serialNumber, revoked: false },
      );
      return EXIT.nothingToDo;
    }
    requireYes(yes, {
      en: `would revoke ${own.subject.text}, serial ${serialNumber}`,
      ja: `${own.subject.text}（番号 ${serialNumber}）を失効させます`,
    });
    await onFile(ca, () => folder.revoke(own, reason, now()));
    print(
      {
        en: `revoked ${serialNumber}; hand out ${ca}/crls.pem, or the partners do not know`,
        ja: `${serialNumber} を失効させました。${ca}/crls.pem を連携先に配ってください`,
      },
      { serialNumber, revoked: true, reason },
    );
    return EXIT.done;
  },
});

const certCrl = command({
  name: 'cert crl',
  summary: {
    en: 'Write fresh revocation lists of the trial CA.',
    ja: '試験用 CA の CRL を新しく書き出す。',
  },
  options: { ca: caFolder(), validityDays: validity(CRL_VALIDITY_DAYS) },
  async run({ ca, validityDays }, { print, now }) {
    const folder = await onFile(ca, () => CaFolder.open(ca));
    const [list] = await onFile(ca, () => folder.writeLists(now(), validityDays));
    const until = list?.nextUpdate?.toISOString();
    const count = list?.revoked.size ?? 0;
    print(
      {
        en: `wrote ${ca}/crls.pem: ${count} revoked, next due ${until}`,
        ja: `${ca}/crls.pem を書き出しました。失効 ${count} 件、次の期限 ${until}`,
      },
      { file: `${ca}/crls.pem`, revoked: count, nextUpdate: until },
    );
    return EXIT.done;
  },
});

/** `kakehashi cert …`: a trial CA, and looking at certificates of any CA. */
export const certCommands: readonly Command[] = [
  certInitCa,
  certIssue,
  certRenew,
  certRevoke,
  certCrl,
  ...certLookCommands,
  certP12,
];

function refuseForeign(folder: CaFolder, own: Certificate, file: string): void {
  if (folder.issued(own)) return;
  throw new CommandError(
    {
      en: `it was not issued by the CA in ${folder.path}`,
      ja: `${folder.path} の CA が発行した証明書ではありません`,
    },
    {
      where: file,
      next: {
        en: `ask its issuer: ${own.issuer.text}`,
        ja: `発行者に依頼してください: ${own.issuer.text}`,
      },
    },
  );
}
