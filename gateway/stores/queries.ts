import {
  type Compilable,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { numberedMarks } from './postgres-values.ts';

export {
  CompiledQuery,
  type Expression,
  type ExpressionBuilder,
  type Generated,
  type Insertable,
  type Selectable,
  type SqlBool,
  sql,
} from 'kysely';

/**
 * What may be asked inside `read`. `Tables` are the tables of the one actor that asks. `executeQuery` is for a statement
 * whose text is ready (`CompiledQuery.raw`), where building it each time costs more than running it; inside `read`, a SELECT.
 * Such a text has a `?` for each of its values with both engines, and a `?` nowhere else; what it makes octets of, it casts
 * `AS BLOB`.
 */
export type Reads<Tables> = Pick<
  Kysely<Tables>,
  'selectFrom' | 'selectNoFrom' | 'with' | 'executeQuery'
>;

/** What may be asked inside `write`. */
export type Writes<Tables> = Reads<Tables> &
  Pick<Kysely<Tables>, 'insertInto' | 'updateTable' | 'deleteFrom'>;

/** What both engines do with one statement. */
export interface StatementRunner {
  run(text: string, parameters: readonly unknown[]): StatementOutcome | Promise<StatementOutcome>;
}

type StatementOutcome = { readonly rows: unknown[]; readonly changes: number };

/** Kysely, where a text that is ready goes straight to the connection: the builder's way there costs more than most answers. */
export class Queries extends Kysely<unknown> {
  readonly #connection: DatabaseConnection;

  constructor(connection: DatabaseConnection, parts: Omit<Dialect, 'createDriver'>) {
    super({ dialect: { ...parts, createDriver: () => driverOf(connection) } });
    this.#connection = connection;
  }

  override executeQuery<Row>(
    query: CompiledQuery<Row> | Compilable<Row>,
  ): Promise<QueryResult<Row>> {
    return this.#connection.executeQuery('compile' in query ? query.compile() : query);
  }
}

/** Lends Kysely the one connection. */
function lentBy(
  connection: StatementRunner,
  textOf: (query: CompiledQuery) => string = ({ sql: text }) => text,
): DatabaseConnection {
  return {
    async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
      const outcome = connection.run(textOf(query), query.parameters);
      // SQLite has answered already: its rows wait for nothing.
      const { rows, changes } = outcome instanceof Promise ? await outcome : outcome;
      return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
    },
    // biome-ignore lint/correctness/useYield: rows are read whole; a stream would hold the one connection.
    async *streamQuery() {
      throw new Error('rows are not streamed');
    },
  };
}

/** The driver of that connection. Transactions are not Kysely's to begin: `write` does. */
function driverOf(lent: DatabaseConnection): Driver {
  const refuse = () => Promise.reject(new Error('transactions are begun by write alone'));
  return {
    init: async () => {},
    acquireConnection: () => Promise.resolve(lent),
    releaseConnection: async () => {},
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    destroy: async () => {},
  };
}

/** Kysely has numbered the marks of what it has built; a text that was ready comes as SQLite reads it. */
function postgresTextOf({ sql: text, query }: CompiledQuery): string {
  return query.kind === 'RawNode' ? numberedMarks(text).replaceAll('AS BLOB)', 'AS bytea)') : text;
}

/** Queries of the one connection to SQLite. */
export function sqliteQueries(connection: StatementRunner): Queries {
  return new Queries(lentBy(connection), {
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (root) => new SqliteIntrospector(root),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  });
}

/** Queries of one session with PostgreSQL. */
export function postgresQueries(session: StatementRunner): Queries {
  return new Queries(lentBy(session, postgresTextOf), {
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (root) => new PostgresIntrospector(root),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  });
}
