/** Reads what the decide script replies; decide.lua documents it. */
import {
  readHead,
  readStanding,
  recordLines,
  type Standing,
} from '@outcry/shared/contracts/records.ts';
import {
  MayHaveRunError,
  NotRunError,
  type AuctionBatch,
  type AuctionHead,
  type DecidedBatch,
  type Decision,
  type Decisions,
  type LogEntry,
} from '../../bidding/auction-commands.ts';

const ANSWERS_FROM = 8;

/** @returns one decision for each batch: the reply has a part for each, in order */
export function readReply(batches: readonly AuctionBatch[], reply: unknown): Decisions {
  const parts: readonly unknown[] = Array.isArray(reply) ? reply : [];
  return new Map(batches.map(({ auctionId }, i) => [auctionId, readPart(auctionId, parts[i])]));
}

/** The same failure for every auction of a call. */
export const allFailed = (
  batches: readonly AuctionBatch[],
  error: NotRunError | MayHaveRunError,
): Decisions => new Map(batches.map(({ auctionId }) => [auctionId, { kind: 'failed', error }]));

function readPart(auctionId: string, part: unknown): Decision {
  const texts = Array.isArray(part) ? part.map(String) : [];
  const [state, reason = 'the script gave no answer'] = texts;
  if (state === 'OK') return { kind: 'decided', batch: readDecided(auctionId, texts) };
  if (state === 'UNAVAILABLE') return NOT_WHOLE;
  const defect = new Error(`${auctionId}: ${reason}`);
  const error =
    state === 'NOT_RUN'
      ? new NotRunError('the data of this auction cannot be read')
      : new MayHaveRunError('the data of this auction could not be written');
  return { kind: 'failed', error, defect };
}

const NOT_WHOLE: Decision = {
  kind: 'failed',
  error: new NotRunError('Redis waits for its data to be restored'),
};

function readDecided(auctionId: string, part: readonly string[]): DecidedBatch {
  const [
    ,
    now,
    shown = '',
    leader = '',
    sellerId = '',
    publicText = '',
    privateText = '',
    terms = '',
  ] = part;
  const standing = shown === '' ? undefined : readStanding([shown]);
  return {
    now: Number(now),
    entry: publicText === '' ? undefined : readEntry(auctionId, publicText, privateText),
    head: standing === undefined ? undefined : readHeadOf(standing, leader, sellerId),
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

function readHeadOf({ epoch, state }: Standing, leader: string, sellerId: string): AuctionHead {
  const [status = '', , , minimumBid, , , , endsAt] = state.split(' ');
  return {
    status,
    minimumBid: minimumBid === '-' ? null : Number(minimumBid),
    endsAt: Number(endsAt),
    leader,
    sellerId,
    epoch,
  };
}
