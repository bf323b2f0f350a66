/** Group commit over the real script, each of whose decisions a model follows. */
import {
  needsMemory,
  type AuctionBatch,
  type AuctionCommand,
  type AuctionDecider,
  type DecidedBatch,
  type Decisions,
} from '@outcry/api-gateway/bidding/auction-commands.ts';
import { DEFAULT_LIMITS, GroupCommit } from '@outcry/api-gateway/bidding/group-commit.ts';

/** Millions of commands on a busy machine: a slow disk is no disagreement. */
const PATIENT = { ...DEFAULT_LIMITS, answerLimitMs: 60_000 };

/** Sees what was decided under an id, in the order in which Redis decided; throws at a difference. */
export type Follow = (id: string, commands: readonly AuctionCommand[], batch: DecidedBatch) => void;

interface Follower {
  readonly follow: Follow;
  failure: Error | undefined;
}

export interface AgreementCounts {
  /** Commands that were decided and compared. */
  readonly commands: number;
  /** Script calls that decided commands of several auctions. */
  readonly sharedCalls: number;
}

/**
 * Runs several side by side, on one engine. @param play takes one to its end, and gives how many commands it had
 * @throws what `play` throws
 */
export async function playTogether<Run>(
  decider: AuctionDecider,
  runs: readonly Run[],
  play: (engine: FollowedEngine, run: Run) => Promise<number>,
): Promise<AgreementCounts> {
  const engine = new FollowedEngine(decider);
  try {
    const counts = await Promise.all(runs.map((run) => play(engine, run)));
    const commands = counts.reduce((sum, count) => sum + count, 0);
    return { commands, sharedCalls: engine.sharedCalls };
  } finally {
    await engine.close();
  }
}

export class FollowedEngine {
  readonly #decider: AuctionDecider;
  readonly #followers = new Map<string, Follower>();
  readonly #engine: GroupCommit;
  #defect: Error | undefined;
  // Calls are decided in the order in which they are sent; that of two answers which came together
  // may become known in any order.
  #before: Promise<unknown> = Promise.resolve();
  #sharedCalls = 0;

  constructor(decider: AuctionDecider) {
    this.#decider = decider;
    const hooks = {
      refuse: () => undefined,
      onCall: () => {},
      onDecided: () => {},
      onDefect: (error: unknown) => {
        this.#defect ??= asError(error);
      },
    };
    const following: AuctionDecider = { decide: (batches) => this.#decide(batches) };
    this.#engine = new GroupCommit(following, { shards: 1, lanes: 1, calls: 2 }, hooks, PATIENT);
  }

  /** Script calls that decided commands of several auctions. */
  get sharedCalls(): number {
    return this.#sharedCalls;
  }

  /** @returns what registers further ids with the same follower: once one fails, all do */
  add(follow: Follow): (id: string) => void {
    const follower: Follower = { follow, failure: undefined };
    return (id) => this.#followers.set(id, follower);
  }

  /** @throws Error when there is no answer, or the follower has found a difference */
  async submit(id: string, command: AuctionCommand): Promise<void> {
    const of = id.startsWith('s') ? 'sale' : 'auction';
    const outcome = await this.#engine.ask(id, command, of).catch(asError);
    const failure = this.#followers.get(id)?.failure ?? this.#defect;
    if (failure !== undefined) throw failure;
    if (outcome instanceof Error) throw new Error(`no answer: ${outcome.message}`);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  #decide(batches: readonly AuctionBatch[]): Promise<Decisions> {
    const deciding = this.#decider.decide(batches);
    const turn = this.#before;
    const followedInTurn = (async (): Promise<Decisions> => {
      const decisions = await deciding;
      await turn;
      if (batches.length > 1) this.#sharedCalls += 1;
      // What only reads makes a call of its own, behind the other one.
      const writes = batches.filter(({ commands }) => commands.some(needsMemory));
      const reads = batches.filter(({ commands }) => !commands.some(needsMemory));
      for (const batch of [...writes, ...reads]) this.#follow(batch, decisions);
      return decisions;
    })();
    this.#before = followedInTurn;
    return followedInTurn;
  }

  #follow({ auctionId, commands }: AuctionBatch, decisions: Decisions): void {
    const decision = decisions.get(auctionId);
    const follower = this.#followers.get(auctionId);
    if (decision?.kind !== 'decided' || follower === undefined) return;
    try {
      follower.follow(auctionId, commands, decision.batch);
    } catch (error) {
      follower.failure ??= asError(error);
    }
  }
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));
