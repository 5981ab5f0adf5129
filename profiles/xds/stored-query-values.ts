import { isDTM, shape } from '../formats/datatypes.ts';
import { Refusal } from '../refusal.ts';
import type { Code } from './metadata.ts';
import type { ParameterRow } from './stored-query-parameters.ts';

/** How strictly queries are read. `strict` is the default. */
export type QueryReading = 'strict' | 'lenient';

/** One row of the table of what is written otherwise than the Framework says. */
export interface QueryTolerance {
  /** What both readings make of it: taken as meant, refused, or left out as if it were not there. */
  readonly strict: 'taken' | 'refused' | 'left out';
  readonly lenient: 'taken' | 'refused' | 'left out';
  readonly text: { readonly en: string; readonly ja: string };
}

/** What queries of the field do, and what each reading makes of it. Source: ITI TF-2: 3.18.4.1.2.3.5. */
// biome-ignore format: the rows are compared by eye
export const QUERY_TOLERANCES = {
  'blanks around commas and parentheses': { strict: 'taken',    lenient: 'taken',    text: { en: 'blanks stand around commas or parentheses',                       ja: 'コンマや括弧の前後に空白がある' } },
  'single value in parentheses':          { strict: 'taken',    lenient: 'taken',    text: { en: 'the single value stands in parentheses',                          ja: '単一の値が括弧に入っている' } },
  'quoted number':                        { strict: 'taken',    lenient: 'taken',    text: { en: 'the number stands in quotes',                                     ja: '数値が引用符に入っている' } },
  'list without parentheses':             { strict: 'refused',  lenient: 'taken',    text: { en: 'the values of a list do not stand in parentheses',                ja: '複数値のパラメータが括弧に入っていない' } },
  'string without quotes':                { strict: 'refused',  lenient: 'taken',    text: { en: 'the value is not in quotes',                                      ja: '値が引用符に入っていない' } },
  'quoted time':                          { strict: 'refused',  lenient: 'taken',    text: { en: 'the time stands in quotes',                                       ja: '日時が引用符に入っている' } },
  'code with a display name':             { strict: 'refused',  lenient: 'taken',    text: { en: 'the code carries a display name, which is not looked at',         ja: 'コードに表示名が付いている（比較しない）' } },
  'unknown parameter':                    { strict: 'left out', lenient: 'left out', text: { en: 'the query does not know this parameter: it is passed over',       ja: 'この照会にないパラメータなので読み飛ばす' } },
  'empty ValueList':                      { strict: 'left out', lenient: 'left out', text: { en: 'it has no value, and counts as not given',                        ja: '値がないので、指定なしとみなす' } },
  'unknown status':                       { strict: 'left out', lenient: 'left out', text: { en: 'a status that is not known finds nothing, and is dropped',        ja: '未知のステータスは何にも一致しないので除く' } },
} as const satisfies Record<string, QueryTolerance>;

/** The name of a row. */
export type QueryToleranceName = keyof typeof QUERY_TOLERANCES;

/** Reads the values of one parameter, and remembers what was written otherwise than it should be. */
export class ValueReader {
  readonly name: string;
  readonly row: ParameterRow;
  readonly reading: QueryReading;
  readonly notes = new Set<QueryToleranceName>();

  constructor(name: string, row: ParameterRow, reading: QueryReading) {
    this.name = name;
    this.row = row;
    this.reading = reading;
  }

  /** @param texts the slot's `rim:Value`s. @throws Refusal XDSRegistryError or XDSStoredQueryParamNumber */
  read(texts: readonly string[]): readonly string[] {
    if (this.row.many === true) return texts.flatMap((text) => this.#list(text));
    const [only] = texts;
    if (only === undefined) return [];
    if (texts.length > 1) throw tooMany(this.name, 'takes one value');
    const text = only.trim();
    if (this.row.kind === 'time') return [this.#time(text)];
    if (this.row.kind === 'number') return [this.#number(text)];
    // One value in parentheses is what some peers write, and is clear; two are too many.
    if (text.startsWith('(')) this.notes.add('single value in parentheses');
    const values = text.startsWith('(') ? this.#list(text) : [this.#quoted(text)];
    if (values.length !== 1) throw tooMany(this.name, 'takes one value');
    return values;
  }

  /** The tolerance is noted where this reading takes it, and refused with the reason where it does not. */
  #tolerate(name: QueryToleranceName, reason: string): void {
    if (QUERY_TOLERANCES[name][this.reading] === 'refused') throw badFormat(this.name, reason);
    this.notes.add(name);
  }

  #time(text: string): string {
    const value = /^'([0-9]+)'$/.exec(text)?.[1];
    if (value !== undefined) this.#tolerate('quoted time', `${shape(text)} is no time`);
    const time = value ?? text;
    if (!isDTM(time)) throw badFormat(this.name, `${shape(text)} is no time`);
    return time;
  }

  #number(text: string): string {
    const value = /^'([0-9]+)'$/.exec(text)?.[1];
    if (value !== undefined) this.notes.add('quoted number');
    const number = value ?? text;
    if (!/^[0-9]{1,9}$/.test(number)) throw badFormat(this.name, `${shape(text)} is no number`);
    return number;
  }

