/** The words of a patient's summary that are not its documents' own. */
export interface SummaryWords {
  readonly title: string;
  readonly documents: string;
  readonly none: string;
  readonly date: string;
  readonly name: string;
  readonly kind: string;
  readonly author: string;
}

const JAPANESE: SummaryWords = {
  title: '患者サマリー',
  documents: '文書',
  none: '登録されている文書はありません。',
  date: '作成日',
  name: '標題',
  kind: '種類',
  author: '作成機関',
};

const ENGLISH: SummaryWords = {
  title: 'Patient summary',
  documents: 'Documents',
  none: 'No documents are registered.',
  date: 'Created',
  name: 'Title',
  kind: 'Kind',
  author: 'Institution',
};

/** The words for a languageCode such as `ja-JP`; English for every language but Japanese. */
export function summaryWords(languageCode: string): SummaryWords {
  return /^ja\b/i.test(languageCode) ? JAPANESE : ENGLISH;
}
