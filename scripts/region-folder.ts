import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { TRIAL_POLICY } from '../certs/oids.ts';
import { CONFIG_FILE, readConfig, writeYaml } from '../gateway/config.ts';
import { codeSetsText } from '../gateway/code-sets.ts';
import { configText } from '../gateway/config-text.ts';
import { japaneseCodeSets } from '../profiles/xds/japan-codes.ts';
import { CaFolder, CA_FILES } from './ca-folder.ts';
import { onFile } from './certificate-texts.ts';
import { CommandError } from './command.ts';
import type { Language } from './messages.ts';
import { partnerRow, USUAL } from './partners.ts';
import { SYSTEM_FOLDER } from './region.ts';

/** Certificates that a region has already, instead of a trial CA's. Paths as the operator wrote them. */
export interface OwnCertificates {
  readonly certificate: string;
  readonly key: string;
  readonly anchors: readonly string[];
  readonly crls: readonly string[];
  readonly policies: readonly string[];
}

/** What a new region is to be. */
export interface NewRegion {
  readonly name: string;
  /**
   * OID arc of the region: it is the homeCommunityId; under it 1 patients, 2 repository, 3 device, 4 own format codes,
   * 10 the hospital.
   */
  readonly arc: string;
  /** The name or address under which partners reach it. */
  readonly host: string;
  readonly port: number;
  readonly operationsPort: number;
  /** The network's directory id, in its certificate's serialNumber. */
  readonly networkId: string;
  /** Institution code of the first hospital. */
  readonly hospital: string;
  /** A trial CA's folder; undefined: one is made in the region's folder. */
  readonly ca: string | undefined;
  /** Where a CA that is made says that its CRLs are to be had; undefined: an address that leads nowhere. */
  readonly crlUrl: string | undefined;
  readonly own: OwnCertificates | undefined;
  readonly language: Language;
  readonly now: Date;
}

/** What was made, for the operator. */
export interface MadeRegion {
  readonly folder: string;
  readonly files: readonly string[];
}

/** The code sets of the affinity domain, in the region's folder. */
const CODES_FILE = 'codes.yaml';
const HOSPITAL = 'hospital';
const TRIAL_ORGANISATION = 'Kakehashi trial';

/**
 * Makes a region's folder: config, certificates, directory, code sets. The config is written last, so that a folder with one is whole.
 *
 * @throws CommandError when the folder holds a region already, or a certificate file cannot be used
 */
export async function makeRegion(path: string, region: NewRegion): Promise<MadeRegion> {
  const folder = resolve(path);
  refuseExisting(folder);
  mkdirSync(join(folder, 'var'), { recursive: true, mode: 0o700 });
  const made = region.own === undefined ? await trialCertificates(folder, region) : undefined;
  const tls = made?.tls ?? ownSettings(folder, region.own);
  const directory = join(folder, 'directory.yaml');
  writeFileSync(directory, directoryText(region, made?.issuer), { flag: 'wx' });
  const codes = join(folder, CODES_FILE);
  writeFileSync(codes, codesText(region), { flag: 'wx' });
  const config = join(folder, CONFIG_FILE);
  writeFileSync(config, textOf(region, tls), { flag: 'wx' });
  // What was written is read back, so that no region is handed over that cannot be started.
  readConfig(folder);
  return { folder, files: [config, directory, codes, ...(made?.files ?? [])] };
}

function refuseExisting(folder: string): void {
  const found = [CONFIG_FILE, 'directory.yaml', CODES_FILE].find((name) =>
    existsSync(join(folder, name)),
  );
  if (found === undefined) return;
  throw new CommandError(
    { en: 'is there already; nothing was written', ja: 'が既にあります。何も書き込んでいません' },
    {
      where: join(folder, found),
      next: {
        en: 'choose another folder, or move this one away',
        ja: '別のフォルダーを指定するか、既存のものを移してください',
      },
    },
  );
}

type TlsSettings = Readonly<
  Record<'certificate' | 'key' | 'anchors' | 'crls' | 'policies', unknown>
>;

interface Trial {
  readonly tls: TlsSettings;
  /** RFC 4514, as the directory binds it. */
  readonly issuer: string;
  readonly files: readonly string[];
}

