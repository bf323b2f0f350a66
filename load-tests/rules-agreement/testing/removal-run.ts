/** Random auctions from which bidders are removed: the model follows each, then its log is checked. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import type {
  AuctionCommand,
  AuctionDecider,
} from '@outcry/api-gateway/bidding/auction-commands.ts';
import { eventLines, type Creation } from '@outcry/shared/contracts/events.ts';
import { shardedId } from '@outcry/shared/domain/ids.ts';
import { checkRemovals } from '@outcry/shared/testing/check-removals.ts';
import { loggedTexts } from '@outcry/shared/testing/stored-auction.ts';
import { concrete, createCommand, waitFor } from './agreement-run.ts';
import { FollowedEngine, type Follow } from './followed-engine.ts';
import { ModelAuction } from './model-auction.ts';
import {
  kind,
  randomCommand,
  randomCreation,
  SELLER,
  user,
  weighted,
  type RandomCommand,
} from './random-commands.ts';

/** The clocks on which removals are decided: the engine's own, and such as are ahead of it. */
export const CLOCKS_AHEAD_MS = [0, 2_000, 3_599_000, 3_601_000];

export interface RemovalRun {
  readonly creation: Creation;
  /** Each ends with a removal. */
  readonly parts: readonly {
    readonly commands: readonly RandomCommand[];
    /** Which of the bidders there are then. */
    readonly nth: number;
    /** On which of {@link CLOCKS_AHEAD_MS}. */
    readonly clock: number;
  }[];
  readonly rest: readonly RandomCommand[];
}

/** With more pauses and more equal maxima than others have. */
const commands = fc.array(
  weighted<RandomCommand>(
    [30, randomCommand.filter((each) => each.kind !== 'remove' && each.kind !== 'me')],
    [1, fc.record({ kind: kind('pause'), userId: fc.constant(SELLER), admin: fc.constant(false) })],
    [
      4,
      fc.record({
        kind: kind('bid'),
        userId: user,
        exact: fc.constant(false),
        offer: fc.constant({ base: 'leaderMax', plus: 0 }),
      }),
    ],
  ),
  { minLength: 3, maxLength: 25 },
);

export const removalRun: fc.Arbitrary<RemovalRun> = fc.record({
  // Where increments fall with the price, what was high enough at one price may be too low at a lower one.
  creation: randomCreation.filter(({ increments }) => !increments.endsWith('5000:3')),
  parts: fc.array(
    fc.record({
      commands,
      nth: fc.nat({ max: 100 }),
      clock: weighted([10, fc.constant(0)], [2, fc.constant(1)], [1, fc.constantFrom(2, 3)]),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  rest: commands,
});

export interface RemovalCounts {
  /** Removals that were made. */
  removals: number;
  /** How often each answer to a removal came, by the auction's status behind it. */
  readonly answers: Map<string, number>;
}

/**
 * Runs auctions of one shard side by side.
 * @param deciders one for each of {@link CLOCKS_AHEAD_MS}
 * @param options `byLogAlone`: nothing is held against the model
 * @throws Disagreement where the script and the model differ
 * @throws Error where a log does not say what {@link checkRemovals} asks for
 */
export async function runRemovals(
  redis: Redis,
  deciders: readonly AuctionDecider[],
  runs: readonly RemovalRun[],
  options: { readonly counts: RemovalCounts; readonly byLogAlone: boolean },
): Promise<void> {
  const engines = deciders.map((decider) => new FollowedEngine(decider));
  try {
    const lines = await Promise.all(runs.map((run) => runAuction(redis, engines, run, options)));
    for (const each of lines) options.counts.removals += checkRemovals(each);
  } finally {
    await Promise.all(engines.map((engine) => engine.close()));
  }
}

/** @returns the lines of the auction's log */
async function runAuction(
  redis: Redis,
  engines: readonly FollowedEngine[],
  run: RemovalRun,
  { counts, byLogAlone }: { readonly counts: RemovalCounts; readonly byLogAlone: boolean },
): Promise<string[]> {
  const auctionId = shardedId('a', 0, randomUUID());
  const model = new ModelAuction();
  const sent: AuctionCommand[] = [];
  const follow: Follow = (_, decided, batch) => {
    try {
      model.follow(decided, batch);
    } catch (error) {
      if (!byLogAlone) throw error;
    }
    decided.forEach((command, i) => {
      const [code = ''] = batch.answers[i]?.split(' ') ?? [];
      if (command.kind !== 'remove' || !code.startsWith('+')) return;
      const answer = `${model.auction.status} ${code.slice(1)}`;
      counts.answers.set(answer, (counts.answers.get(answer) ?? 0) + 1);
    });
  };
  for (const engine of engines) engine.add(follow)(auctionId);
  const submit = async (step: RandomCommand, clock = 0): Promise<void> => {
    const command = concrete(step, model.auction, sent);
    if (command === undefined) return;
    sent.push(command);
    await engines[clock]?.submit(auctionId, command);
  };
  const play = async (steps: readonly RandomCommand[]): Promise<void> => {
    for (const step of steps) {
      await submit(step);
      await waitFor([step]);
    }
  };
  // A clock that jumps would ask for a grace.
  const creation = { ...run.creation, graceMs: 0 };
  await engines[0]?.submit(auctionId, createCommand(auctionId, creation));
  // On a busy machine its short life can be over before it is created.
  if (!model.exists) return [];
  for (const { commands: before, nth, clock } of run.parts) {
    await play(before.slice(0, -IN_BATCH));
    // The last few at once, with the removal where it is decided on the same clock.
    const batched = before.slice(-IN_BATCH).map((step) => submit(step));
    if (clock > 0) await Promise.all(batched);
    const alias = 1 + (nth % Math.max(1, model.auction.bidders.size));
    await Promise.all([...batched, submit({ kind: 'remove', alias }, clock)]);
  }
  await play(run.rest);
  const texts = await loggedTexts(redis, 0, auctionId);
  return texts.flatMap((text) => eventLines(text));
}

const IN_BATCH = 3;
