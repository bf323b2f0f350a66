/** Random auctions, driven through group commit and the real script, each followed by the model. */
import { randomUUID } from 'node:crypto';
import type {
  AuctionCommand,
  AuctionDecider,
} from '@outcry/api-gateway/bidding/auction-commands.ts';
import type { Creation } from '@outcry/shared/contracts/events.ts';
import { minimumBid, type Auction, type Outage } from '@outcry/shared/domain/auction-rules.ts';
import { shardedId } from '@outcry/shared/domain/ids.ts';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import { FollowedEngine } from './followed-engine.ts';
import { ModelAuction, REFERENCE_RULES, type Rules } from './model-auction.ts';
import { offeredAmount, plainCommand, type RandomCommand } from './random-commands.ts';

export interface AgreementRun {
  readonly creation: Creation;
  readonly commands: readonly RandomCommand[];
  /** How many commands are on their way at once: batches form when it is above 1. */
  readonly concurrency: number;
}

/** What the run may do to Redis half-way; gives back when Redis answers again. */
export type Interruption = () => Promise<void>;

export interface AgreementCounts {
  /** Commands that were decided and compared. */
  readonly commands: number;
  /** Script calls that decided commands of several auctions. */
  readonly sharedCalls: number;
}

/**
 * Runs auctions of one shard side by side, each to the end of its commands.
 * @param options `outage`: the shard's last one, as Redis has it
 * @throws Disagreement at the first difference between the script and the model
 */
export async function runAgreements(
  decider: AuctionDecider,
  runs: readonly AgreementRun[],
  options: { rules?: Rules; interrupt?: Interruption; outage?: Outage | undefined } = {},
): Promise<AgreementCounts> {
  const engine = new FollowedEngine(decider);
  try {
    const counts = await Promise.all(runs.map((run) => runAuction(engine, run, options)));
    const commands = counts.reduce((sum, count) => sum + count, 0);
    return { commands, sharedCalls: engine.sharedCalls };
  } finally {
    await engine.close();
  }
}

/** Runs one auction to the end of its commands. @returns how many there were */
async function runAuction(
  engine: FollowedEngine,
  run: AgreementRun,
  options: { rules?: Rules; interrupt?: Interruption; outage?: Outage | undefined },
): Promise<number> {
  const { rules = REFERENCE_RULES, interrupt, outage } = options;
  const auctionId = shardedId('a', 0, randomUUID());
  const model = new ModelAuction(rules, outage);
  let restarted = false;
  engine.add((_, commands, batch) => {
    model.follow(commands, batch, restarted);
    restarted = false;
  })(auctionId);
  const sent: AuctionCommand[] = [];
  await engine.submit(auctionId, createCommand(auctionId, run.creation));
  // On a busy machine its short life can be over before it is created; both sides refuse it then.
  if (!model.exists) return 0;
  const half = Math.floor(run.commands.length / 2);
  for (let at = 0; at < run.commands.length; at += run.concurrency) {
    if (interrupt !== undefined && at <= half && half < at + run.concurrency) {
      await interrupt();
      restarted = true;
    }
    const burst = run.commands.slice(at, at + run.concurrency);
    await Promise.all(
      burst.flatMap((each) => {
        const command = concrete(each, model.auction, sent);
        if (command === undefined) return [];
        sent.push(command);
        return [engine.submit(auctionId, command)];
      }),
    );
    await waitFor(burst);
  }
  return sent.length;
}

/** The longest of the pauses in a burst. */
export async function waitFor(burst: readonly object[]): Promise<void> {
  const ms = Math.max(
    0,
    ...burst.map((each) => ('ms' in each && typeof each.ms === 'number' ? each.ms : 0)),
  );
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Creates an auction whose times are still relative. */
export function createCommand(auctionId: string, relative: Creation): AuctionCommand {
  const now = Date.now();
  const itemId = auctionId.replace('a', 'i');
  const creation: Creation = {
    ...relative,
    item: { ...relative.item, id: itemId },
    startsAt: relative.startsAt === 0 ? 0 : now + relative.startsAt,
    endsAt: now + relative.endsAt,
    hardEndsAt: relative.hardEndsAt === 0 ? 0 : now + relative.hardEndsAt,
  };
  return plainCommand('create', relative.sellerId, {
    creation: {
      creationText: JSON.stringify(creation),
      openTermsText: JSON.stringify({ id: auctionId, item: creation.item }).slice(0, -1),
      itemText: '',
    },
  });
}

/**
 * Turns a random step into a command on the auction as it stands.
 * @param most what the bidder may owe for it at most, 0 without a limit
 */
export function concrete(
  step: RandomCommand,
  auction: Auction,
  sent: readonly AuctionCommand[],
  most = 0,
): AuctionCommand | undefined {
  const key = `key-${sent.length}`;
  switch (step.kind) {
    case 'wait':
      return undefined;
    case 'retry': {
      const earlier = sent.at(-step.back);
      if (earlier === undefined) return undefined;
      return step.changed ? { ...earlier, fingerprint: 'changed' } : earlier;
    }
    case 'extend': {
      const endsAt = auction.endsAt + step.byMs;
      return plainCommand('extend', step.userId, { amount: endsAt, fingerprint: `${endsAt}`, key });
    }
    case 'bid': {
      const amount = offeredAmount(step.offer, {
        minimum: minimumBid(auction) ?? MAX_AMOUNT,
        leaderMax: auction.leaderMax,
        reserve: auction.terms.reservePrice,
        price: auction.price,
        buyNow: auction.terms.buyNowPrice,
        highestBid: auction.terms.highestBid,
        most,
      });
      const offer = step.exact ? { amount } : { maxAmount: amount };
      // Every third bid comes without a key, as from clients that do not retry.
      return plainCommand('bid', step.userId, {
        ...offer,
        fingerprint: `${amount}`,
        key: sent.length % 3 === 0 ? '' : key,
      });
    }
    case 'remove':
      return plainCommand('remove', 'admin', {
        admin: true,
        amount: step.alias,
        fingerprint: `remove:${step.alias}`,
        key,
        reason: 'No identity card',
      });
    case 'pause':
    case 'resume':
      return plainCommand(step.kind, step.userId, {
        admin: step.admin,
        key,
        reason: 'Une pause, déjà ?',
      });
    default:
      return plainCommand(step.kind, step.userId, { admin: step.admin, key });
  }
}
