import type { ActorName } from '../actors/actor.ts';
import { DOMAIN_KINDS } from '../actors/patient-identity/domains.ts';
import { ANSWER_SETTINGS } from './settings-of-answers.ts';
import { COMMUNITY_SETTINGS } from './settings-of-communities.ts';
import { IDENTITY_SETTINGS } from './settings-of-identity.ts';
import { kind, needed, optional, type SettingTable, setting } from './settings.ts';

/** The five actors, in the order in which they start. */
export const ACTOR_NAMES = [
  'patient-identity',
  'document-registry',
  'document-repository',
  'initiating-gateway',
  'responding-gateway',
] as const satisfies readonly ActorName[];

const MIB = 1_048_576;

const destination = (actor: ActorName) =>
  setting(kind.hereOrUrl, 'here', {
    en: `Where ${actor} is asked: here (this process), or its endpoint elsewhere.`,
    ja: `${actor} への問い合わせ先。here（このプロセス）、または別のプロセスの URL。`,
  });

/** Every setting, in the order of the manual. What is not here is refused. */
export const SETTINGS = {
  name: needed(kind.text, {
    en: "The region's name, for people.",
    ja: '地域の名称（人が読むためのもの）。',
  }),
  homeCommunityId: needed(kind.urnOid, {
    en: 'Names this community to other communities (ITI TF-2: 3.38).',
    ja: '他の地域に対してこの地域を示す識別子（ITI TF-2: 3.38）。',
  }),
  affinityDomain: needed(kind.oid, {
    en: 'The authority that assigns the regional patient ids of the affinity domain.',
    ja: '地域内共通患者 ID を発番する機関の OID。',
  }),
  affinity: {
    codes: optional(kind.path, {
      en: 'The code sets of the affinity domain: our YAML, or a codes.xml as NIST writes it. Without it, every code is taken.',
      ja: '地域で使うコードの一覧（YAML、または NIST 形式の codes.xml）。無指定ならどのコードも受け付ける。',
    }),
    unknownCodes: setting(kind.oneOf('refuse', 'accept'), 'refuse', {
      en: 'What becomes of a submission with a code or mimeType that is not in affinity.codes.',
      ja: 'affinity.codes にないコードや mimeType を含む登録をどうするか。refuse は拒否、accept は受け付ける。',
    }),
  },
  repositoryUniqueId: needed(kind.oid, {
    en: 'Names the Document Repository of this region.',
    ja: 'この地域の文書リポジトリーの OID。',
  }),
  device: needed(kind.oid, {
    en: 'This system as sender and receiver of HL7 V3 messages.',
    ja: 'HL7 V3 電文の送受信者としてのこのシステムの OID。',
  }),
  assigningAuthorities: needed(
    kind.list(
      kind.row(
        { oid: kind.oid, name: kind.text },
        { namespace: kind.namespace, kind: kind.oneOf(...DOMAIN_KINDS) },
      ),
      {
        least: 1,
        most: 1_000,
      },
    ),
    {
      en: 'Every authority whose patient ids are known here: the hospitals and the affinity domain. namespace is its name in HL7 v2 messages; without it: the OID. kind says what its ids are; without it: regional-id for the affinity domain, else chart-number.',
      ja: 'この地域で扱う患者番号の発番元（各病院と地域共通 ID）。namespace は HL7 v2 電文での名称で、無指定なら OID を使う。kind は番号の種類で、無指定なら地域の発番元は regional-id、ほかは chart-number。',
    },
  ),
  actors: setting(
    kind.list(kind.oneOf(...ACTOR_NAMES), { most: ACTOR_NAMES.length }),
    ACTOR_NAMES,
    {
      en: 'What runs in this process; with an empty list it only works on the retrieval queue.',
      ja: 'このプロセスで動かすアクター。空なら取得待ち行列の処理だけを行う。',
    },
  ),
  destinations: {
    'patient-identity': destination('patient-identity'),
    'document-registry': destination('document-registry'),
    'document-repository': destination('document-repository'),
    'initiating-gateway': destination('initiating-gateway'),
    'responding-gateway': destination('responding-gateway'),
  },
  listen: {
    soap: {
      host: setting(kind.host, '0.0.0.0', {
        en: 'Address of the SOAP listener.',
        ja: 'SOAP を待ち受けるアドレス。',
      }),
      port: setting(kind.integer(1, 65_535), 8_443, {
        en: 'Port of the SOAP listener (mutual TLS).',
        ja: 'SOAP を待ち受けるポート（相互 TLS 認証）。',
      }),
      publicUrl: optional(kind.httpsUrl, {
        en: 'How partners reach this listener; it stands in the WSDL. Without it: host and port.',
        ja: '連携先から見た URL。WSDL に載る。無指定なら host と port から作る。',
      }),
      clientCertificate: setting(kind.oneOf('required'), 'required', {
        en: 'Node authentication (ITI-19). There is no setting that turns it off.',
        ja: 'ノード認証（ITI-19）。無効にする設定はない。',
      }),
    },
    mllps: {
      host: setting(kind.host, '0.0.0.0', {
        en: 'Address of the HL7 v2 listeners with mutual TLS.',
        ja: 'HL7 v2 を相互 TLS 認証で待ち受けるアドレス。',
      }),
      patientIdentity: optional(kind.integer(0, 65_535), {
        en: 'Port of patient-identity for HL7 v2 (ITI-8, 9, 21, 30) over MLLP and mutual TLS. Without it: none.',
        ja: 'patient-identity が HL7 v2（ITI-8、9、21、30）を MLLP と相互 TLS で待ち受けるポート。無指定なら待ち受けない。',
      }),
      documentRegistry: optional(kind.integer(0, 65_535), {
        en: 'Port of document-registry for HL7 v2 (ITI-8) over MLLP and mutual TLS. Without it: none.',
        ja: 'document-registry が HL7 v2（ITI-8）を MLLP と相互 TLS で待ち受けるポート。無指定なら待ち受けない。',
      }),
    },
    mllp: {
      host: setting(kind.oneOf('127.0.0.1', '::1'), '127.0.0.1', {
        en: 'Address of the HL7 v2 listeners without TLS: the loopback only, for systems on this machine that the directory lists with mllp.loopback.',
        ja: 'TLS なしで HL7 v2 を待ち受けるアドレス。ループバックに限り、連携先一覧に mllp.loopback のある同じ計算機のシステムのためのもの。',
      }),
      patientIdentity: optional(kind.integer(0, 65_535), {
        en: 'Port of patient-identity for HL7 v2 on the loopback, without TLS. Without it: none.',
        ja: 'patient-identity が HL7 v2 をループバックで（TLS なし）待ち受けるポート。無指定なら待ち受けない。',
      }),
      documentRegistry: optional(kind.integer(0, 65_535), {
        en: 'Port of document-registry for HL7 v2 on the loopback, without TLS. Without it: none.',
        ja: 'document-registry が HL7 v2 をループバックで（TLS なし）待ち受けるポート。無指定なら待ち受けない。',
      }),
    },
    operations: {
      host: setting(kind.oneOf('127.0.0.1', '::1'), '127.0.0.1', {
        en: 'Address of health and metrics: the loopback only, for it asks for no certificate.',
        ja: '稼働状態と計測値を出すアドレス。証明書を求めないためループバックに限る。',
      }),
      port: setting(kind.integer(1, 65_535), 9_443, {
        en: 'Port of /health/live, /health/ready and /metrics.',
        ja: '/health/live、/health/ready、/metrics のポート。',
      }),
    },
  },
  mllp: {
    application: setting(kind.namespace, 'KAKEHASHI', {
      en: 'MSH-3 of the HL7 v2 messages that this system sends of its own accord.',
      ja: 'このシステムから送る HL7 v2 電文の MSH-3（送信アプリケーション）。',
    }),
    facility: setting(kind.namespace, 'REGION', {
      en: 'MSH-4 of the HL7 v2 messages that this system sends of its own accord.',
      ja: 'このシステムから送る HL7 v2 電文の MSH-4（送信施設）。',
    }),
  },
  tls: {
    certificate: setting(kind.path, 'certificates/own.pem', {
      en: 'Our certificate and the chain above it, PEM.',
      ja: '自身の証明書と上位の証明書（PEM）。',
    }),
    key: setting(kind.path, 'certificates/own.key', {
      en: 'Our private key, PEM; only its owner may read it (0600).',
      ja: '自身の秘密鍵（PEM）。所有者だけが読める（0600）こと。',
    }),
    anchors: setting(kind.list(kind.path, { least: 1 }), ['certificates/anchors.pem'], {
      en: 'Root certificates that partners must descend from, PEM.',
      ja: '連携先の証明書が行き着くべきルート証明書（PEM）。',
    }),
    crls: setting(kind.list(kind.path, { least: 1 }), ['certificates/crls.pem'], {
      en: 'Revocation lists of every CA in the chains, PEM; read again when the files change.',
      ja: '各認証局の失効リスト（PEM）。ファイルが変わると読み直す。',
    }),
    acceptedPolicies: needed(kind.list(kind.oid, { least: 1 }), {
      en: 'Certificate policies that a partner may be certified under.',
      ja: '受け入れる証明書ポリシーの OID。',
    }),
  },
  directory: setting(kind.path, 'directory.yaml', {
    en: 'The partners: who may call, and where others are called; read again when it changes.',
    ja: '連携先の一覧。誰が呼び出せるか、どこを呼び出すか。変わると読み直す。',
  }),
  database: {
    kind: setting(kind.oneOf('sqlite', 'postgres'), 'sqlite', {
      en: 'SQLite inside this process, one process to a file; or a PostgreSQL server that several processes share.',
      ja: 'プロセス内の SQLite（1 ファイルにつき 1 プロセス）、または複数プロセスで共有する PostgreSQL。',
    }),
    file: setting(kind.path, 'var/kakehashi.db', {
      en: 'The database of database.kind sqlite: patients, registry, queue.',
      ja: 'database.kind が sqlite のときのファイル（患者、レジストリー、待ち行列）。',
    }),
    url: optional(
      kind.secret(
        {
          en: 'env:NAME, file:PATH, or a postgres:// URL without a password',
          ja: 'env:NAME、file:PATH、またはパスワードのない postgres:// の URL',
        },
        /^postgres(?:ql)?:\/\/(?:[^\s/@:?]+@)?[^\s/@?]*\/[^\s?@]+(?:\?(?!\S*password=)\S*)?$/,
      ),
      {
        en: 'The PostgreSQL of database.kind postgres, an empty database of its own; on another machine with ?sslmode=verify-full.',
        ja: 'database.kind が postgres のときの接続先（専用の空のデータベース）。別の計算機なら ?sslmode=verify-full を付ける。',
      },
    ),
  },
  documents: {
    kind: setting(kind.oneOf('files'), 'files', {
      en: 'Documents are files, named by their content.',
      ja: '文書は内容から名付けたファイルとして保存する。',
    }),
    directory: setting(kind.path, 'var/documents', {
      en: 'The documents of the Document Repository.',
      ja: '文書リポジトリーの文書を置く場所。',
    }),
  },
  spool: {
    directory: setting(kind.path, 'var/spool', {
      en: 'Where documents wait that come in or were retrieved; gateway and workers share it.',
      ja: '受信中・取得済みの文書を一時的に置く場所。ゲートウェイと処理プロセスで共有する。',
    }),
  },
  audit: {
    directory: setting(kind.path, 'var/audit', {
      en: 'The audit trail; nothing is answered that cannot be recorded here.',
      ja: '監査証跡。ここに記録できない応答は返さない。',
    }),
    node: setting(kind.node, 'kakehashi', {
      en: 'Names this process in the audit trail; each process has its own.',
      ja: '監査証跡でのこのプロセスの名称。プロセスごとに変える。',
    }),
  },
  queue: {
    kind: setting(kind.oneOf('embedded', 'redis'), 'embedded', {
      en: 'The retrieval queue: in this process, or in Redis for several processes.',
      ja: '取得待ち行列。プロセス内、または複数プロセスで共有する Redis。',
    }),
    url: optional(
      kind.secret(
        {
          en: 'env:NAME, file:PATH, or a redis:// URL without a password',
          ja: 'env:NAME、file:PATH、またはパスワードのない redis:// の URL',
        },
        /^rediss?:\/\/[^\s/@]+(\/\d+)?$/,
      ),
      {
        en: 'The Redis of queue.kind redis; one with a password comes as env:NAME or file:PATH.',
        ja: 'queue.kind が redis のときの接続先。パスワードを含むものは env:NAME か file:PATH で渡す。',
      },
    ),
    prefix: setting(kind.node, 'kakehashi', {
      en: 'Before all keys in Redis: one for each installation that shares it.',
      ja: 'Redis の全キーの前に付ける名称。同じ Redis を使う設備ごとに変える。',
    }),
  },
  retrieval: {
    deadlineMs: setting(kind.integer(1_000, 120_000), 20_000, {
      en: 'How long a Document Consumer waits for other communities, counted from the last progress. Later documents are kept for the next request.',
      ja: '他地域からの取得を待つ時間（最後の進捗から数える）。遅れた文書は次の要求に備えて残す。',
    }),
    longestMs: setting(kind.integer(1_000, 3_600_000), 300_000, {
      en: 'The longest that one retrieve waits, progress or not.',
      ja: '進捗があっても 1 回の取得が待つ上限。',
    }),
    concurrency: setting(kind.integer(1, 64), 8, {
      en: 'Retrievals from other communities at one time.',
      ja: '他地域からの取得を同時に行う数。',
    }),
    attempts: setting(kind.integer(1, 20), 5, {
      en: 'How often a retrieval is tried when trying again can help.',
      ja: '再試行が役立つ場合に取得を試みる回数。',
    }),
    keepMinutes: setting(kind.integer(1, 1_440), 60, {
      en: 'How long a retrieved document is kept for the organisation that asked for it.',
      ja: '取得した文書を、求めた機関のために残しておく時間（分）。',
    }),
    work: setting(kind.flag, true, {
      en: 'Whether this process takes retrievals from the queue.',
      ja: 'このプロセスが待ち行列の取得を処理するか。',
    }),
  },
  fanOut: {
    deadlineMs: setting(kind.integer(1_000, 120_000), 10_000, {
      en: 'After this a community counts as silent in a query that goes to all.',
      ja: '全地域への照会で、この時間応答がない地域は応答なしとみなす。',
    }),
  },
  limits: {
    bytesBeforeEnvelope: setting(kind.integer(0, 16 * MIB), 65_536, {
      en: 'Bytes of MTOM parts that may come before the envelope.',
      ja: 'MTOM で封筒より前に来てよいバイト数。',
    }),
    envelopeBytes: setting(kind.integer(65_536, 32 * MIB), 16 * MIB, {
      en: 'The largest SOAP envelope.',
      ja: 'SOAP 封筒の最大バイト数。',
    }),
    documentBytes: setting(kind.integer(1, 1_048_576 * MIB), 4_096 * MIB, {
      en: 'The largest document.',
      ja: '文書の最大バイト数。',
    }),
    documentsPerMessage: setting(kind.integer(1, 10_000), 100, {
      en: 'The most documents of one message.',
      ja: '1 電文に含められる文書の数。',
    }),
    v2MessageBytes: setting(kind.integer(1_024, 64 * MIB), 10 * MIB, {
      en: 'The largest HL7 v2 message.',
      ja: 'HL7 v2 電文の最大バイト数。',
    }),
    idleMs: setting(kind.integer(1_000, 600_000), 30_000, {
      en: 'The longest pause between two bytes of a message.',
      ja: '電文の途中で許す無通信の時間。',
    }),
    leastBytesPerSecond: setting(kind.integer(1, MIB), 1_000, {
      en: 'The slowest that a message may come, over 30 seconds.',
      ja: '受信速度の下限（30 秒間の平均、毎秒バイト）。',
    }),
    longestMs: setting(kind.integer(10_000, 86_400_000), 3_600_000, {
      en: 'The longest that one message may take to come in.',
      ja: '1 電文の受信にかけてよい時間の上限。',
    }),
    results: setting(kind.integer(1, 100_000), 10_000, {
      en: 'The most whole objects (LeafClass) that one query is answered with; ten times as many references.',
      ja: '1 回の照会で返すオブジェクト（LeafClass）の上限。参照だけならその 10 倍。',
    }),
  },
  validation: {
    requests: setting(kind.oneOf('decode', 'schema'), 'decode', {
      en: 'schema: every request is held against the schemas that we serve at ?xsd= before it is read. decode: only what we read is judged.',
      ja: 'schema なら、読み取る前に全ての要求を ?xsd= で公開しているスキーマで検証する。decode なら読み取る内容だけを確かめる。',
    }),
  },
  correlationTimeToLive: setting(kind.duration, 'P7D', {
    en: 'How long a partner may remember which patient of ours is which of theirs (ITI TF-2: 3.55).',
    ja: '患者の対応付けを連携先が覚えておいてよい期間（ITI TF-2: 3.55）。',
  }),
  ...ANSWER_SETTINGS,
  ...COMMUNITY_SETTINGS,
  ...IDENTITY_SETTINGS,
  log: {
    level: setting(kind.oneOf('debug', 'info', 'warn', 'error'), 'info', {
      en: 'The least serious line that is written. No level writes a person.',
      ja: '出力するログの最低水準。どの水準でも個人は記録しない。',
    }),
  },
} as const satisfies SettingTable;
