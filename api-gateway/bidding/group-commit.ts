/**
 * Group commit: commands that arrive while a script call is in flight form the next call, whichever
 * auctions they are for. They stand in one line, or on a cluster in a line for each shard, because a
 * call reaches one node. Order is the order of arrival. A call that is already worth it goes out
 * beside the one in flight, so that Redis has work while the answers to the last one are on their
 * way. Everything is bounded, and every command gets an answer within the time limit.
 */
import { shardOfAuction, shardOfSale } from '@outcry/shared/domain/ids.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import {
  MayHaveRunError,
  NotRunError,
  type Answer,
  type AuctionCommand,
  type AuctionDecider,
  type DecidedBatch,
  type Decision,
  type Decisions,
  type Outcome,
} from './auction-commands.ts';
import { Lane, type Asked, type CommandSender, type Waiting } from './lane.ts';
import { parseAnswer } from './parse-answers.ts';

export interface Lines {
  readonly shards: number;
  /** How many lines there are: 1, or as many as shards. */
  readonly lanes: number;
  /** Calls of a line in flight at once: 1 where one may overtake another. */
  readonly calls: number;
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
  /**
   * Sees how many commands each script call had, and how many ms it took; undefined when it decided
   * nothing. Must not throw.
   */
  readonly onCall: (commands: number, tookMs: number | undefined) => void;
  /**
   * Sees what was decided about each auction (publishing, metrics), and when that was asked for, by
   * `monotonicNow`; must not throw.
   */
  readonly onDecided: (auctionId: string, batch: DecidedBatch, askedAt: number) => void;
  /** Hears of what the above, or a sender, threw all the same, and of answers that nobody can read. */
  readonly onDefect: (error: unknown) => void;
}

/** What commands are for. */
export type Commanded = 'auction' | 'sale';

/** To an id that is none of ours; asked about only when Redis is known to be the right one. */
export const NOT_FOUND: Readonly<Record<Commanded, Answer>> = {
  auction: { code: 'AUCTION_NOT_FOUND', replayed: false, body: '', terms: '' },
  sale: { code: 'SALE_NOT_FOUND', replayed: false, body: '', terms: '' },
};

const NO_ANSWER = new MayHaveRunError('the engine gave no answer');
const NO_DECISION: Decision = { kind: 'failed', error: NO_ANSWER };
/** Made once, because floods get it. */
const TOO_MANY = new NotRunError('too many commands are waiting');

const SWEEP_EVERY_MS = 50;

export class GroupCommit {
  readonly #decider: AuctionDecider;
  readonly #shards: number;
  readonly #maxCalls: number;
  readonly #limits: GroupCommitLimits;
  readonly #hooks: GroupCommitHooks;
  readonly #lanes: readonly Lane[];
  readonly #sweep: NodeJS.Timeout;
  /** Commands whose script call was made and that have no answer yet. */
  #inFlight = 0;
  #closed = false;

  constructor(
    decider: AuctionDecider,
    { shards, lanes, calls }: Lines,
    hooks: GroupCommitHooks,
    limits: GroupCommitLimits = DEFAULT_LIMITS,
  ) {
    this.#decider = decider;
    this.#shards = shards;
    this.#maxCalls = calls;
    this.#hooks = hooks;
    this.#limits = limits;
    this.#lanes = Array.from({ length: lanes }, () => new Lane());
    this.#sweep = setInterval(() => this.#answerOverdue(), SWEEP_EVERY_MS);
  }

  /** Commands that wait for a script call. */
  get waiting(): number {
    return this.#lanes.reduce((sum, { length }) => sum + length, 0);
  }

