/**
 * Group commit: commands that arrive for an auction while a script call for it is in flight form
 * the next call. Order is the order of arrival. Everything is bounded, and every command gets an
 * answer within the time limit.
 */
import {
  MayHaveRunError,
  NotRunError,
  type Answer,
  type AuctionCommand,
  type AuctionDecider,
  type DecidedBatch,
} from './auction-commands.ts';
import { parseAnswer } from './receipts.ts';

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
  /** Sees every decided batch (publishing, metrics); must not throw. */
  readonly onDecided: (auctionId: string, batch: DecidedBatch) => void;
  /** Hears of what the above threw all the same, and of answers that nobody can read. */
  readonly onDefect: (error: unknown) => void;
}

export type CommandOutcome =
  | { readonly kind: 'answered'; readonly answer: Answer; readonly terms: string }
  /** Certainly not run. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterMs: number }
  /** The script may have run. */
  | { readonly kind: 'unknown'; readonly reason: string };

interface Waiting {
  readonly command: AuctionCommand;
  readonly isGone: () => boolean;
  readonly settle: (outcome: CommandOutcome) => void;
  readonly deadline: number;
  settled: boolean;
}

/** The commands of one auction. */
interface Lane {
  waiting: Waiting[];
  inFlight: readonly Waiting[];
}

const SWEEP_EVERY_MS = 50;
const RETRY_AFTER_OVERLOAD_MS = 1_000;

export class GroupCommit {
  readonly #decider: AuctionDecider;
  readonly #limits: GroupCommitLimits;
  readonly #hooks: GroupCommitHooks;
  readonly #lanes = new Map<string, Lane>();
  readonly #sweep: NodeJS.Timeout;
  #waiting = 0;
  #closed = false;

  constructor(
    decider: AuctionDecider,
    hooks: GroupCommitHooks,
    limits: GroupCommitLimits = DEFAULT_LIMITS,
  ) {
    this.#decider = decider;
    this.#hooks = hooks;
    this.#limits = limits;
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
    const lane = this.#lane(auctionId);
    if (
      this.#waiting >= this.#limits.maxWaiting ||
      lane.waiting.length >= this.#limits.maxWaitingPerAuction
    ) {
      this.#dropIfIdle(auctionId, lane);
      return Promise.resolve(unavailable('too many commands are waiting'));
    }
    return new Promise((resolve) => {
      const deadline = performance.now() + this.#limits.answerLimitMs;
      const waiting: Waiting = {
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
      this.#waiting += 1;
      // Waiting for the end of the tick gathers what other sockets delivered in the same one.
      if (lane.waiting.length === 1 && lane.inFlight.length === 0) {
        setImmediate(() => this.#callNext(auctionId, lane));
      }
    });
  }

  /** Answers everything that waits, and waits for the calls in flight (at most the time limit). */
  async close(): Promise<void> {
    this.#closed = true;
    const until = performance.now() + this.#limits.answerLimitMs;
    while (this.#lanes.size > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    clearInterval(this.#sweep);
  }

  #lane(auctionId: string): Lane {
    let lane = this.#lanes.get(auctionId);
    if (lane === undefined) {
      lane = { waiting: [], inFlight: [] };
      this.#lanes.set(auctionId, lane);
    }
    return lane;
  }

  #dropIfIdle(auctionId: string, lane: Lane): void {
    if (lane.waiting.length === 0 && lane.inFlight.length === 0) this.#lanes.delete(auctionId);
  }

  #callNext(auctionId: string, lane: Lane): void {
    if (lane.inFlight.length > 0) return;
    const taken = lane.waiting.splice(0, this.#limits.maxBatch);
    this.#waiting -= taken.length;
    const batch: Waiting[] = [];
    for (const each of taken) {
      if (each.isGone()) each.settle(unavailable('the client left before its turn'));
      else batch.push(each);
    }
    if (batch.length === 0) {
      if (lane.waiting.length > 0) setImmediate(() => this.#callNext(auctionId, lane));
      else this.#dropIfIdle(auctionId, lane);
      return;
    }
    lane.inFlight = batch;
    void this.#call(auctionId, lane, batch);
  }

  async #call(auctionId: string, lane: Lane, batch: readonly Waiting[]): Promise<void> {
    const settle = await this.#decide(auctionId, batch);
    lane.inFlight = [];
    if (lane.waiting.length > 0) this.#callNext(auctionId, lane);
    // After the next call is on its way, so that Redis decides while the answers are written.
    setImmediate(() => {
      settle();
      this.#dropIfIdle(auctionId, lane);
    });
  }

  /** @returns what gives each command of the batch its answer; neither throws */
  async #decide(auctionId: string, batch: readonly Waiting[]): Promise<() => void> {
    let decided: DecidedBatch;
    try {
      const commands = batch.map((each) => each.command);
      decided = await this.#decider.decide(auctionId, commands);
    } catch (error) {
      return () => settleFailed(batch, error);
    }
    return () => {
      try {
        batch.forEach((each, i) => settleWith(each, decided, decided.answers[i]));
        this.#hooks.onDecided(auctionId, decided);
      } catch (error) {
        // Nobody is above this: without an answer the gateway would end with all its bids.
        settleFailed(batch, error);
        this.#hooks.onDefect(error);
      }
    };
  }

  #answerOverdue(): void {
    const now = performance.now();
    for (const lane of this.#lanes.values()) {
      for (const each of lane.inFlight) {
        if (!each.settled && each.deadline <= now) {
          each.settle({ kind: 'unknown', reason: 'Redis did not answer in time' });
        }
      }
      // Oldest first: the first one that still has time ends the search.
      let overdue = 0;
      while (overdue < lane.waiting.length && (lane.waiting[overdue]?.deadline ?? now + 1) <= now) {
        overdue += 1;
      }
      this.#waiting -= overdue;
      for (const each of lane.waiting.splice(0, overdue)) {
        each.settle(unavailable('Redis did not answer in time'));
      }
    }
  }
}

const unavailable = (reason: string): CommandOutcome => ({
  kind: 'unavailable',
  reason,
  retryAfterMs: RETRY_AFTER_OVERLOAD_MS,
});

function settleWith(each: Waiting, decided: DecidedBatch, answer: string | undefined): void {
  if (each.settled) return;
  if (answer === undefined) {
    each.settle({ kind: 'unknown', reason: 'the engine gave no answer' });
    return;
  }
  each.settle({ kind: 'answered', answer: parseAnswer(answer), terms: decided.terms });
}

function settleFailed(batch: readonly Waiting[], error: unknown): void {
  const outcome = outcomeOfFailure(error);
  for (const each of batch) if (!each.settled) each.settle(outcome);
}

function outcomeOfFailure(error: unknown): CommandOutcome {
  if (error instanceof NotRunError) return unavailable(error.message);
  const reason = error instanceof MayHaveRunError ? error.message : 'the engine failed';
  return { kind: 'unknown', reason };
}
