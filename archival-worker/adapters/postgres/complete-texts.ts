/**
 * Computes what the archive keeps beside texts, where an older version stored them without: the terms
 * that an item is found by, and what a display name looks like. Several workers may do the same.
 */
import { looksOf, nameFault, tidyName } from '@outcry/shared/domain/display-names.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import { type Database, DatabaseError, UNIQUE_VIOLATION } from './database.ts';
import { searchText } from './search.ts';

/** While versions are exchanged the older one goes on storing. */
const LOOK_EVERY_MS = 60_000;
const RETRY_AFTER_FAILURE_MS = 5_000;
const TEXTS_AT_ONCE = 200;

export const completeTexts = (database: Database, log: Logger): Rounds =>
  new Rounds(
    async () => {
      const items = await completeItems(database);
      const names = await completeNames(database, log);
      return Math.max(items, names) < TEXTS_AT_ONCE ? LOOK_EVERY_MS : 0;
    },
    (error) => {
      log.debug({ err: error }, 'texts cannot be completed now, trying again');
      return RETRY_AFTER_FAILURE_MS;
    },
  );

/** Gives items their terms. @returns how many */
async function completeItems(database: Database): Promise<number> {
  const items = await database.ask<{ id: string; title: string; description: string | null }[]>`
    SELECT id, title, description FROM items WHERE search IS NULL
     ORDER BY id LIMIT ${TEXTS_AT_ONCE}`;
  if (items.length === 0) return 0;
  const found = items.map((item) => ({ id: item.id, search: searchText(item) }));
  await database.ask`
    UPDATE items
       SET search = array_to_tsvector(string_to_array(given.search, E'\n'))
      FROM jsonb_to_recordset(${JSON.stringify(found)}::text::jsonb)
        AS given (id text, search text)
     WHERE items.id = given.id AND items.search IS NULL`;
  return items.length;
}

/** Gives names their looks, and takes off those that nobody may have now. @returns how many were looked at */
async function completeNames(database: Database, log: Logger): Promise<number> {
  // Who had a name first keeps it from those that look like it.
  const rows = await database.ask<{ userId: string; name: string }[]>`
    SELECT user_id, name FROM display_names
     WHERE look_written IS NULL
     ORDER BY changed_at, user_id
     LIMIT ${TEXTS_AT_ONCE}`;
  let takenOff = 0;
  for (const { userId, name: kept } of rows) {
    if (await completeName(database, userId, kept)) continue;
    takenOff += 1;
    await database.ask`DELETE FROM display_names
                  WHERE user_id = ${userId} AND name = ${kept} AND look_written IS NULL`;
  }
  if (takenOff > 0) log.info({ names: takenOff }, 'took off names that are not allowed any more');
  return rows.length;
}

/** False when nobody may have this name now, or another user has one that looks like it. */
async function completeName(database: Database, userId: string, kept: string): Promise<boolean> {
  const name = tidyName(kept);
  if (nameFault(name) !== undefined) return false;
  const { written, lower } = looksOf(name);
  try {
    await database.ask`
      UPDATE display_names
         SET name = ${name}, look_written = ${written}, look_lower = ${lower}
       WHERE user_id = ${userId} AND name = ${kept} AND look_written IS NULL`;
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === UNIQUE_VIOLATION) return false;
    throw error;
  }
}
