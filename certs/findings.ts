/** What a rule about certificates says, for people. */
export interface Rule {
  readonly ja: string;
  readonly en: string;
}

/**
 * Every reason for which a certificate is not taken, or is remarked upon. One list for lint, verify and the TLS path.
 * Source: RFC 5280; MHLW HPKI certificate policy (organisation authentication); ITI TF-2: 3.19.
 */
// biome-ignore format: a table; its columns are compared by eye.
export const CERTIFICATE_RULES = {
  'no-certificate':             { ja: '証明書が提示されていない',                     en: 'No certificate was presented.' },
  'malformed':                  { ja: '証明書または CRL が DER として読めない',        en: 'The certificate or CRL is not readable as DER.' },
  'version':                    { ja: 'X.509 バージョン 3 でない',                    en: 'It is not an X.509 version 3 certificate.' },
  'signature-algorithm':        { ja: '署名方式が認められない（SHA-1、MD5 など）',      en: 'The signature algorithm is not accepted (SHA-1, MD5 and the like).' },
  'key-strength':               { ja: '鍵が弱い（RSA は 2048 ビット以上、EC は P-256/384/521）', en: 'The key is too weak: RSA from 2048 bits, EC P-256, P-384 or P-521.' },
  'unknown-critical-extension': { ja: '未知の重要拡張がある',                         en: 'It has a critical extension that is not known here.' },
  'certificate-authority':      { ja: '認証局の証明書を機関証明書として使っている',      en: 'A CA certificate cannot authenticate an organisation.' },
  'policy':                     { ja: '証明書ポリシーが受け入れる一覧にない',           en: 'Its certificate policy is not among those accepted.' },
  'policy-critical':            { ja: '証明書ポリシー拡張が重要と示されていない',        en: 'HPKI marks certificatePolicies critical; here it is not.' },
  'key-usage':                  { ja: '鍵用途が digitalSignature でない、または nonRepudiation を含む', en: 'keyUsage must have digitalSignature and not nonRepudiation.' },
  'key-usage-critical':         { ja: '鍵用途拡張が重要と示されていない',               en: 'HPKI marks keyUsage critical; here it is not.' },
  'extended-key-usage':         { ja: '拡張鍵用途に必要な clientAuth / serverAuth がない', en: 'extKeyUsage lacks the clientAuth or serverAuth that is needed.' },
  'institution-code':           { ja: '主体者の serialNumber（機関コード）がちょうど一つでない', en: 'The subject must have exactly one serialNumber: the institution code.' },
  'subject-country':            { ja: '主体者の C が JP でない',                      en: 'HPKI subjects have C=JP.' },
  'hc-role':                    { ja: 'hcRole が読めない、または一つでない',            en: 'hcRole cannot be read, or there is not exactly one.' },
  'hc-role-absent':             { ja: 'hcRole がない',                               en: 'There is no hcRole.' },
  'hc-role-unknown':            { ja: 'hcRole の名称が表にない',                      en: 'The hcRole name is not in the table.' },
  'subject-alt-name':           { ja: 'サーバ名の SAN（dNSName / iPAddress）がない',    en: 'subjectAltName has no dNSName or iPAddress, so the host cannot be verified.' },
  'crl-distribution-point':     { ja: 'CRL 配布点がない',                             en: 'There is no CRL distribution point.' },
  'validity':                   { ja: '有効期間の前後が逆である',                      en: 'notAfter lies before notBefore.' },
  'validity-length':            { ja: '有効期間が長い（5 年と 1 日を超える）',           en: 'It is valid for longer than five years and a day.' },
  'not-yet-valid':              { ja: '有効期間がまだ始まっていない',                   en: 'It is not valid yet.' },
  'expired':                    { ja: '有効期限が切れている',                         en: 'It has expired.' },
  'self-signed':                { ja: '自己署名で、信頼の起点でもない',                en: 'It is self-signed and not a trust anchor.' },
  'untrusted-issuer':           { ja: '信頼の起点までの経路がない',                    en: 'No path leads to a trust anchor.' },
  'issuer-not-a-ca':            { ja: '発行者が認証局の証明書でない',                  en: 'An issuer in the path is not a CA.' },
  'path-length':                { ja: '認証パスが長すぎる',                           en: 'The certification path is too long.' },
  'authority-key':              { ja: '発行者鍵識別子が発行者と合わない',               en: 'The authority key identifier does not fit the issuer.' },
  'issuer-policy':              { ja: '発行者のポリシーの用途と合わない',               en: 'The policy does not fit the use that the issuer may certify.' },
  'signature':                  { ja: '署名が正しくない',                             en: 'The signature does not verify.' },
  'revoked':                    { ja: '失効している',                                en: 'It is revoked.' },
  'revocation-unknown':         { ja: '使える CRL がない',                           en: 'There is no usable CRL of its issuer.' },
  'revocation-stale':           { ja: 'CRL の期限が切れている',                       en: 'The CRL of its issuer is stale.' },
  'key-mismatch':               { ja: '秘密鍵と証明書が組でない',                     en: 'The private key does not belong to the certificate.' },
  'host-name':                  { ja: '証明書が接続先の名前のものでない',               en: 'The certificate is not for the host that was asked.' },
} as const satisfies Record<string, Rule>;

/** Names of the rules; stable, for programs. */
export type RuleName = keyof typeof CERTIFICATE_RULES;

/** One thing found. An `error` refuses the certificate; a `warning` is told by lint and changes nothing. */
export interface Finding {
  readonly rule: RuleName;
  readonly severity: 'error' | 'warning';
  /** What was expected and received: OIDs, sizes, days, names of institutions. Never a person. */
  readonly detail: string;
}

/** A finding that refuses. */
export function refused(rule: RuleName, detail: string): Finding {
  return { rule, severity: 'error', detail };
}

/** A finding that is only told. */
export function remarked(rule: RuleName, detail: string): Finding {
  return { rule, severity: 'warning', detail };
}

/** True when nothing found refuses. */
export function accepts(findings: readonly Finding[]): boolean {
  return findings.every(({ severity }) => severity === 'warning');
}

/** The findings in one line, errors first; for a log or an audit record. */
export function summaryOf(findings: readonly Finding[]): string {
  return [...findings]
    .sort((a, b) => a.severity.localeCompare(b.severity))
    .map(({ rule, detail }) => `${rule} (${detail})`)
    .join('; ');
}
