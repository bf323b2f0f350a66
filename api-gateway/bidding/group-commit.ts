/**
 * Group commit: commands that arrive while a script call is in flight form the next call, whichever
 * auctions they are for. They stand in one line, or on a cluster in a line for each shard, because a
 * call reaches one node. Order is the order of arrival. Everything is bounded, and every command gets
 * an answer within the time limit.
 */
import { shardOfAuction } from '@outcry/shared/domain/ids.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import {
  MAX_AUCTIONS_IN_CALL,
  MayHaveRunError,
  type AuctionBatch,
  type AuctionCommand,
  type AuctionDecider,
  type DecidedBatch,
  type Decision,
  type Decisions,
} from './auction-commands.ts';
import { NO_SUCH_AUCTION, outcomeOf, unavailable, type CommandOutcome } from './outcomes.ts';

/** Who sent a command and hears what became of it. */
export interface CommandSender {
  /** Asked just before the script call: a client that left needs no decision. */
  isGone(): boolean;
  /** Called once, perhaps before `submit` returns. */
  settle(outcome: CommandOutcome): void;
}

export interface Lines {
  readonly shards: number;
  /** How many lines there are: 1, or as many as shards. */
  readonly lanes: number;
}

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
  /** Hears of what the above, or a sender, threw all the same, and of answers that nobody can read. */
  readonly onDefect: (error: unknown) => void;
}

interface Waiting {
  readonly shard: number;
  readonly auctionId: string;
  readonly command: AuctionCommand;
  readonly sender: CommandSender;
  readonly deadline: number;
  settled: boolean;
}

/** Commands that stand in one line, oldest first. */
interface Lane {
  waiting: Waiting[];
  readonly waitingByAuction: Map<string, number>;
  inFlight: readonly Asked[];
}

/** An auction's part of a call. */
interface Asked extends AuctionBatch {
  readonly commands: AuctionCommand[];
  readonly waiting: Waiting[];
}

const NO_DECISION: Decision = {
  kind: 'failed',
  error: new MayHaveRunError('the engine gave no answer'),
};

const SWEEP_EVERY_MS = 50;

