import { request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Config } from '../gateway/config.ts';
import type { DirectoryEntry } from '../gateway/safeguards/directory.ts';
import { ServerRefused } from '../gateway/safeguards/tls.ts';
import { CommandError } from './command.ts';
import type { Text } from './messages.ts';
import { findingsText } from './operator-texts.ts';
import { ownPolicy } from './region.ts';
import { systemCodeOf } from './system-error.ts';

/** What a call to a partner showed. */
export interface PartnerCall {
  /** `TLSv1.3` */
  readonly protocol: string;
  readonly status: number;
  /** ISO 8601, the day alone. */
  readonly certificateUntil: string;
  /** The partner's clock less ours, by its Date header; undefined without one. */
  readonly clockDifferenceSeconds: number | undefined;
}

const DEADLINE_MS = 15_000;

/**
 * Calls a partner as this region's gateway does and reads its WSDL's first line: TLS, its certificate, and whether it admits
 * ours. Any HTTP status means that it did.
 *
 * @throws CommandError with the next step
 */
export async function callPartner(
  partner: { readonly config: Config; readonly entry: DirectoryEntry; readonly url: string },
  now: Date,
): Promise<PartnerCall> {
  const policy = await ownPolicy(partner.config);
  try {
    return await call(`${partner.url}?wsdl`, policy.clientOptions(partner.entry), now);
  } catch (cause) {
    const { what, next } = explained(cause);
    throw new CommandError(what, { where: partner.entry.name, next, cause });
  }
}

function call(url: string, options: object, now: Date): Promise<PartnerCall> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, agent: false, method: 'GET' }, (response) => {
      const socket = response.socket as TLSSocket;
      const date = Date.parse(response.headers.date ?? '');
      resolve({
        protocol: socket.getProtocol() ?? '-',
        status: response.statusCode ?? 0,
        certificateUntil: new Date(socket.getPeerCertificate().valid_to).toISOString().slice(0, 10),
        clockDifferenceSeconds: Number.isNaN(date)
          ? undefined
          : Math.round((date - now.getTime()) / 1_000),
      });
      response.destroy();
    });
    sent.setTimeout(DEADLINE_MS, () =>
      sent.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
    );
    sent.on('error', reject);
    sent.end();
  });
}

function explained(error: unknown): { what: Text; next: Text } {
  if (error instanceof ServerRefused) {
    const { findings } = error.rejection;
    const why =
      findings.length > 0 ? findingsText(findings).ja : 'この行に登録された証明書ではありません';
    return {
      what: {
        en: `its certificate is refused: ${error.message}`,
        ja: `相手の証明書を受け入れられません: ${why}`,
      },
      next: {
        en: 'compare it with the directory, tls.anchors and tls.crls',
        ja: '連携先一覧、tls.anchors、tls.crls と照らしてください',
      },
    };
  }
  const code = systemCodeOf(error) ?? 'unknown';
  const row = CONNECTION_FAULTS[code];
  return (
    row ?? {
      what: { en: `cannot be reached: ${code}`, ja: `接続できません: ${code}` },
      next: {
        en: 'check the URL in the directory, DNS and the firewall',
        ja: '連携先一覧の URL、DNS、ファイアウォールを確かめてください',
      },
    }
  );
}

const NOT_ADMITTED = {
  what: {
    en: 'closed the connection after our certificate',
    ja: 'こちらの証明書を見て接続を閉じました',
  },
  next: {
    en: 'ask the partner to list our certificate (kakehashi cert inspect shows issuer and serialNumber)',
    ja: 'こちらの証明書の登録を相手に依頼してください（発行者と serialNumber は kakehashi cert inspect で分かります）',
  },
};

const NO_PROTOCOL = {
  what: { en: 'speaks no TLS version that is allowed', ja: '許可された TLS の版で話せません' },
  next: {
    en: 'if it cannot speak TLS 1.3, set tls: tls12 in its entry',
    ja: 'TLS 1.3 を話せない相手なら、一覧の行に tls: tls12 を加えてください',
  },
};

const CONNECTION_FAULTS: Readonly<Record<string, { what: Text; next: Text }>> = {
  ECONNRESET: NOT_ADMITTED,
  EPIPE: NOT_ADMITTED,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: NOT_ADMITTED,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: NO_PROTOCOL,
  ERR_SSL_UNSUPPORTED_PROTOCOL: NO_PROTOCOL,
};
