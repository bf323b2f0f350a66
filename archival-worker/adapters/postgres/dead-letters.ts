import { createHash } from 'node:crypto';
import type { DeadLetter, Judgement } from '../../archive/ports.ts';
import { type Database, sql, type Tx } from './database.ts';

/** A dead letter as it lies in the archive. */
export interface KeptLetter extends DeadLetter {
  /** sha256 of the payload, 64 hex digits. */
  readonly hash: string;
  /** ISO 8601 UTC. */
  readonly seenAt: string;
  /** The same in µs since 1970. */
  readonly micros: number;
}

/** What of a letter is listed: its payload may be large, and is nobody's to read. */
export interface ListedLetter extends Omit<KeptLetter, 'payload'> {
  /** Size of the payload. */
  readonly bytes: number;
}

/** A place in the list of letters, oldest first. */
export type LetterPlace = Pick<KeptLetter, 'micros' | 'hash' | 'subject'>;

/** Keeps messages that can never be stored as events, each once. */
export async function keepDeadLetters(tx: Tx, letters: readonly DeadLetter[]): Promise<void> {
  const hashed = letters.map((letter) => ({ letter, hash: sha256(letter.payload) }));
  for (const { letter, hash } of hashed.toSorted((a, b) => Buffer.compare(a.hash, b.hash))) {
    await tx`
      INSERT INTO dead_letters (payload_hash, subject, auction_id, payload, reason)
      VALUES (${hash}, ${printable(letter.subject)}, ${letter.auctionId},
              ${Buffer.from(letter.payload)}, ${printable(letter.reason)})
      ON CONFLICT DO NOTHING`;
  }
}

/** Removes a letter; gives how many of its auction are left. */
export async function removeDeadLetter(tx: Tx, letter: DeadLetter): Promise<number> {
  await tx`DELETE FROM dead_letters WHERE ${isLetter(letter)}`;
  return lettersLeft(tx, letter);
}

/** Moves a letter to `discarded_letters`; gives how many of its auction are left. */
export async function discardDeadLetter(
  tx: Tx,
  letter: DeadLetter,
  { by, why }: Judgement,
): Promise<number> {
  await tx`
    WITH gone AS (DELETE FROM dead_letters WHERE ${isLetter(letter)} RETURNING *)
    INSERT INTO discarded_letters (payload_hash, subject, auction_id, payload, reason, seen_at,
                                   discarded_by, why)
    SELECT payload_hash, subject, auction_id, payload, reason, seen_at,
           ${printable(by)}, ${printable(why)}
      FROM gone`;
  return lettersLeft(tx, letter);
}

const isLetter = ({ payload, subject }: DeadLetter) =>
  sql`payload_hash = ${sha256(payload)} AND subject = ${printable(subject)}`;

async function lettersLeft(tx: Tx, { auctionId }: DeadLetter): Promise<number> {
  const [left] = await tx<{ count: number }[]>`
    SELECT count(*) FROM dead_letters
     WHERE auction_id IS NOT DISTINCT FROM ${auctionId}::text`;
  return left?.count ?? 0;
}

export type DeadLetterBox = ReturnType<typeof deadLetterBox>;

/** The table `dead_letters`, for those who look at it. */
export const deadLetterBox = (database: Database) => ({
  async count(): Promise<number> {
    const [row] = await database.ask<{ count: number }[]>`SELECT count(*) FROM dead_letters`;
    return row?.count ?? 0;
  },

  /** The next letters after `after`. */
  list: (after: LetterPlace | undefined, limit: number) =>
    database.ask<ListedLetter[]>`
      SELECT ${letterColumns}, octet_length(payload) AS bytes
        FROM dead_letters
       WHERE ${isAfter(after)}
       ORDER BY ${letterOrder}
       LIMIT ${limit}`,

  /** The same with their payloads; their hashes start with these hex digits. */
  letters: (hashPrefix: string, after: LetterPlace | undefined, limit: number) =>
    database.ask<KeptLetter[]>`
      SELECT ${letterColumns}, payload
        FROM dead_letters
       WHERE payload_hash BETWEEN decode(${hashPrefix.padEnd(64, '0')}, 'hex')
                              AND decode(${hashPrefix.padEnd(64, 'f')}, 'hex')
         AND ${isAfter(after)}
       ORDER BY ${letterOrder}
       LIMIT ${limit}`,
});

const letterColumns = sql`
  encode(payload_hash, 'hex') AS hash, subject, auction_id, reason, seen_at,
  (extract(epoch FROM seen_at) * 1000000)::bigint AS micros`;

const letterOrder = sql`seen_at, payload_hash, subject`;

const isAfter = (after: LetterPlace | undefined) => sql`
  (${letterOrder})
    > ('epoch'::timestamptz + ${after?.micros ?? 0}::bigint * interval '1 microsecond',
       decode(${after?.hash ?? ''}, 'hex'), ${after?.subject ?? ''})`;

const MAX_TEXT = 1_000;

/** What Postgres can hold as text, whatever it was made from. */
const printable = (text: string): string => text.replaceAll('\0', '').slice(0, MAX_TEXT);

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
