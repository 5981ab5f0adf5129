import { kind, optional, type SettingTable, setting } from './settings.ts';

/** How requests are answered, and asked, whose answer is a message of its own (ITI TF-2: Appendix V). */
export const ANSWER_SETTINGS = {
  asynchronous: {
    mostWaiting: setting(kind.integer(1, 10_000), 100, {
      en: 'Requests of one partner that may wait for an answer at its callback; more are refused as busy.',
      ja: '一つの連携先について、コールバックへの応答待ちにできる要求の数。超えた分は混雑として断る。',
    }),
    attempts: setting(kind.integer(1, 100), 12, {
      en: 'How often an answer is sent to a callback that does not take it; the pauses double from a second to an hour.',
      ja: 'コールバックが応答を受け取らないとき送り直す回数。間隔は 1 秒から倍ずつ、1 時間まで延びる。',
    }),
    longestMinutes: setting(kind.integer(1, 10_080), 1_440, {
      en: 'After this time a request that waits is given up.',
      ja: '応答待ちの要求をあきらめるまでの分数。',
    }),
    callback: optional(kind.httpsUrl, {
      en: 'Where partners send the answers to what this process asked asynchronously; it must lead to /replies of this process. Without it: /replies below listen.soap.publicUrl.',
      ja: 'このプロセスが非同期で問い合わせたときに連携先が応答を送る URL。このプロセスの /replies に届くこと。無指定なら listen.soap.publicUrl の下の /replies。',
    }),
  },
} as const satisfies SettingTable;
