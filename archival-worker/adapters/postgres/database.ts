import postgres from 'postgres';
import { TimeLimitError, withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';

/** Columns as they are read, and given. */
const TYPES = {
  /** They hold nothing above 2^53 here (seqs, amounts), so they are numbers. */
  bigint: {
    to: 20,
    from: [20],
    parse: (text: string): number => Number(text),
    serialize: (value: number): string => `${value}`,
  },
  /** Times are read as all contracts have them, ISO 8601 UTC, and given as that or as ms since 1970. */
  timestamptz: {
    to: 1184,
    from: [1184],
    parse: (text: string): string => new Date(text).toISOString(),
    serialize: (time: string | number | Date): string => new Date(time).toISOString(),
  },
};

const open = (url: string, options: DatabaseOptions) =>
  postgres(url, {
    max: options.connections,
    connect_timeout: CONNECT_LIMIT_SECONDS,
    idle_timeout: 0,
    keep_alive: 10,
    // Whoever calls decides when to try again.
    backoff: false,
    types: TYPES,
    // A row's members are named as in TypeScript: `seller_id` is `sellerId`.
    transform: { column: { from: postgres.toCamel } },
    // Array types are not used; their list would cost a query on every connection.
    fetch_types: false,
    onnotice: () => undefined,
    connection: {
      application_name: options.name,
      statement_timeout: options.limitMs,
      idle_in_transaction_session_timeout: options.limitMs,
      TimeZone: 'UTC',
    },
  });

export type Sql = ReturnType<typeof open>;

/** The same within a transaction. */
export type Tx = Parameters<Parameters<Sql['begin']>[1]>[0];

/** A part of a statement. */
export type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** What a statement may be given for `${…}`. */
export type Given = postgres.ParameterOrFragment<string | number>;

export interface DatabaseOptions {
  /** Shown in `pg_stat_activity`. */
  readonly name: string;
  readonly connections: number;
  /** Longest time of a statement, and, with a second's grace, of a piece of work as a whole. */
  readonly limitMs: number;
}

/** What Postgres said, without the details: they can quote rows, and rows hold secrets. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  /** SQLSTATE. */
  readonly code: string;

  constructor({ message, code }: postgres.PostgresError) {
    super(`${message} (SQLSTATE ${code})`);
    this.code = code;
  }
}

/** SQLSTATE: another row has what must be there once. */
export const UNIQUE_VIOLATION = '23505';

const CONNECT_LIMIT_SECONDS = 3;
const CLOSE_LIMIT_SECONDS = 2;
/** The server's own time limit comes first: it names the reason and keeps the connection. */
const GRACE_MS = 1_000;

/**
 * Connections to Postgres with a time limit on all work. A server that is hung without closing its
 * connections is left behind: the next work gets new ones.
 */
export class Database {
  readonly #url: string;
  readonly #options: DatabaseOptions;
  readonly #log: Logger;
  #sql: Sql;

  constructor(url: string, options: DatabaseOptions, log: Logger) {
    this.#url = url;
    this.#options = options;
    this.#log = log;
    this.#sql = open(url, options);
  }

  /** Runs a statement. @throws DatabaseError when Postgres refuses it; TimeLimitError */
  ask<T extends readonly object[]>(
    statement: TemplateStringsArray,
    ...given: readonly Given[]
  ): Promise<postgres.RowList<T>> {
    return this.#run((sql) => sql<T>(statement, ...given));
  }

  /** Runs `work` in a transaction. @throws as {@link ask}; whatever else `work` throws */
  async begin<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const done = await this.#run((sql) => sql.begin(async (tx) => ({ value: await work(tx) })));
    return done.value;
  }

  async #run<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const sql = this.#sql;
    try {
      return await withTimeLimit(work(sql), this.#options.limitMs + GRACE_MS, 'work on Postgres');
    } catch (error) {
      if (error instanceof TimeLimitError && sql === this.#sql) {
        this.#sql = open(this.#url, this.#options);
        void this.#abandon(sql);
      }
      throw error instanceof postgres.PostgresError ? new DatabaseError(error) : error;
    }
  }

  async close(): Promise<void> {
    await this.#sql.end({ timeout: CLOSE_LIMIT_SECONDS });
  }

  async #abandon(sql: Sql): Promise<void> {
    try {
      await sql.end({ timeout: 0 });
    } catch (error) {
      this.#log.debug({ err: error }, 'hung connections to Postgres did not close cleanly');
    }
  }
}

/** Makes parts of statements, for whoever runs them: it never connects itself. */
export const sql: Sql = open('postgres://nowhere', { name: 'outcry', connections: 1, limitMs: 1 });