/** Certificates of the region and of its first hospital, by a trial CA. */
async function trialCertificates(folder: string, region: NewRegion): Promise<Trial> {
  const path = resolve(region.ca ?? join(folder, 'ca'));
  const authority = await onFile(path, async () =>
    region.ca === undefined
      ? CaFolder.create(path, {
          // Two trial CAs that partners trust must not have one name.
          organisation: `${TRIAL_ORGANISATION} ${region.arc}`,
          keyKind: 'p-256',
          now: region.now,
          ...(region.crlUrl === undefined ? {} : { crlUrl: region.crlUrl }),
        })
      : CaFolder.open(path),
  );
  const issue = async (place: string, institution: string, hosts: readonly string[]) => {
    mkdirSync(join(folder, place), { recursive: true, mode: 0o700 });
    const pair = await authority.issue(join(folder, place, 'own'), {
      institution,
      organisation: TRIAL_ORGANISATION,
      commonName: hosts[0] ?? institution,
      hosts,
      keyKind: 'p-256',
      now: region.now,
    });
    return [pair.certificateFile, pair.keyFile];
  };
  const hosts = [...new Set([region.host, 'localhost', '127.0.0.1'])];
  const files = [
    ...(await issue('certificates', region.networkId, hosts)),
    ...(await issue(SYSTEM_FOLDER, region.hospital, ['localhost'])),
  ];
  const fromFolder = (name: string) => relative(folder, join(path, name));
  return {
    issuer: authority.issuing.subject.text,
    files,
    tls: {
      certificate: 'certificates/own.pem',
      key: 'certificates/own.key',
      anchors: [fromFolder(CA_FILES.anchors)],
      crls: [fromFolder(CA_FILES.revocationLists)],
      policies: [TRIAL_POLICY],
    },
  };
}

function ownSettings(folder: string, own: OwnCertificates | undefined): TlsSettings {
  const at = (path: string) => relative(folder, resolve(path));
  return {
    certificate: at(own?.certificate ?? ''),
    key: at(own?.key ?? ''),
    anchors: (own?.anchors ?? []).map(at),
    crls: (own?.crls ?? []).map(at),
    policies: own?.policies ?? [],
  };
}

function directoryText(region: NewRegion, issuer: string | undefined): string {
  const heading = {
    en: [
      'The partners: who may call, and where others are called. kakehashi partner add adds a row;',
      'a running process reads the file again when it changes.',
    ],
    ja: [
      '連携先の一覧: 誰が呼び出せるか、どこを呼び出すか。kakehashi partner add で行を加えます。',
      '動作中のプロセスは、このファイルが変わると読み直します。',
    ],
  }[region.language];
  const hospital =
    issuer === undefined
      ? []
      : [
          partnerRow({
            name: HOSPITAL,
            kind: 'system',
            binding: { issuer, serialNumber: region.hospital },
            community: [],
            url: undefined,
            sourceId: [`${region.arc}.10.2`],
            authority: [`${region.arc}.10.1`],
            // The first hospital can do all that the operator's commands do, on-demand summaries among it.
            transaction: [...USUAL.system, 'ITI-61'],
            tls12: false,
          }),
        ];
  return `${heading.map((line) => `# ${line}`).join('\n')}\n${writeYaml({ entries: hospital })}`;
}

function codesText({ arc, language }: NewRegion): string {
  const heading = {
    en: [
      'The codes that documents of this region may carry; a submission with another is refused (affinity.unknownCodes).',
      'An attribute that is left out takes any code; a row without code: takes every code of its scheme.',
      'Change it to what the region has agreed upon, then start the gateway again.',
    ],
    ja: [
      'この地域の文書に付けられるコードの一覧。ここにないコードの登録は拒否します（affinity.unknownCodes）。',
      '項目ごと省くとその属性は制限なし、code: のない行はその体系の全コードを認めます。',
      '地域で合意した内容に直し、ゲートウェイを再起動してください。',
    ],
  }[language];
  return codeSetsText(japaneseCodeSets(`${arc}.4`), heading);
}

function textOf(region: NewRegion, tls: TlsSettings): string {
  const { arc, name, host, port, operationsPort, language } = region;
  const authorities = {
    en: { region: `${name} regional ids`, hospital: `${name} hospital` },
    ja: { region: `${name} 地域共通 ID`, hospital: `${name} 病院` },
  }[language];
  const given = new Map<string, unknown>([
    ['name', name],
    ['homeCommunityId', `urn:oid:${arc}`],
    ['affinityDomain', `${arc}.1`],
    ['affinity.codes', CODES_FILE],
    ['repositoryUniqueId', `${arc}.2`],
    ['device', `${arc}.3`],
    [
      'assigningAuthorities',
      [
        { oid: `${arc}.1`, name: authorities.region },
        { oid: `${arc}.10.1`, name: authorities.hospital },
      ],
    ],
    ['listen.soap.port', port],
    ['listen.soap.publicUrl', `https://${host}:${port}`],
    ['listen.operations.port', operationsPort],
    ['tls.certificate', tls.certificate],
    ['tls.key', tls.key],
    ['tls.anchors', tls.anchors],
    ['tls.crls', tls.crls],
    ['tls.acceptedPolicies', tls.policies],
  ]);
  const heading = {
    en: [
      `${name}: settings of this region. Lines that begin with #name: show defaults.`,
      'Check after a change: kakehashi check. Secrets: env:NAME or file:PATH.',
    ],
    ja: [
      `${name}: この地域の設定。「#名前:」で始まる行は既定値です。`,
      '変更後は kakehashi check で確かめてください。秘密は env:NAME か file:PATH で渡します。',
    ],
  }[language];
  return configText(given, { language, heading });
}
