import { copyFile } from 'node:fs/promises';
import {
  PostgresConnections,
  type PostgresSession,
} from '../../gateway/stores/postgres-connection.ts';
import { openConnection } from '../../gateway/stores/sqlite-connection.ts';

/**
 * How a filled registry becomes one of many times as many patients: inside the database, each row of the store once more for
 * each further set of patients, with ids of its own. Encoding a million entries one by one takes far longer, and
 * gives rows of the same sizes. What is not asked for by anybody, such as the ids of
 * an entry's classifications, is as in the row that it was made of.
 */
export interface Growth {
  /** Patients that are there, numbered from 0. */
  readonly patients: number;
  /** So many times as many in the end; at most `MOST_TIMES`. */
  readonly times: number;
  readonly say: (line: string) => void;
}

/** Two digits tell the sets of patients apart. */
export const MOST_TIMES = 100;

type Engine = 'sqlite' | 'postgres';

/** Copies a filled SQLite file that nobody has open, and lets the copy grow. */
export async function growSqlite(from: string, to: string, growth: Growth): Promise<void> {
  await copyFile(from, to);
  const connection = openConnection(to);
  try {
    // Should it end before its time, the file is made anew: so it is written once, without a log, and not synced.
    for (const setting of ['journal_mode=OFF', 'synchronous=OFF', 'cache_size=-1000000']) {
      connection.rows(`PRAGMA ${setting}`);
    }
    const rows = (text: string) => connection.rows(text);
    await grow('sqlite', growth, { rows, exec: (text) => connection.exec(text) });
  } finally {
    connection.close();
  }
}

/** Lets a PostgreSQL database grow that was filled by `copyToPostgres`. */
export async function growPostgres(url: string, growth: Growth): Promise<void> {
  await withPostgres(url, async (session) => {
    const rows = (text: string) => session.rows(text);
    // What autovacuum would have done over the years; bit by bit, for it looks at what is new alone.
    const tidy = () =>
      session.exec('VACUUM (ANALYZE) registry_object, registry_value, registry_patient');
    await grow('postgres', growth, { rows, exec: (text) => session.exec(text), tidy });
    await session.rows(
      "SELECT setval(pg_get_serial_sequence('registry_object', 'number'), max(number)) AS last FROM registry_object",
    );
  });
}

/** One connection to a PostgreSQL database, for as long as the work takes. */
export async function withPostgres<Result>(
  url: string,
  work: (session: PostgresSession) => Promise<Result>,
): Promise<Result> {
  const connections = new PostgresConnections(url);
  try {
    const session = await connections.take();
    try {
      return await work(session);
    } finally {
      connections.release(session, false);
    }
  } finally {
    await connections.close();
  }
}

type Rows = readonly Record<string, unknown>[];

interface Runner {
  rows(statement: string): Rows | Promise<Rows>;
  exec(statement: string): unknown;
  tidy?(): unknown;
}

async function grow(engine: Engine, growth: Growth, { rows, exec, tidy }: Runner): Promise<void> {
  const { patients, times, say } = growth;
  if (times > MOST_TIMES) throw new Error(`a registry grows at most ${MOST_TIMES} times`);
  const [last] = await rows('SELECT max(number) AS number FROM registry_object');
  const objects = Number(last?.['number']);
  const columns = await columnsOf(engine, rows);
  for (let time = 1; time < times; time += 1) {
    for (const statement of onceMore(engine, { time, patients, objects, columns })) {
      await exec(statement);
    }
    if (time % 10 !== 9) continue;
    await tidy?.();
    say(`${(time + 1) * patients} patients`);
  }
  await tidy?.();
}

async function columnsOf(engine: Engine, rows: Runner['rows']): Promise<readonly string[]> {
  const found = await rows(
    engine === 'sqlite'
      ? "SELECT name FROM pragma_table_info('registry_object')"
      : "SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = 'registry_object' AND table_schema = current_schema()",
  );
  return found.map(({ name }) => String(name));
}

interface Copy {
  readonly time: number;
  readonly patients: number;
  readonly objects: number;
  readonly columns: readonly string[];
}

/** Everything of the first patients once more, for the patients of this time. */
function onceMore(engine: Engine, { time, patients, objects, columns }: Copy): readonly string[] {
  const digits = String(time).padStart(2, '0');
  // In the middle of the random digits: so new ids fall between old ones everywhere.
  const uuid = (id: string) => `substr(${id}, 1, 15) || '${digits}' || substr(${id}, 18)`;
  const oid = (id: string) => `${id} || '${digits}'`;
  const later = (id: string) => {
    const number = `'00000' || (CAST(substr(${id}, 3) AS integer) + ${time * patients})`;
    return `'B-' || substr(${number}, length(${number}) - 5)`;
  };
  const ids: readonly (readonly [string, (id: string) => string])[] = [
    ['entry_uuid', uuid],
    ['source_object', uuid],
    ['target_object', uuid],
    ['unique_id', oid],
    ['patient_id', later],
  ];
  const inText = (text: string) =>
    ids.reduce((made, [column, mapped]) => {
      const old = `coalesce(${column}, '-')`;
      return `replace(${made}, ${old}, coalesce(${mapped(column)}, '-'))`;
    }, text);
  const content =
    engine === 'sqlite'
      ? `CAST(${inText('CAST(content AS text)')} AS blob)`
      : `convert_to(${inText("convert_from(content, 'UTF8')")}, 'UTF8')`;
  const made = new Map<string, string>([
    ...ids.map(([column, mapped]) => [column, mapped(column)] as const),
    ['number', `number + ${time * objects}`],
    ['logical_id', uuid('logical_id')],
    ['head', inText('head')],
    ['content', content],
  ]);
  return [
    `INSERT INTO registry_patient (assigning_authority, id) SELECT assigning_authority, ${later('id')}
      FROM registry_patient WHERE CAST(substr(id, 3) AS integer) < ${patients}`,
    `INSERT INTO registry_object (${columns.join(', ')})
      SELECT ${columns.map((column) => made.get(column) ?? column).join(', ')}
      FROM registry_object WHERE number <= ${objects}`,
    `INSERT INTO registry_value (object_number, name, value)
      SELECT object_number + ${time * objects}, name, value FROM registry_value WHERE object_number <= ${objects}`,
  ];
}
