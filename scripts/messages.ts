/** The languages that the commands speak. */
export type Language = 'en' | 'ja';

/** One text in both languages. */
export interface Text {
  readonly en: string;
  readonly ja: string;
}

/**
 * The language to speak: what `--lang` says, else what the locale says, else English.
 *
 * @param locale the first of LC_ALL, LC_MESSAGES, LANG that is set, for example `ja_JP.UTF-8`
 */
export function languageOf(asked: string | undefined, locale: string | undefined): Language {
  if (asked === 'ja' || asked === 'en') return asked;
  return locale?.toLowerCase().startsWith('ja') ? 'ja' : 'en';
}

/** The text in one language; a plain string is the same in all. */
export function say(text: Text | string, language: Language): string {
  return typeof text === 'string' ? text : text[language];
}

/** How texts that are made in English read in Japanese: a pattern of the whole text, and what stands for it. */
export type Translations = readonly (readonly [RegExp, string])[];

/** A text by the first row that it fits; one that fits none, such as another's own words, stays as it is. */
export function translated(text: string, rows: Translations): string {
  const row = rows.find(([pattern]) => pattern.test(text));
  return row === undefined ? text : text.replace(row[0], row[1]);
}

/** Headings of a help page, by commander's own heading. */
export const HELP_TITLES: Readonly<Record<string, Text>> = {
  'Usage:': { en: 'Usage:', ja: '使い方:' },
  'Arguments:': { en: 'Arguments:', ja: '引数:' },
  'Options:': { en: 'Options:', ja: 'オプション:' },
  'Commands:': { en: 'Commands:', ja: 'コマンド:' },
};

/** What the command line as a whole says. */
export const MESSAGES = {
  what: {
    en: 'IHE inter-EHR gateway: find a patient in other regions, list and retrieve her documents.',
    ja: 'IHE 準拠の地域間 EHR 連携ゲートウェイ。他地域の患者を探し、文書を一覧し、取得する。',
  },
  exitCodes: {
    en: 'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing to do.',
    ja: '終了コード: 0 完了、1 失敗、2 使い方の誤り、3 対象なし。',
  },
  help: { en: 'Show this help.', ja: 'このヘルプを表示する。' },
  version: { en: 'Show the version.', ja: 'バージョンを表示する。' },
  json: { en: 'Print JSON for programs.', ja: 'プログラム向けに JSON で出力する。' },
  lang: { en: 'Language: en or ja (else LANG).', ja: '言語: en または ja（無指定なら LANG）。' },
  folder: {
    en: "The region's folder, where kakehashi.yaml lies.",
    ja: '地域フォルダー（kakehashi.yaml のある場所）。',
  },
  tryHelp: (name: string): Text => ({
    en: `see: ${name} --help`,
    ja: `参照: ${name} --help`,
  }),
  unknownCommand: (asked: string): Text => ({
    en: `there is no command ${asked}`,
    ja: `コマンド ${asked} はありません`,
  }),
  unknownOption: (asked: string): Text => ({
    en: `there is no option ${asked}`,
    ja: `オプション ${asked} はありません`,
  }),
  didYouMean: (known: string): Text => ({
    en: `did you mean ${known}?`,
    ja: `${known} のことですか`,
  }),
  excessArgument: (asked: string): Text => ({
    en: `one argument too many: ${asked}`,
    ja: `余分な引数があります: ${asked}`,
  }),
  needed: (name: string): Text => ({ en: `${name} is needed`, ja: `${name} が必要です` }),
  forExample: (words: string): Text => ({ en: `for example: ${words}`, ja: `例: ${words}` }),
  seeHelp: { en: 'see --help', ja: '--help を見てください' },
  valueNeeded: (name: string): Text => ({
    en: `${name} needs a value`,
    ja: `${name} には値が必要です`,
  }),
  wrongValue: (name: string, right: Text): Text => ({
    en: `${name} must be ${right.en}`,
    ja: `${name} は${right.ja}でなければなりません`,
  }),
  unexpected: (what: string): Text => ({
    en: `unexpected: ${what}`,
    ja: `想定外のエラー: ${what}`,
  }),
  reportDefect: {
    en: 'this is a defect: please report it with the lines below',
    ja: 'プログラムの欠陥です。以下の行を添えて報告してください',
  },
} as const;
