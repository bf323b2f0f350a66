/** The rows of events, inserted by one bare `unnest` after the other. */
import { createHash } from 'node:crypto';
import type { Sql } from 'postgres';
import {
  eventLines,
  splitEventLine,
  type PrivateEvent,
  type PublicEvent,
} from '@outcry/shared/contracts/events.ts';
import type { TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';

/** Rows of one insert; the worker's batches are of the same order. */
const ROWS_AT_ONCE = 2_000;

/** As in the archive's own table. */
const COLUMNS = {
  auction_id: 'text',
  epoch: 'bigint',
  seq: 'bigint',
  type: 'text',
  at: 'timestamptz',
  public: 'text',
  salt: 'text',
  private: 'text',
  payload_hash: 'bytea',
  user_id: 'text',
  bid_id: 'text',
  alias: 'integer',
  amount: 'bigint',
  fork: 'bigint',
};
const KEY = 'auction_id, epoch, seq';
const columns = Object.entries(COLUMNS);
const arrays = columns.map(
  ([, type], i) => `string_to_array($${i + 1}::text, E'\\n', '')::${type}[]`,
);
const INSERT = `
  INSERT INTO bare_events SELECT * FROM unnest(${arrays.join(', ')})
  ON CONFLICT (${KEY}) DO NOTHING`;

/** An event as its columns; undefined where it has no value. */
export type BareRow = readonly (string | number | undefined)[];

export const rowsOf = ({ text }: TestEntry): BareRow[] =>
  eventLines(text).map((line) => {
    const { auctionId, publicText, salt, privateText } = splitEventLine(line);
    const { epoch, seq, type, at, bid } = ownJson<PublicEvent>(publicText);
    const { userId, bidId, alias, fork } = ownJson<PrivateEvent>(privateText);
    const hash = `\\x${createHash('sha256').update(line).digest('hex')}`;
    const place: BareRow = [auctionId, epoch, seq, type, at];
    const texts = [publicText, salt, privateText, hash];
    return place.concat(texts, [userId, bidId, alias, bid?.amount, fork]);
  });

export const createTable = (sql: Sql): Promise<unknown> =>
  sql.unsafe(`
    CREATE TABLE bare_events (
      ${columns.map((column) => column.join(' ')).join(', ')}, PRIMARY KEY (${KEY}))`);

/** Two inserts at a time. */
export async function insertAll(sql: Sql, rows: readonly BareRow[]): Promise<void> {
  let next = 0;
  const insertOn = async (): Promise<void> => {
    while (next < rows.length) {
      const batch = rows.slice(next, (next += ROWS_AT_ONCE));
      const texts = columns.map((_, n) => batch.map((row) => row[n] ?? '').join('\n'));
      await sql.unsafe(INSERT, texts, { prepare: true });
    }
  };
  await Promise.all([insertOn(), insertOn()]);
}
