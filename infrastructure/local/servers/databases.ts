import connect from 'postgres';

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

async function onMaintenanceDatabase<T>(
  url: string,
  work: (sql: connect.Sql) => Promise<T>,
): Promise<T> {
  const sql = connect(withDatabase(url, 'postgres'), { max: 1, connect_timeout: 10 });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(name)}`;
  return changed.href;
}
