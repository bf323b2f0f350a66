/**
 * Group commit: commands that arrive for a shard while a script call for it is in flight form the
 * next call, whichever of its auctions they are for. Order is the order of arrival. Everything is
 * bounded, and every command gets an answer within the time limit.
 */
import { groupBy } from '@outcry/shared/domain/group-by.ts';
import { shardOfAuction } from '@outcry/shared/domain/ids.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import {
  MAX_AUCTIONS_IN_CALL,
  MayHaveRunError,
  type AuctionCommand,
  type AuctionDecider,
  type DecidedBatch,
  type Decision,
  type Decisions,
} from './auction-commands.ts';
import { NO_SUCH_AUCTION, outcomeOf, unavailable, type CommandOutcome } from './outcomes.ts';

export interface GroupCommitLimits {
  /** Commands in one script call. */
  readonly maxBatch: number;
  /** Commands that may wait for one auction, and in the whole gateway. */
  readonly maxWaitingPerAuction: number;
  readonly maxWaiting: number;
  /** Every command is answered within this time. */
  readonly answerLimitMs: number;
}

export const DEFAULT_LIMITS: GroupCommitLimits = {
  maxBatch: 128,
  maxWaitingPerAuction: 2_000,
  maxWaiting: 20_000,
  answerLimitMs: 1_900,
};

export interface GroupCommitHooks {
  /** Why this command may not even wait, or undefined when it may. */
  readonly refuse: (command: AuctionCommand) => string | undefined;
  /** Sees how many commands each script call decided; must not throw. */
  readonly onCall: (commands: number) => void;
  /**
   * Sees what was decided about each auction (publishing, metrics), and when that was asked for, by
   * `monotonicNow`; must not throw.
   */
  readonly onDecided: (auctionId: string, batch: DecidedBatch, askedAt: number) => void;
  /** Hears of what the above threw all the same, and of answers that nobody can read. */
  readonly onDefect: (error: unknown) => void;
}

interface Waiting {
  readonly auctionId: string;
  readonly command: AuctionCommand;
  readonly isGone: () => boolean;
  readonly settle: (outcome: CommandOutcome) => void;
  readonly deadline: number;
  settled: boolean;
}

/** The commands of one shard, oldest first. */
interface Lane {
  readonly shard: number;
  waiting: Waiting[];
  readonly waitingByAuction: Map<string, number>;
  inFlight: readonly Waiting[];
}

const NO_DECISION: Decision = {
  kind: 'failed',
  error: new MayHaveRunError('the engine gave no answer'),
};

const SWEEP_EVERY_MS = 50;

export class GroupCommit {
  readonly #decider: AuctionDecider;
  readonly #limits: GroupCommitLimits;
  readonly #hooks: GroupCommitHooks;
  readonly #lanes: readonly Lane[];
  readonly #sweep: NodeJS.Timeout;
  #waiting = 0;
  /** Commands whose script call was made and that have no answer yet. */
  #inFlight = 0;
  #closed = false;

