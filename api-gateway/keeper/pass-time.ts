import {
  MAX_AUCTIONS_IN_CALL,
  type AuctionDecider,
  type LogEntry,
} from '../bidding/auction-commands.ts';

/** An auction on which time may have to act. */
export interface DueAuction {
  readonly auctionId: string;
  /** When it should have opened or closed, ms by Redis's clock; 0: not known. */
  readonly dueAt: number;
}

/** Lets passing time act on auctions of a shard. @throws Error the first failure */
export type PassTime = (shard: number, auctions: readonly DueAuction[]) => Promise<void>;

/**
 * Lets passing time act on auctions of a shard: opens and closes those whose time has come, and
 * starts an epoch after a restart of Redis.
 * @param acted takes each entry that this makes, and how late it was in ms, where that is known
 * @throws Error the first failure, after all had their turn
 */
export async function passTime(
  decider: AuctionDecider,
  shard: number,
  auctions: readonly DueAuction[],
  acted: (entry: LogEntry, lateMs: number | undefined) => void,
): Promise<void> {
  let failure: Error | undefined;
  for (let from = 0; from < auctions.length; from += MAX_AUCTIONS_IN_CALL) {
    const part = auctions.slice(from, from + MAX_AUCTIONS_IN_CALL);
    const decisions = await decider.decide(
      part.map(({ auctionId }) => ({ shard, auctionId, commands: [] })),
    );
    for (const { auctionId, dueAt } of part) {
      const decision = decisions.get(auctionId);
      if (decision?.kind === 'failed') failure ??= decision.defect ?? decision.error;
      if (decision?.kind !== 'decided' || decision.batch.entry === undefined) continue;
      acted(decision.batch.entry, dueAt > 0 ? decision.batch.now - dueAt : undefined);
    }
  }
  if (failure !== undefined) throw failure;
}
