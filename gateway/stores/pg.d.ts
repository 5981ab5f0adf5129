/** As much of pg 8 as `postgres-connection.ts` uses; the package brings no types. */
declare module 'pg' {
  namespace pg {
    interface Result {
      /** The first word of the command tag; `ROLLBACK` for a COMMIT of a transaction that had failed. */
      readonly command: string | null;
      readonly rowCount: number | null;
      readonly rows: Record<string, unknown>[];
    }

    interface Statement {
      readonly text: string;
      readonly values?: readonly unknown[];
      /** A statement with a name is parsed once a connection. */
      readonly name?: string;
      /** Milliseconds, in place of the pool's. */
      readonly query_timeout?: number;
    }

    interface Types {
      getTypeParser(oid: number, format?: string): (value: string) => unknown;
    }

    interface PoolOptions {
      readonly connectionString: string;
      readonly max: number;
      readonly connectionTimeoutMillis: number;
      readonly idleTimeoutMillis: number;
      readonly statement_timeout: number;
      readonly query_timeout: number;
      readonly lock_timeout: number;
      readonly idle_in_transaction_session_timeout: number;
      readonly application_name: string;
      readonly options: string;
      readonly keepAlive: boolean;
      readonly pipeline: boolean;
      readonly types: Types;
    }

    interface ClientOptions
      extends Pick<
        PoolOptions,
        | 'connectionString'
        | 'connectionTimeoutMillis'
        | 'statement_timeout'
        | 'query_timeout'
        | 'application_name'
        | 'options'
        | 'keepAlive'
        | 'types'
      > {
      readonly keepAliveInitialDelayMillis: number;
    }

    class Client {
      constructor(options: ClientOptions);
      connect(): Promise<unknown>;
      query(statement: string | Statement): Promise<Result>;
      end(): Promise<void>;
      on(event: 'error' | 'end', heard: () => void): void;
    }

    interface PoolClient {
      query(statement: string | Statement): Promise<Result>;
      /** With true the connection is closed instead of kept. */
      release(destroy?: boolean): void;
      on(event: 'error', heard: (error: Error) => void): void;
    }

    class Pool {
      constructor(options: PoolOptions);
      connect(): Promise<PoolClient>;
      end(): Promise<void>;
      on(event: 'error', heard: (error: Error) => void): void;
    }
  }

  export = pg;
}
