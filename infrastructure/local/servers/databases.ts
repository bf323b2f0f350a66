import connect from 'postgres';

const CONNECT_WITHIN_S = 10;
const CLOSE_WITHIN_S = 5;
const STATEMENT_LIMIT_MS = 60_000;

/**
 * Creates a database on a Postgres server.
 *
 * @param server a server that `startPostgres` started, or any other by its URL
 * @param name name of the new database
 * @param template database to copy, which nobody may be connected to meanwhile
 * @returns the URL of the new database
 * @throws Error when it exists already, or when the template is in use
 */
export async function createDatabase(
  server: { readonly url: string },
  name: string,
  template?: string,
): Promise<string> {
  await onMaintenanceDatabase(server.url, (sql) =>
    template === undefined
      ? sql`create database ${sql(name)}`
      : sql`create database ${sql(name)} template ${sql(template)}`,
  );
  return withDatabase(server.url, name);
}

/** Drops a database with all that is in it, also while it is used. */
export async function dropDatabase(server: { readonly url: string }, name: string): Promise<void> {
  await onMaintenanceDatabase(server.url, (sql) => sql`drop database ${sql(name)} with (force)`);
}

/** Whether a Postgres server has a database of this name. */
export async function hasDatabase(
  server: { readonly url: string },
  name: string,
): Promise<boolean> {
  const rows = await onMaintenanceDatabase(
    server.url,
    (sql) => sql`select 1 from pg_database where datname = ${name}`,
  );
  return rows.length > 0;
}

const onMaintenanceDatabase = <T>(url: string, work: (sql: connect.Sql) => Promise<T>) =>
  onDatabase(withDatabase(url, 'postgres'), work);

/**
 * Asks a database over a connection of its own, which is not open when Postgres is broken.
 * @throws Error when it cannot be reached within seconds, or a statement takes longer than a minute
 */
export async function onDatabase<T>(
  url: string,
  work: (sql: connect.Sql) => Promise<T>,
): Promise<T> {
  const sql = connect(url, {
    max: 1,
    connect_timeout: CONNECT_WITHIN_S,
    connection: { statement_timeout: STATEMENT_LIMIT_MS },
    onnotice: () => undefined,
  });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: CLOSE_WITHIN_S });
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(name)}`;
  return changed.href;
}
