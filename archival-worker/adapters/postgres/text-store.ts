import { looksOf, nameFault, tidyName } from '@outcry/shared/domain/display-names.ts';
import type { TextStore } from '../../archive/ports.ts';
import { DatabaseError, UNIQUE_VIOLATION, type Database } from './database.ts';
import { searchText } from './search.ts';

export const textStore = (database: Database): TextStore => ({
  async completeItems(limit: number): Promise<number> {
    const items = await database.run(
      (sql) => sql<{ id: string; title: string; description: string | null }[]>`
        SELECT id, title, description FROM items WHERE search IS NULL ORDER BY id LIMIT ${limit}`,
    );
    if (items.length === 0) return 0;
    const found = items.map((item) => ({ id: item.id, search: searchText(item) }));
    await database.run(
      (sql) => sql`
        UPDATE items
           SET search = array_to_tsvector(string_to_array(given.search, E'\n'))
          FROM jsonb_to_recordset(${JSON.stringify(found)}::text::jsonb)
            AS given (id text, search text)
         WHERE items.id = given.id AND items.search IS NULL`,
    );
    return items.length;
  },

  async completeNames(limit: number): Promise<{ looked: number; takenOff: number }> {
    // Who had a name first keeps it from those that look like it.
    const rows = await database.run(
      (sql) => sql<{ user_id: string; name: string }[]>`
        SELECT user_id, name FROM display_names
         WHERE look_written IS NULL
         ORDER BY changed_at, user_id
         LIMIT ${limit}`,
    );
    let takenOff = 0;
    for (const { user_id: userId, name: kept } of rows) {
      if (!(await complete(database, userId, kept))) {
        takenOff += 1;
        await database.run(
          (sql) => sql`DELETE FROM display_names
                        WHERE user_id = ${userId} AND name = ${kept} AND look_written IS NULL`,
        );
      }
    }
    return { looked: rows.length, takenOff };
  },
});

/** False when nobody may have this name now, or another user has one that looks like it. */
async function complete(database: Database, userId: string, kept: string): Promise<boolean> {
  const name = tidyName(kept);
  if (nameFault(name) !== undefined) return false;
  const { written, lower } = looksOf(name);
  try {
    await database.run(
      (sql) => sql`
        UPDATE display_names
           SET name = ${name}, look_written = ${written}, look_lower = ${lower}
         WHERE user_id = ${userId} AND name = ${kept} AND look_written IS NULL`,
    );
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === UNIQUE_VIOLATION) return false;
    throw error;
  }
}