export class GroupCommit {
  readonly #decider: AuctionDecider;
  readonly #shards: number;
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
    { shards, lanes }: Lines,
    hooks: GroupCommitHooks,
    limits: GroupCommitLimits = DEFAULT_LIMITS,
  ) {
    this.#decider = decider;
    this.#shards = shards;
    this.#hooks = hooks;
    this.#limits = limits;
    this.#lanes = Array.from({ length: lanes }, () => ({
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

  /** Puts a command in line. */
  submit(auctionId: string, command: AuctionCommand, sender: CommandSender): void {
    if (this.#closed) return sender.settle(unavailable('the gateway is stopping'));
    const refusal = this.#hooks.refuse(command);
    if (refusal !== undefined) return sender.settle(unavailable(refusal));
    const shard = shardOfAuction(auctionId, this.#shards);
    const lane = shard === undefined ? undefined : this.#lanes[shard % this.#lanes.length];
    if (shard === undefined || lane === undefined) return sender.settle(NO_SUCH_AUCTION);
    const ofAuction = lane.waitingByAuction.get(auctionId) ?? 0;
    if (
      this.#waiting >= this.#limits.maxWaiting ||
      ofAuction >= this.#limits.maxWaitingPerAuction
    ) {
      return sender.settle(unavailable('too many commands are waiting'));
    }
    const deadline = monotonicNow() + this.#limits.answerLimitMs;
    lane.waiting.push({ shard, auctionId, command, sender, deadline, settled: false });
    lane.waitingByAuction.set(auctionId, ofAuction + 1);
    this.#waiting += 1;
    // Waiting for the end of the tick gathers what other sockets delivered in the same one.
    if (lane.waiting.length === 1 && lane.inFlight.length === 0) {
      setImmediate(() => this.#callNext(lane));
    }
  }

  /** The same for senders who wait; bids come by the thousand and go without a promise. */
  ask(
    auctionId: string,
    command: AuctionCommand,
    isGone: () => boolean = () => false,
  ): Promise<CommandOutcome> {
    return new Promise((settle) => this.submit(auctionId, command, { isGone, settle }));
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
      lane.inFlight = this.#takeCall(lane);
      if (lane.inFlight.length > 0) void this.#call(lane, lane.inFlight);
    }
  }

  /** Takes the oldest commands out of the line, as many as fit into one call. */
  #takeCall(lane: Lane): readonly Asked[] {
    const byAuction = new Map<string, Asked>();
    let taken = 0;
    for (const each of lane.waiting) {
      const { shard, auctionId } = each;
      let asked = byAuction.get(auctionId);
      const hasRoom = asked !== undefined || byAuction.size < MAX_AUCTIONS_IN_CALL;
      if (taken === this.#limits.maxBatch || !hasRoom) break;
      taken += 1;
      this.#leavesLine(lane, each);
      if (each.sender.isGone()) {
        this.#tell(each, unavailable('the client left before its turn'));
        continue;
      }
      if (asked === undefined) {
        asked = { shard, auctionId, commands: [], waiting: [] };
        byAuction.set(auctionId, asked);
      }
      asked.commands.push(each.command);
      asked.waiting.push(each);
    }
    lane.waiting.splice(0, taken);
    return Array.from(byAuction.values());
  }

  #leavesLine({ waitingByAuction }: Lane, { auctionId }: Waiting): void {
    this.#waiting -= 1;
    const left = (waitingByAuction.get(auctionId) ?? 1) - 1;
    if (left === 0) waitingByAuction.delete(auctionId);
    else waitingByAuction.set(auctionId, left);
  }

  async #call(lane: Lane, batches: readonly Asked[]): Promise<void> {
    const count = batches.reduce((sum, { waiting }) => sum + waiting.length, 0);
    this.#inFlight += count;
    const askedAt = monotonicNow();
    let decisions: Decisions = new Map();
    try {
      decisions = await this.#decider.decide(batches);
    } catch (error) {
      // Against its contract; a lane that stayed busy would keep its auctions from all further bids.
      this.#hooks.onDefect(error);
    }
    lane.inFlight = [];
    this.#callNext(lane);
    // After the next call is on its way, so that Redis decides while the answers are written.
    setImmediate(() => {
      this.#inFlight -= count;
      for (const { auctionId, waiting } of batches) {
        const decision = decisions.get(auctionId) ?? NO_DECISION;
        this.#settle(auctionId, waiting, decision, askedAt);
      }
      this.#hooks.onCall(count);
    });
  }

  /** Gives each command of an auction its answer; nothing may throw here, or the gateway would end. */
  #settle(
    auctionId: string,
    waiting: readonly Waiting[],
    decision: Decision,
    askedAt: number,
  ): void {
    for (const [nth, each] of waiting.entries()) {
      if (!each.settled) this.#tell(each, this.#outcomeOf(decision, nth));
    }
    try {
      if (decision.kind === 'decided') this.#hooks.onDecided(auctionId, decision.batch, askedAt);
      else if (decision.defect !== undefined) this.#hooks.onDefect(decision.defect);
    } catch (error) {
      this.#hooks.onDefect(error);
    }
  }

  #outcomeOf(decision: Decision, nth: number): CommandOutcome {
    try {
      return outcomeOf(decision, nth);
    } catch (error) {
      // An answer that cannot be read is its own command's misfortune alone.
      this.#hooks.onDefect(error);
      return { kind: 'unknown', reason: 'the engine failed' };
    }
  }

  #tell(each: Waiting, outcome: CommandOutcome): void {
    each.settled = true;
    try {
      each.sender.settle(outcome);
    } catch (error) {
      this.#hooks.onDefect(error);
    }
  }

  #answerOverdue(): void {
    const now = monotonicNow();
    for (const lane of this.#lanes) {
      for (const each of lane.inFlight.flatMap(({ waiting }) => waiting)) {
        if (!each.settled && each.deadline <= now) {
          this.#tell(each, { kind: 'unknown', reason: 'Redis did not answer in time' });
        }
      }
      // Oldest first: the first one that still has time ends the search.
      const firstInTime = lane.waiting.findIndex(({ deadline }) => deadline > now);
      const overdue = firstInTime === -1 ? lane.waiting.length : firstInTime;
      for (const each of lane.waiting.splice(0, overdue)) {
        this.#leavesLine(lane, each);
        this.#tell(each, unavailable('Redis did not answer in time'));
      }
    }
  }
}
