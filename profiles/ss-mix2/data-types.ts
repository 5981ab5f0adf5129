/** What a region makes of a data type: a patient feed, a document, or nothing beyond the hospital. */
export type SharedAs = 'feed' | 'document' | 'nothing';

/** One data type of the standardised storage. */
export interface DataType {
  readonly name: { readonly en: string; readonly ja: string };
  /** Its files lie under `-` instead of a care date. */
  readonly isUndated: boolean;
  readonly sharedAs: SharedAs;
}

// biome-ignore format: a table is read by its columns.
const ROWS = [
  ['ADT-00', 'demographics',                '患者基本情報',       'undated', 'feed'],
  ['ADT-01', 'change of doctor',            '担当医変更',         'undated', 'nothing'],
  ['ADT-12', 'outpatient visit',            '外来受付',           'dated',   'nothing'],
  ['ADT-21', 'planned admission',           '入院予定',           'dated',   'nothing'],
  ['ADT-22', 'admission',                   '入院実施',           'dated',   'document'],
  ['ADT-31', 'leave',                       '外出泊実施',         'dated',   'nothing'],
  ['ADT-32', 'return from leave',           '外出泊帰院',         'dated',   'nothing'],
  ['ADT-41', 'planned transfer',            '転科・転棟予定',     'dated',   'nothing'],
  ['ADT-42', 'transfer',                    '転科・転棟実施',     'dated',   'nothing'],
  ['ADT-51', 'planned discharge',           '退院予定',           'dated',   'nothing'],
  ['ADT-52', 'discharge',                   '退院実施',           'dated',   'document'],
  ['ADT-61', 'allergies',                   'アレルギー',         'undated', 'document'],
  ['PPR-01', 'problems',                    '病名',               'undated', 'document'],
  ['OMD',    'meal order',                  '食事オーダー',       'dated',   'document'],
  ['OMP-01', 'prescription order',          '処方オーダー',       'dated',   'document'],
  ['OMP-11', 'prescription, done',          '処方実施',           'dated',   'document'],
  ['OMP-02', 'injection order',             '注射オーダー',       'dated',   'document'],
  ['OMP-12', 'injection, done',             '注射実施',           'dated',   'document'],
  ['OML-01', 'laboratory order',            '検体検査オーダー',   'dated',   'document'],
  ['OML-11', 'laboratory result',           '検体検査結果',       'dated',   'document'],
  ['OMG-01', 'radiology order',             '放射線検査オーダー', 'dated',   'document'],
  ['OMG-11', 'radiology, done',             '放射線検査実施',     'dated',   'document'],
  ['OMG-02', 'endoscopy order',             '内視鏡検査オーダー', 'dated',   'document'],
  ['OMG-12', 'endoscopy, done',             '内視鏡検査実施',     'dated',   'document'],
  ['OMG-03', 'physiology order',            '生理検査オーダー',   'dated',   'document'],
  ['OMG-13', 'physiology result',           '生理検査結果',       'dated',   'document'],
] as const;

/** The data types of the standardised storage. Source: SS-MIX2 storage specification 1.2, table of data types. */
export const DATA_TYPES: ReadonlyMap<string, DataType> = new Map(
  ROWS.map(([type, en, ja, dated, sharedAs]) => [
    type,
    { name: { en, ja }, isUndated: dated === 'undated', sharedAs },
  ]),
);

/** The data type that tells who the patient is. */
export const DEMOGRAPHICS_TYPE = 'ADT-00';