  /** Puts a command in line. @param auctionId the id of an auction, or of a sale where `of` says so */
  submit(
    auctionId: string,
    command: AuctionCommand,
    sender: CommandSender,
    of: Commanded = 'auction',
  ): void {
    if (this.#closed) return sender.settle(new NotRunError('the gateway is stopping'));
    const refusal = this.#hooks.refuse(command);
    if (refusal !== undefined) return sender.settle(new NotRunError(refusal));
    const shardOf = of === 'auction' ? shardOfAuction : shardOfSale;
    const shard = shardOf(auctionId, this.#shards);
    const lane = shard === undefined ? undefined : this.#lanes[shard % this.#lanes.length];
    if (shard === undefined || lane === undefined) return sender.settle(NOT_FOUND[of]);
    const { maxWaiting, maxWaitingPerAuction } = this.#limits;
    if (this.waiting >= maxWaiting || lane.waitingFor(auctionId) >= maxWaitingPerAuction) {
      return sender.settle(TOO_MANY);
    }
    const deadline = monotonicNow() + this.#limits.answerLimitMs;
    lane.add({ shard, auctionId, command, sender, deadline, settled: false });
    // Waiting for the end of the tick gathers what other sockets delivered in the same one.
    if (!lane.isScheduled && lane.mayCall(this.#maxCalls)) {
      lane.isScheduled = true;
      setImmediate(() => this.#callNext(lane));
    }
  }

  /**
   * The same for senders who wait; bids come by the thousand and go without a promise.
   * @throws NotRunError, MayHaveRunError
   */
  ask(
    auctionId: string,
    command: AuctionCommand,
    of: Commanded = 'auction',
    isGone: () => boolean = () => false,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome): void =>
        outcome instanceof Error ? reject(outcome) : resolve(outcome);
      this.submit(auctionId, command, { isGone, settle }, of);
    });
  }

  /** Answers everything that waits, and waits for the calls in flight (at most the time limit). */
  async close(): Promise<void> {
    this.#closed = true;
    const until = monotonicNow() + this.#limits.answerLimitMs;
    while (this.waiting + this.#inFlight > 0 && monotonicNow() < until) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    clearInterval(this.#sweep);
  }

  #callNext(lane: Lane): void {
    lane.isScheduled = false;
    while (lane.mayCall(this.#maxCalls)) {
      const batches = lane.takeCall(this.#limits.maxBatch, (each) =>
        this.#tell(each, new NotRunError('the client left before its turn')),
      );
      if (batches.length > 0) void this.#call(lane, batches);
    }
  }

  async #call(lane: Lane, batches: readonly Asked[]): Promise<void> {
    const count = batches.reduce((sum, { waiting }) => sum + waiting.length, 0);
    this.#inFlight += count;
    lane.inFlight.add(batches);
    const askedAt = monotonicNow();
    let decisions: Decisions = new Map();
    try {
      decisions = await this.#decider.decide(batches);
    } catch (error) {
      // Against its contract; a lane that stayed busy would keep its auctions from all further bids.
      this.#hooks.onDefect(error);
    }
    const tookMs = monotonicNow() - askedAt;
    lane.inFlight.delete(batches);
    this.#callNext(lane);
    // After the next call is on its way, so that Redis decides while the answers are written.
    setImmediate(() => {
      this.#inFlight -= count;
      let isDecided = false;
      for (const { auctionId, waiting } of batches) {
        const decision = decisions.get(auctionId) ?? NO_DECISION;
        isDecided ||= decision.kind === 'decided';
        this.#settle(auctionId, waiting, decision, askedAt);
      }
      this.#hooks.onCall(count, isDecided ? tookMs : undefined);
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

  #outcomeOf(decision: Decision, nth: number): Outcome {
    if (decision.kind === 'failed') return decision.error;
    const { answers, terms } = decision.batch;
    const answer = answers[nth];
    if (answer === undefined) return NO_ANSWER;
    try {
      return parseAnswer(answer, terms);
    } catch (error) {
      // An answer that cannot be read is its own command's misfortune alone.
      this.#hooks.onDefect(error);
      return new MayHaveRunError('the engine failed');
    }
  }

  #tell(each: Waiting, outcome: Outcome): void {
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
      for (const each of [...lane.inFlight].flat().flatMap(({ waiting }) => waiting)) {
        if (!each.settled && each.deadline <= now) {
          this.#tell(each, new MayHaveRunError('Redis did not answer in time'));
        }
      }
      for (const each of lane.takeOverdue(now)) {
        this.#tell(each, new NotRunError('Redis did not answer in time'));
      }
    }
  }
}
