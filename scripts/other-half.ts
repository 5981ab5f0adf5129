import { type Certificate, institutionOf } from '../certs/certificate.ts';
import type { Config } from '../gateway/config.ts';
import { callbackUrlOf } from '../gateway/ourselves.ts';
import { certificatesOf, listsOfFile } from './certificate-texts.ts';
import type { Text } from './messages.ts';
import type { NewPartner } from './partners.ts';
import { urlOf } from './region.ts';

/** What a partner needs of us, and we of it, before both can talk. */
export interface OtherHalf {
  /** RFC 4514, as the partner's directory binds us. */
  readonly issuer: string;
  readonly serialNumber: string;
  readonly homeCommunityId: string;
  /** Where the partner reaches us. */
  readonly url: string;
  /** Where it sends the answers to what we ask asynchronously. */
  readonly callback: string;
  /** Our certificate, to hand over. */
  readonly certificate: string;
  /** Files with the CAs above our certificate, and with their CRLs: for the partner's tls.anchors and tls.crls. */
  readonly anchors: readonly string[];
  readonly crls: readonly string[];
}

/**
 * Our half of a partnership, as the partner has to know it.
 *
 * @throws CommandError when our certificate cannot be read
 */
export async function otherHalfOf(config: Config): Promise<OtherHalf | undefined> {
  const chain = await certificatesOf(config.tls.certificate);
  const [own] = chain;
  if (own === undefined) return undefined;
  const issuers = new Set(chain.map(({ issuer }) => issuer.text));
  const isOurs = ({ subject }: Certificate) => issuers.has(subject.text);
  return {
    issuer: own.issuer.text,
    serialNumber: institutionOf(own) ?? '',
    homeCommunityId: config.homeCommunityId,
    url: urlOf(config),
    callback: callbackUrlOf(config),
    certificate: config.tls.certificate,
    anchors: await filesWith(config.tls.anchors, async (file) =>
      (await certificatesOf(file)).some(isOurs),
    ),
    crls: await filesWith(config.tls.crls, async (file) =>
      (await listsOfFile(file)).some(({ issuer }) => issuers.has(issuer)),
    ),
  };
}

/** The other half for people: what to hand over, and what is still to do here. */
export function otherHalfText(
  half: OtherHalf,
  { kind, asynchronous = [] }: Pick<NewPartner, 'kind' | 'asynchronous'>,
): Text {
  const files = [half.certificate, ...half.anchors, ...half.crls].join('\n    ');
  if (kind === 'system') {
    return {
      en: `the other half: the system calls ${half.url}/… and trusts our CA; hand over\n    ${files}`,
      ja: `相手側の作業: システムは ${half.url}/… に接続し、こちらの CA を信頼します。渡すもの:\n    ${files}`,
    };
  }
  const row = `issuer ${half.issuer}\n    serialNumber ${half.serialNumber}`;
  const add = `kakehashi partner add NAME --certificate own.pem --community ${half.homeCommunityId} --url ${half.url}/responding-gateway${asynchronous.length > 0 ? ` --callback ${half.callback}` : ''}`;
  return {
    en: `the other half: the partner adds us; hand over\n    ${files}\n  it trusts the CA and lists (tls.anchors, tls.crls), and binds us by\n    ${row}\n    ${add}\n  here: put its CA and lists into tls.anchors and tls.crls, then: kakehashi partner test`,
    ja: `相手側の作業: こちらを登録してもらいます。渡すもの:\n    ${files}\n  相手は CA と CRL を tls.anchors と tls.crls に加え、次の証明書を登録します\n    ${row}\n    ${add}\n  こちらでは相手の CA と CRL を tls.anchors と tls.crls に加え、kakehashi partner test で確かめます`,
  };
}

async function filesWith(
  files: readonly string[],
  has: (file: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const found = await Promise.all(
    files.map(async (file) => ((await has(file).catch(() => false)) ? [file] : [])),
  );
  return found.flat();
}
