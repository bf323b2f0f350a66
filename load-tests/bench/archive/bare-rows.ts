/** The rows of events, inserted by one bare `unnest` after the other. */
import { createHash } from 'node:crypto';
import {
  eventLines,
  splitEventLine,
  type PrivateEvent,
  type PublicEvent,
} from '@outcry/shared/contracts/events.ts';
import type { TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import type { ArchiveStage } from './archive-stage.ts';

/** Rows of one insert; the worker's batches are of the same order. */
const ROWS_AT_ONCE = 2_000;

/** An event as the columns of the archive's own table. */
export type BareRow = readonly (string | number | undefined)[];

export const rowsOf = ({ text }: TestEntry): BareRow[] =>
  eventLines(text).map((line) => {
    const { auctionId, publicText, salt, privateText } = splitEventLine(line);
    const { epoch, seq, type, at, bid } = ownJson<PublicEvent>(publicText);
    const { userId, bidId, alias, fork } = ownJson<PrivateEvent>(privateText);
    const hash = createHash('sha256').update(line).digest('hex');
    const place: (string | number | undefined)[] = [auctionId, epoch, seq, type, at];
    const texts = [publicText, salt, privateText, hash];
    return place.concat(texts, [userId, bidId, alias, bid?.amount, fork]);
  });

/** Two inserts at a time, into a table that is made when it is not there. */
export async function insertAll(archive: ArchiveStage, rows: readonly BareRow[]): Promise<void> {
  let next = 0;
  const insertOn = async (): Promise<void> => {
    while (next < rows.length) {
      const batch = rows.slice(next, (next += ROWS_AT_ONCE));
      await insert(archive, batch);
    }
  };
  await Promise.all([insertOn(), insertOn()]);
}

async function insert({ sql }: ArchiveStage, batch: readonly BareRow[]): Promise<void> {
  const column = (n: number): string => batch.map((row) => row[n] ?? '').join('\n');
  await sql`
    INSERT INTO bare_events
    SELECT auction_id, epoch, seq, type, at, public, salt, private, decode(hash, 'hex'),
           user_id, bid_id, alias, amount, fork
      FROM unnest(
        string_to_array(${column(0)}, E'\n'),
        string_to_array(${column(1)}, E'\n')::bigint[],
        string_to_array(${column(2)}, E'\n')::bigint[],
        string_to_array(${column(3)}, E'\n'),
        string_to_array(${column(4)}, E'\n')::timestamptz[],
        string_to_array(${column(5)}, E'\n'),
        string_to_array(${column(6)}, E'\n'),
        string_to_array(${column(7)}, E'\n'),
        string_to_array(${column(8)}, E'\n'),
        string_to_array(${column(9)}, E'\n', ''),
        string_to_array(${column(10)}, E'\n', ''),
        string_to_array(${column(11)}, E'\n', '')::integer[],
        string_to_array(${column(12)}, E'\n', '')::bigint[],
        string_to_array(${column(13)}, E'\n', '')::bigint[]
      ) AS given (auction_id, epoch, seq, type, at, public, salt, private, hash, user_id, bid_id,
                  alias, amount, fork)
    ON CONFLICT (auction_id, epoch, seq) DO NOTHING`;
}
