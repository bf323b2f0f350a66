/** Reads what the decide script replies; decide.lua documents it. */
import { readHead, recordLines } from '@outcry/shared/contracts/records.ts';
import {
  MayHaveRunError,
  NotRunError,
  type AuctionBatch,
  type AuctionHead,
  type DecidedBatch,
  type Decision,
  type Decisions,
  type LogEntry,
  type Undecided,
} from '../../bidding/auction-commands.ts';
import { notWhole } from './run-failure.ts';

const ANSWERS_FROM = 4;

/**
 * @param number the call's: a reply that does not end with it belongs to another call, and the client
 *   library has lost count of its commands
 * @returns one decision for each batch: the reply has a part for each, in order
 */
export function readReply(
  batches: readonly AuctionBatch[],
  reply: unknown,
  number: string,
): Decisions {
  const parts: readonly unknown[] = Array.isArray(reply) ? reply : [];
  if (parts[batches.length] !== number) {
    return allFailed(batches, new MayHaveRunError('Redis answered another call'));
  }
  return new Map(batches.map(({ auctionId }, i) => [auctionId, readPart(auctionId, parts[i])]));
}

/** The same failure for every auction of a call. */
export const allFailed = (batches: readonly AuctionBatch[], error: Undecided): Decisions =>
  new Map(batches.map(({ auctionId }) => [auctionId, { kind: 'failed', error }]));

function readPart(auctionId: string, part: unknown): Decision {
  const texts = Array.isArray(part) ? part.map(String) : [];
  const [head = '', reason = 'the script gave no answer'] = texts;
  if (head.startsWith('OK ')) return { kind: 'decided', batch: readDecided(auctionId, texts) };
  if (head === 'UNAVAILABLE') return { kind: 'failed', error: notWhole() };
  const defect = new Error(`${auctionId}: ${reason}`);
  const error =
    head === 'NOT_RUN'
      ? new NotRunError('the data of this auction cannot be read')
      : new MayHaveRunError('the data of this auction could not be written');
  return { kind: 'failed', error, defect };
}

function readDecided(auctionId: string, part: readonly string[]): DecidedBatch {
  const [head = '', publicText = '', privateText = '', terms = ''] = part;
  const words = head.split(' ');
  return {
    now: Number(words[1]),
    entry: publicText === '' ? undefined : readEntry(auctionId, publicText, privateText),
    head: words.length > 2 ? readHeadOf(words) : undefined,
    terms,
    answers: part.slice(ANSWERS_FROM),
  };
}

/** The entry that a call wrote; its lines are made when it is published, after the answers. */
function readEntry(auctionId: string, publicText: string, privateText: string): LogEntry {
  const { epoch, firstSeq, lastSeq } = readHead(publicText);
  const lines = (): string => recordLines(auctionId, { publicText, privateText });
  const size = publicText.length + privateText.length;
  return { auctionId, epoch, firstSeq, lastSeq, size, lines };
}

/** @param words `OK now leader seller`, and those of `shown` (records.ts) */
function readHeadOf(words: readonly string[]): AuctionHead {
  const [, , leader = '', sellerId = '', , , status = '', , , minimumBid] = words;
  return {
    status,
    minimumBid: minimumBid === '-' ? null : Number(minimumBid),
    endsAt: Number(words.at(-1)),
    leader,
    sellerId,
  };
}
