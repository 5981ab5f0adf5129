import type { Command } from './command.ts';
import type { Text } from './messages.ts';

/** One noun of the command line; its module is loaded only when it is asked for. */
export interface Noun {
  readonly name: string;
  readonly summary: Text;
  load(): Promise<readonly Command[]>;
}

/** Every noun of the command line, in the order of the help. */
export const NOUNS: readonly Noun[] = [
  {
    name: 'init',
    summary: { en: "Make a region's folder.", ja: '地域フォルダーを作る。' },
    load: async () => [(await import('./commands/init.ts')).initCommand],
  },
  {
    name: 'serve',
    summary: { en: 'Run the gateway of a region.', ja: '地域のゲートウェイを動かす。' },
    load: async () => [(await import('./commands/serve.ts')).serveCommand],
  },
  {
    name: 'check',
    summary: {
      en: 'Check config, certificates, clock and disk.',
      ja: '設定・証明書・時計・ディスクを調べる。',
    },
    load: async () => [(await import('./commands/check.ts')).checkCommand],
  },
  {
    name: 'cert',
    summary: { en: 'Issue and look at certificates.', ja: '証明書を発行し、調べる。' },
    load: async () => (await import('./commands/cert.ts')).certCommands,
  },
  {
    name: 'partner',
    summary: {
      en: 'Partners in the directory: add, list, test.',
      ja: '連携先の登録・一覧・接続試験。',
    },
    load: async () => (await import('./commands/partner.ts')).partnerCommands,
  },
  {
    name: 'patient',
    summary: { en: 'Feed and find patients.', ja: '患者を登録し、探す。' },
    load: async () => (await import('./commands/patient.ts')).patientCommands,
  },
  {
    name: 'wide-area',
    summary: {
      en: 'Look after a wide-area id service (resolve, retire, reissue), or feed one (feed-all, refused, retry).',
      ja: '広域連携 ID サービスの照会・廃止・再発行、地域からの登録（feed-all、refused、retry）。',
    },
    load: async () => (await import('./commands/wide-area.ts')).wideAreaCommands,
  },
  {
    name: 'documents',
    summary: {
      en: 'Submit, query and retrieve documents.',
      ja: '文書を登録し、照会し、取得する。',
    },
    load: async () => (await import('./commands/documents.ts')).documentsCommands,
  },
  {
    name: 'ssmix2',
    summary: { en: 'Share an SS-MIX2 storage.', ja: 'SS-MIX2 ストレージを共有する。' },
    load: async () => (await import('./commands/ssmix2.ts')).ssmix2Commands,
  },
  {
    name: 'validate',
    summary: {
      en: 'Judge a message or a capture, rule by rule.',
      ja: '電文や通信記録を規則ごとに判定する。',
    },
    load: async () => [(await import('./commands/validate.ts')).validateCommand],
  },
  {
    name: 'backup',
    summary: {
      en: 'Copy database and documents, and prove the copy.',
      ja: 'データベースと文書を複写し、照合する。',
    },
    load: async () => [(await import('./commands/backup.ts')).backupCommand],
  },
  {
    name: 'restore',
    summary: { en: 'Bring a backup back.', ja: 'バックアップを戻す。' },
    load: async () => [(await import('./commands/restore.ts')).restoreCommand],
  },
  {
    name: 'queue',
    summary: { en: 'Look at the retrieval queue.', ja: '取得待ち行列を見る。' },
    load: async () => (await import('./commands/queue.ts')).queueCommands,
  },
  {
    name: 'audit',
    summary: { en: 'List and verify the audit trail.', ja: '監査証跡を一覧し、検証する。' },
    load: async () => (await import('./commands/audit.ts')).auditCommands,
  },
  {
    name: 'migrate',
    summary: {
      en: "Move a region's data from SQLite to PostgreSQL, and prove the copy.",
      ja: '地域のデータを SQLite から PostgreSQL へ移し、写しを検証する。',
    },
    load: async () => [(await import('./commands/migrate.ts')).migrateCommand],
  },
  {
    name: 'demo',
    summary: {
      en: 'Three regions exchange documents on this machine.',
      ja: 'この計算機の上で三つの地域が文書を交換する。',
    },
    load: async () => [(await import('./commands/demo.ts')).demoCommand],
  },
  {
    name: 'conformance',
    summary: { en: 'Run the conformance collections.', ja: '適合性試験を実行する。' },
    load: async () => [(await import('./commands/conformance.ts')).conformanceCommand],
  },
  {
    name: 'bench',
    summary: { en: 'Measure this system.', ja: '性能を測る。' },
    load: async () => [(await import('./commands/bench.ts')).benchCommand],
  },
];