  /** `('a','b')`. */
  #list(text: string): readonly string[] {
    const list = text.trim();
    const enclosed = list.startsWith('(') && list.endsWith(')');
    if (!enclosed) {
      this.#tolerate('list without parentheses', 'its values must stand in parentheses');
    }
    const inner = (enclosed ? list.slice(1, -1) : list).trim();
    if (inner.length + (enclosed ? 2 : 0) < text.length) this.#blanks();
    const values: string[] = [];
    let at = 0;
    while (at < inner.length) {
      if (values.length > 0) at = this.#comma(inner, at);
      QUOTED.lastIndex = at;
      const found = QUOTED.exec(inner) ?? this.#bare(inner, at);
      values.push((found[1] ?? '').replaceAll("''", "'"));
      at += found[0].length;
    }
    if (values.length === 0) throw badFormat(this.name, 'empty parentheses');
    return this.row.kind === 'code' ? values.map((value) => this.#code(value)) : values;
  }

  #comma(inner: string, at: number): number {
    COMMA.lastIndex = at;
    const found = COMMA.exec(inner);
    if (found === null) throw this.#noList(inner);
    if (found[0].length > 1) this.#blanks();
    return at + found[0].length;
  }

  /** A value without quotes: only where it can be nothing else. */
  #bare(inner: string, at: number): RegExpExecArray {
    BARE.lastIndex = at;
    const found = BARE.exec(inner);
    if (found === null) throw this.#noList(inner);
    this.#tolerate('string without quotes', `${shape(inner)} is no list of quoted values`);
    return found;
  }

  #noList(inner: string): Refusal {
    return badFormat(this.name, `${shape(inner)} is no list of quoted values`);
  }

  #blanks(): void {
    this.notes.add('blanks around commas and parentheses');
  }

  #quoted(text: string): string {
    QUOTED.lastIndex = 0;
    const found = QUOTED.exec(text);
    if (found !== null && found[0].length === text.length) {
      return (found[1] ?? '').replaceAll("''", "'");
    }
    const reason = `${shape(text)} is not in quotes`;
    if (text.includes("'")) throw badFormat(this.name, reason);
    this.#tolerate('string without quotes', reason);
    return text;
  }

  #code(text: string): string {
    const [first, second, third, ...rest] = text.split('^');
    if (!first || second === undefined || !third || rest.length > 0) throw this.#noCode(text);
    if (second === '') return text;
    this.#tolerate('code with a display name', `${shape(text)} is not code^^codingScheme`);
    return `${first}^^${third}`;
  }

  #noCode(text: string): Refusal {
    return badFormat(this.name, `${shape(text)} is not code^^codingScheme`);
  }
}

const QUOTED = /'((?:[^']|'')*)'/y;
const COMMA = /\s*,\s*/y;
const BARE = /([^'(),\s]+)/y;

/** The code of a value that was read as `code^^codingScheme`. */
export function codeOfValue(text: string): Code {
  const [code = '', , codingScheme = ''] = text.split('^');
  return { code, codingScheme };
}

/** XDSStoredQueryParamNumber. */
export function tooMany(name: string, how: string): Refusal {
  return new Refusal('XDSStoredQueryParamNumber', `${name} ${how}`);
}

/** XDSRegistryError, with the parameter's name. */
export function badFormat(name: string, what: string): Refusal {
  return new Refusal('XDSRegistryError', `the parameter ${name} is not well written: ${what}`);
}
