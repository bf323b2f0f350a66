/** Reads what the decide script replies; decide.lua documents it. */
import {
  MayHaveRunError,
  NotRunError,
  type AuctionBatch,
  type AuctionHead,
  type DecidedBatch,
  type Decision,
  type Decisions,
} from '../../bidding/auction-commands.ts';

const ANSWERS_FROM = 8;

/** @returns one decision for each batch: the reply has a part for each, in order */
export function readReply(batches: readonly AuctionBatch[], reply: unknown): Decisions {
  const whole: readonly unknown[] = Array.isArray(reply) ? reply : [];
  const [state, ...parts] = whole;
  if (state === 'UNAVAILABLE') {
    return allFailed(batches, new NotRunError('Redis waits for its data to be restored'));
  }
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
  const defect = new Error(`${auctionId}: ${reason}`);
  const error =
    state === 'NOT_RUN'
      ? new NotRunError('the data of this auction cannot be read')
      : new MayHaveRunError('the data of this auction could not be written');
  return { kind: 'failed', error, defect };
}

function readDecided(auctionId: string, part: readonly string[]): DecidedBatch {
  const [, now = '0', epoch = '0', seq = '0', text = '', firstSeq = '', head = '', terms = ''] =
    part;
  return {
    now: Number(now),
    entry:
      text === ''
        ? undefined
        : {
            auctionId,
            epoch: Number(epoch),
            firstSeq: Number(firstSeq),
            lastSeq: Number(seq),
            text,
          },
    head: readHead(head, Number(epoch)),
    terms,
    answers: part.slice(ANSWERS_FROM),
  };
}

function readHead(head: string, epoch: number): AuctionHead | undefined {
  if (head === '') return undefined;
  const [status = '', minimumBid = '', endsAt, leader = '', sellerId = ''] = head.split('|');
  return {
    status,
    minimumBid: minimumBid === '' ? null : Number(minimumBid),
    endsAt: Number(endsAt),
    leader,
    sellerId,
    epoch,
  };
}
