import type { BothLanguages } from './config-faults.ts';

/** What a value must look like; `right` completes "it must be …" and goes into the manual. */
export type Shape =
  | { readonly type: 'text'; readonly pattern: RegExp; readonly right: BothLanguages }
  | { readonly type: 'integer'; readonly least: number; readonly most: number }
  | { readonly type: 'flag' }
  | { readonly type: 'oneOf'; readonly values: readonly string[] }
  /** A file or folder; a relative one is taken from the region's folder. */
  | { readonly type: 'path' }
  /** `env:NAME` or `file:PATH`; `plain` says which values may stand in the file as they are. */
  | { readonly type: 'secret'; readonly plain?: RegExp; readonly right: BothLanguages }
  | { readonly type: 'list'; readonly of: Shape; readonly least: number; readonly most: number }
  | {
      readonly type: 'row';
      readonly fields: Readonly<Record<string, Shape>>;
      /** Names of fields that may be left out. */
      readonly optional: readonly string[];
    };

/** A shape and the type of the values that have it. */
export interface Kind<T> {
  readonly shape: Shape;
  /** Never there: it carries the type. */
  readonly value?: T;
}

/** One setting: a row of the manual. Its path is its place in the table; its unit is in its name. */
export interface Setting<T> {
  readonly isSetting: true;
  readonly kind: Kind<unknown>;
  readonly default: T | undefined;
  readonly isRequired: boolean;
  readonly why: BothLanguages;
}

/** A table of settings, or of tables. */
export interface SettingTable {
  readonly [name: string]: Setting<unknown> | SettingTable;
}

/** The values that a table of settings has. */
export type ValuesOf<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer T> ? T : ValuesOf<Table[Name]>;
};

/** A setting that must be given. */
export function needed<T>(kind: Kind<T>, why: BothLanguages): Setting<T> {
  return { isSetting: true, kind, default: undefined, isRequired: true, why };
}

/** A setting that has a default. */
export function setting<T>(kind: Kind<T>, byDefault: T, why: BothLanguages): Setting<T> {
  return { isSetting: true, kind, default: byDefault, isRequired: false, why };
}

/** A setting that may be left out, which means something of its own. */
export function optional<T>(kind: Kind<T>, why: BothLanguages): Setting<T | undefined> {
  return { isSetting: true, kind, default: undefined, isRequired: false, why };
}

/** True for a row of the table, false for a table inside it. */
export function isSetting(entry: Setting<unknown> | SettingTable): entry is Setting<unknown> {
  return entry.isSetting === true;
}

function matching(pattern: RegExp, right: BothLanguages): Kind<string> {
  return { shape: { type: 'text', pattern, right } };
}

/** The kinds of value that settings have. */
export const kind = {
  text: matching(/^[^\p{Cc}]{1,200}$/u, { en: 'a text of one line', ja: '1 行の文字列' }),
  oid: matching(/^[0-2](\.(0|[1-9]\d*))+$/, {
    en: 'an OID in dots, such as 2.999.1',
    ja: '2.999.1 のような OID',
  }),
  urnOid: matching(/^urn:oid:[0-2](\.(0|[1-9]\d*))+$/, {
    en: 'a URN such as urn:oid:2.999.1',
    ja: 'urn:oid:2.999.1 のような URN',
  }),
  node: matching(/^[A-Za-z0-9._-]{1,64}$/, {
    en: 'letters, digits, dot, dash or underline, at most 64',
    ja: '英数字・点・ハイフン・下線の 64 字以内',
  }),
  namespace: matching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,19}$/, {
    en: 'a namespace id of HL7 v2: letters, digits, dot, dash or underline, at most 20',
    ja: 'HL7 v2 の名前空間 ID（英数字・点・ハイフン・下線の 20 字以内）',
  }),
  name: matching(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
    en: 'a name of small letters, digits, dot, dash or underline',
    ja: '英小文字・数字・点・ハイフン・下線の名称',
  }),
  host: matching(/^[A-Za-z0-9.:_-]{1,253}$/, {
    en: 'a host name or an IP address',
    ja: 'ホスト名または IP アドレス',
  }),
  httpsUrl: matching(/^https:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/, {
    en: 'a URL that begins with https://',
    ja: 'https:// で始まる URL',
  }),
  hereOrUrl: matching(/^(here|https:\/\/[^\s/?#@]+(\/[^\s?#]*)?)$/, {
    en: 'here, or a URL that begins with https://',
    ja: 'here または https:// で始まる URL',
  }),
  duration: matching(/^P(?=[^T]|T.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?$/, {
    en: 'a duration in days, hours, minutes and seconds, such as P7D or PT12H',
    ja: 'P7D や PT12H のような日・時・分・秒の期間',
  }),
  path: { shape: { type: 'path' } } as Kind<string>,
  flag: { shape: { type: 'flag' } } as Kind<boolean>,
  integer: (least: number, most: number): Kind<number> => ({
    shape: { type: 'integer', least, most },
  }),
  oneOf: <const T extends string>(...values: readonly T[]): Kind<T> => ({
    shape: { type: 'oneOf', values },
  }),
  secret: (right: BothLanguages, plain?: RegExp): Kind<string> => ({
    shape: { type: 'secret', right, plain },
  }),
  list: <T>(of: Kind<T>, { least = 0, most = 100 } = {}): Kind<readonly T[]> => ({
    shape: { type: 'list', of: of.shape, least, most },
  }),
  row: <
    Fields extends Readonly<Record<string, Kind<unknown>>>,
    Optional extends Readonly<Record<string, Kind<unknown>>> = Readonly<Record<never, never>>,
  >(
    fields: Fields,
    optional?: Optional,
  ): Kind<
    { readonly [K in keyof Fields]: Fields[K] extends Kind<infer T> ? T : never } & {
      readonly [K in keyof Optional]?: Optional[K] extends Kind<infer T> ? T : never;
    }
  > => ({
    shape: {
      type: 'row',
      fields: Object.fromEntries(
        Object.entries({ ...fields, ...optional }).map(([name, { shape }]) => [name, shape]),
      ),
      optional: Object.keys(optional ?? {}),
    },
  }),
} as const;

/** Completes "it must be …" for any shape. */
export function rightOf(shape: Shape): BothLanguages {
  switch (shape.type) {
    case 'text':
    case 'secret':
      return shape.right;
    case 'integer':
      return {
        en: `a whole number from ${shape.least} to ${shape.most}`,
        ja: `${shape.least} から ${shape.most} までの整数`,
      };
    case 'flag':
      return { en: 'true or false', ja: 'true または false' };
    case 'oneOf':
      return {
        en: shape.values.length === 1 ? `${shape.values[0]}` : `one of ${shape.values.join(', ')}`,
        ja: shape.values.join('、'),
      };
    case 'path':
      return { en: 'a path', ja: 'パス' };
    case 'list': {
      const { en, ja } = rightOf(shape.of);
      const least = shape.least > 0;
      return {
        en: `a list${least ? ` of at least ${shape.least}` : ''}, each ${en}`,
        ja: `${ja}の一覧${least ? `（${shape.least} 個以上）` : ''}`,
      };
    }
    case 'row': {
      const { fields, optional } = shape;
      const names = Object.keys(fields)
        .filter((name) => !optional.includes(name))
        .join(', ');
      const may = optional.join(', ');
      if (may === '') return { en: `a row with ${names}`, ja: `${names} を持つ行` };
      return {
        en: `a row with ${names}, and if wanted ${may}`,
        ja: `${names} を持つ行（任意で ${may}）`,
      };
    }
  }
}
