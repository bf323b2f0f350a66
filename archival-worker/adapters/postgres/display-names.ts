import { looksOf } from '@outcry/shared/domain/display-names.ts';
import type { NameStore } from '../../history/ports.ts';
import type { ReadHistory } from './ask-history.ts';
import { DatabaseError, UNIQUE_VIOLATION, type Sql } from './database.ts';

/** What the public sees of the user `shown.user_id`: the chosen name or a label that stays. */
export const shownName = (sql: Sql) => sql`
  coalesce((SELECT name FROM display_names WHERE display_names.user_id = shown.user_id),
           'Bidder ' || (SELECT left(encode(sha256(convert_to(secret || shown.user_id, 'UTF8')),
                                            'hex'), 8)
                           FROM label_secret))`;

export const nameStore = (read: ReadHistory): NameStore => ({
  async set(userId: string, name: string | null): Promise<boolean> {
    try {
      await read((sql) => {
        if (name === null) return sql`DELETE FROM display_names WHERE user_id = ${userId}`;
        const { written, lower } = looksOf(name);
        return sql`
          INSERT INTO display_names (user_id, name, look_written, look_lower)
          VALUES (${userId}, ${name}, ${written}, ${lower})
          ON CONFLICT (user_id) DO UPDATE
             SET name = EXCLUDED.name, look_written = EXCLUDED.look_written,
                 look_lower = EXCLUDED.look_lower, changed_at = now()`;
      });
      return true;
    } catch (error) {
      if (error instanceof DatabaseError && error.code === UNIQUE_VIOLATION) return false;
      throw error;
    }
  },
});
