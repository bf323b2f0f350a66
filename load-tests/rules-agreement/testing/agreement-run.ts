/** Random auctions, driven through group commit and the real script, each followed by the model. */
import { randomUUID } from 'node:crypto';
import type {
  AuctionCommand,
  AuctionDecider,
  Decisions,
  DecidedBatch,
} from '@outcry/api-gateway/bidding/auction-commands.ts';
import { DEFAULT_LIMITS, GroupCommit } from '@outcry/api-gateway/bidding/group-commit.ts';
import type { Creation } from '@outcry/shared/contracts/events.ts';
import { minimumBid, type Outage } from '@outcry/shared/domain/auction-rules.ts';
import { shardedId } from '@outcry/shared/domain/ids.ts';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import { ModelAuction, REFERENCE_RULES, type Rules } from './model-auction.ts';
import { offeredAmount, plainCommand, type RandomCommand } from './random-commands.ts';

export interface AgreementRun {
  readonly creation: Creation;
  readonly commands: readonly RandomCommand[];
  /** How many commands are on their way at once: batches form when it is above 1. */
  readonly concurrency: number;
}

/** Millions of commands on a busy machine: a slow disk is no disagreement. */
const PATIENT = { ...DEFAULT_LIMITS, answerLimitMs: 60_000 };

/** What the run may do to Redis half-way; gives back when Redis answers again. */
export type Interruption = () => Promise<void>;

/** An auction as the model follows it. */
interface Followed {
  readonly model: ModelAuction;
  /** Redis was restarted and the model does not know yet. */
  restarted: boolean;
  failure: Error | undefined;
}

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
  const followed = new Map<string, Followed>();
  let sharedCalls = 0;
  let defect: Error | undefined;
  // Calls are decided in the order in which they are sent; that of two answers which came together
  // may become known in any order.
  let before: Promise<unknown> = Promise.resolve();
  const following: AuctionDecider = {
    decide: (batches) => {
      const deciding = decider.decide(batches);
      const turn = before;
      const followedInTurn = (async (): Promise<Decisions> => {
        const decisions = await deciding;
        await turn;
        if (batches.length > 1) sharedCalls += 1;
        for (const { auctionId, commands } of batches) {
          const decision = decisions.get(auctionId);
          const auction = followed.get(auctionId);
          if (decision?.kind === 'decided' && auction !== undefined) {
            follow(auction, commands, decision.batch);
          }
        }
        return decisions;
      })();
      before = followedInTurn;
      return followedInTurn;
    },
  };
  const hooks = {
    refuse: () => undefined,
    onCall: () => {},
    onDecided: () => {},
    onDefect: (error: unknown) => {
      defect ??= asError(error);
    },
  };
  const engine = new GroupCommit(following, { shards: 1, lanes: 1, calls: 2 }, hooks, PATIENT);
  try {
    const counts = await Promise.all(
      runs.map((run) => {
        const auctionId = shardedId('a', 0, randomUUID());
        const auction: Followed = {
          model: new ModelAuction(options.rules ?? REFERENCE_RULES, options.outage),
          restarted: false,
          failure: undefined,
        };
        followed.set(auctionId, auction);
        const submit = async (command: AuctionCommand): Promise<void> => {
          const outcome = await engine.ask(auctionId, command);
          const failure = auction.failure ?? defect;
          if (failure !== undefined) throw failure;
          if (outcome.kind !== 'answered') throw new Error(`no answer: ${outcome.reason}`);
        };
        return runAuction(auctionId, auction, run, submit, options.interrupt);
      }),
    );
    return { commands: counts.reduce((sum, count) => sum + count, 0), sharedCalls };
  } finally {
    await engine.close();
  }
}

function follow(auction: Followed, commands: readonly AuctionCommand[], batch: DecidedBatch): void {
  try {
    auction.model.follow(commands, batch, auction.restarted);
    auction.restarted = false;
  } catch (error) {
    auction.failure ??= asError(error);
  }
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));

/** Runs one auction to the end of its commands. @returns how many there were */
async function runAuction(
  auctionId: string,
  followed: Followed,
  run: AgreementRun,
  submit: (command: AuctionCommand) => Promise<void>,
  interrupt: Interruption | undefined,
): Promise<number> {
  const { model } = followed;
  const sent: AuctionCommand[] = [];
  await submit(createCommand(auctionId, run.creation));
  // On a busy machine its short life can be over before it is created; both sides refuse it then.
  if (!model.exists) return 0;
  const half = Math.floor(run.commands.length / 2);
  for (let at = 0; at < run.commands.length; at += run.concurrency) {
    if (interrupt !== undefined && at <= half && half < at + run.concurrency) {
      await interrupt();
      followed.restarted = true;
    }
    const burst = run.commands.slice(at, at + run.concurrency);
    const pauses = burst.flatMap((each) => (each.kind === 'wait' ? [each.ms] : []));
    await Promise.all(
      burst.flatMap((each) => {
        const command = concrete(each, model, sent);
        if (command === undefined) return [];
        sent.push(command);
        return [submit(command)];
      }),
    );
    if (pauses.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(...pauses)));
    }
  }
  return sent.length;
}

function createCommand(auctionId: string, relative: Creation): AuctionCommand {
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

/** Turns a random step into a command on the auction as it stands. */
function concrete(
  step: RandomCommand,
  model: ModelAuction,
  sent: readonly AuctionCommand[],
): AuctionCommand | undefined {
  const { auction } = model;
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
