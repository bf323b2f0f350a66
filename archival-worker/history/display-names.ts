import { looksOf } from '@outcry/shared/domain/display-names.ts';
import { DatabaseError, sql, UNIQUE_VIOLATION } from '../adapters/postgres/database.ts';
import { Refusal } from '../refusal.ts';
import type { AskHistory } from './ask-history.ts';

/** What the public sees of the user `shown.user_id`: the chosen name or a label that stays. */
export const shownName = sql`
  coalesce((SELECT name FROM display_names WHERE display_names.user_id = shown.user_id),
           'Bidder ' || (SELECT left(encode(sha256(convert_to(secret || shown.user_id, 'UTF8')),
                                            'hex'), 8)
                           FROM label_secret))`;

/**
 * Null takes the name off.
 * @throws Refusal `NAME_TAKEN` when another user has it, or one that looks like it
 */
export async function chooseName(
  write: AskHistory,
  userId: string,
  name: string | null,
): Promise<void> {
  if (name === null) {
    await write`DELETE FROM display_names WHERE user_id = ${userId}`;
    return;
  }
  const { written, lower } = looksOf(name);
  try {
    await write`
      INSERT INTO display_names (user_id, name, look_written, look_lower)
      VALUES (${userId}, ${name}, ${written}, ${lower})
      ON CONFLICT (user_id) DO UPDATE
         SET name = EXCLUDED.name, look_written = EXCLUDED.look_written,
             look_lower = EXCLUDED.look_lower, changed_at = now()`;
  } catch (error) {
    if (!(error instanceof DatabaseError && error.code === UNIQUE_VIOLATION)) throw error;
    throw new Refusal('NAME_TAKEN', 'Another user has this name, or one that looks like it.');
  }
}
