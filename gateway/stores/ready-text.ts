import { CompiledQuery, type Reads } from './database.ts';
import type { SqlValue } from './sql-parameter.ts';

/**
 * The rows of a statement whose text is ready, with a `?` for each value: for statements that stand in the path of every feed,
 * where building the text costs more than running it.
 */
export async function rowsOf<Row>(
  queries: Pick<Reads<unknown>, 'executeQuery'>,
  text: string,
  values: readonly SqlValue[],
): Promise<readonly Row[]> {
  return (await queries.executeQuery<Row>(CompiledQuery.raw(text, [...values]))).rows;
}

/** `(?, ?, ?)` for so many values. */
export function marks(count: number): string {
  return `(${'?, '.repeat(count - 1)}?)`;
}

/** `(?, ?), (?, ?)` for so many rows of so many values. */
export function markedRows(rows: number, columns: number): string {
  return Array.from({ length: rows }, () => marks(columns)).join(', ');
}