  constructor(
    decider: AuctionDecider,
    shards: number,
    hooks: GroupCommitHooks,
    limits: GroupCommitLimits = DEFAULT_LIMITS,
  ) {
    this.#decider = decider;
    this.#hooks = hooks;
    this.#limits = limits;
    this.#lanes = Array.from({ length: shards }, (_, shard) => ({
      shard,
      waiting: [],
      waitingByAuction: new Map<string, number>(),
      inFlight: [],
    }));
    this.#sweep = setInterval(() => this.#answerOverdue(), SWEEP_EVERY_MS);
  }

  /** Commands that wait for a script call. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Puts a command in line.
   * @param isGone asked just before the script call: a client that left needs no decision
   */
  submit(
    auctionId: string,
    command: AuctionCommand,
    isGone: () => boolean = () => false,
  ): Promise<CommandOutcome> {
    if (this.#closed) return Promise.resolve(unavailable('the gateway is stopping'));
    const refusal = this.#hooks.refuse(command);
    if (refusal !== undefined) return Promise.resolve(unavailable(refusal));
    const lane = this.#lanes[shardOfAuction(auctionId, this.#lanes.length) ?? -1];
    if (lane === undefined) return Promise.resolve(NO_SUCH_AUCTION);
    const ofAuction = lane.waitingByAuction.get(auctionId) ?? 0;
    if (
      this.#waiting >= this.#limits.maxWaiting ||
      ofAuction >= this.#limits.maxWaitingPerAuction
    ) {
      return Promise.resolve(unavailable('too many commands are waiting'));
    }
    return new Promise((resolve) => {
      const deadline = monotonicNow() + this.#limits.answerLimitMs;
      const waiting: Waiting = {
        auctionId,
        command,
        isGone,
        deadline,
        settled: false,
        settle: (outcome) => {
          waiting.settled = true;
          resolve(outcome);
        },
      };
      lane.waiting.push(waiting);
      lane.waitingByAuction.set(auctionId, ofAuction + 1);
      this.#waiting += 1;
      // Waiting for the end of the tick gathers what other sockets delivered in the same one.
      if (lane.waiting.length === 1 && lane.inFlight.length === 0) {
        setImmediate(() => this.#callNext(lane));
      }
    });
  }

  /** Answers everything that waits, and waits for the calls in flight (at most the time limit). */
  async close(): Promise<void> {
    this.#closed = true;
    const until = monotonicNow() + this.#limits.answerLimitMs;
    while (this.#waiting + this.#inFlight > 0 && monotonicNow() < until) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    clearInterval(this.#sweep);
  }

  #callNext(lane: Lane): void {
    while (lane.inFlight.length === 0 && lane.waiting.length > 0) {
      const taken = this.#take(lane, countForCall(lane.waiting, this.#limits.maxBatch));
      const commands: Waiting[] = [];
      for (const each of taken) {
        if (each.isGone()) each.settle(unavailable('the client left before its turn'));
        else commands.push(each);
      }
      lane.inFlight = commands;
      if (commands.length > 0) void this.#call(lane, commands);
    }
  }

  /** Takes the oldest commands out of the line. */
  #take(lane: Lane, count: number): readonly Waiting[] {
    const taken = lane.waiting.splice(0, count);
    this.#waiting -= taken.length;
    for (const { auctionId } of taken) {
      const left = (lane.waitingByAuction.get(auctionId) ?? 1) - 1;
      if (left === 0) lane.waitingByAuction.delete(auctionId);
      else lane.waitingByAuction.set(auctionId, left);
    }
    return taken;
  }

  async #call(lane: Lane, commands: readonly Waiting[]): Promise<void> {
    this.#inFlight += commands.length;
    const byAuction = groupBy(commands, ({ auctionId }) => auctionId);
    const batches = Array.from(byAuction, ([auctionId, ofAuction]) => ({
      auctionId,
      commands: ofAuction.map(({ command }) => command),
    }));
    const askedAt = monotonicNow();
    let decisions: Decisions = new Map();
    try {
      decisions = await this.#decider.decide(lane.shard, batches);
    } catch (error) {
      // Against its contract; a lane that stayed busy would keep its shard from all further bids.
      this.#hooks.onDefect(error);
    }
    lane.inFlight = [];
    this.#callNext(lane);
    // After the next call is on its way, so that Redis decides while the answers are written.
    setImmediate(() => {
      this.#inFlight -= commands.length;
      for (const [auctionId, ofAuction] of byAuction) {
        this.#settle(auctionId, ofAuction, decisions.get(auctionId) ?? NO_DECISION, askedAt);
      }
      this.#hooks.onCall(commands.length);
    });
  }

  /** Gives each command of an auction its answer; nothing may throw here, or the gateway would end. */
  #settle(
    auctionId: string,
    commands: readonly Waiting[],
    decision: Decision,
    askedAt: number,
  ): void {
    commands.forEach((each, nth) => {
      if (each.settled) return;
      try {
        each.settle(outcomeOf(decision, nth));
      } catch (error) {
        // An answer that cannot be read is its own command's misfortune alone.
        each.settle({ kind: 'unknown', reason: 'the engine failed' });
        this.#hooks.onDefect(error);
      }
    });
    try {
      if (decision.kind === 'decided') this.#hooks.onDecided(auctionId, decision.batch, askedAt);
      else if (decision.defect !== undefined) this.#hooks.onDefect(decision.defect);
    } catch (error) {
      this.#hooks.onDefect(error);
    }
  }

  #answerOverdue(): void {
    const now = monotonicNow();
    for (const lane of this.#lanes) {
      for (const each of lane.inFlight) {
        if (!each.settled && each.deadline <= now) {
          each.settle({ kind: 'unknown', reason: 'Redis did not answer in time' });
        }
      }
      // Oldest first: the first one that still has time ends the search.
      const firstInTime = lane.waiting.findIndex(({ deadline }) => deadline > now);
      const overdue = firstInTime === -1 ? lane.waiting.length : firstInTime;
      for (const each of this.#take(lane, overdue)) {
        each.settle(unavailable('Redis did not answer in time'));
      }
    }
  }
}

/** How many of the oldest commands fit into one call. */
function countForCall(waiting: readonly Waiting[], maxBatch: number): number {
  const auctions = new Set<string>();
  let count = 0;
  for (const { auctionId } of waiting) {
    auctions.add(auctionId);
    if (count === maxBatch || auctions.size > MAX_AUCTIONS_IN_CALL) break;
    count += 1;
  }
  return count;
}
