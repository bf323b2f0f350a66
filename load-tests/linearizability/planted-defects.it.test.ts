/** Gateways with a defect planted into what was built: the runs must show it. */
import { expect, onTestFinished, test } from 'vitest';
import { LONG_TEST_MS } from '@outcry/shared/testing/sizes.ts';
import { checkHistory } from './checker/check-history.ts';
import type { BrokenRule } from './history.ts';
import { runHistory, startHistoryStage, type Defect } from './testing/run-history.ts';

interface Planted extends Defect {
  readonly what: string;
  /** One of these shows it, depending on who comes first. */
  readonly shownBy: readonly BrokenRule[];
}

const PLANTED: readonly Planted[] = [
  {
    what: 'the script takes bids below the minimum',
    file: 'lua/bids.lua',
    right: 'offered < auction.least then',
    wrong: 'offered < auction.least - 1 then',
    shownBy: ['not-by-the-rules'],
  },
  {
    what: 'the script forgets answers under a key',
    file: 'lua/commands.lua',
    right: 'if known then return known end',
    wrong: 'known = nil',
    shownBy: ['two-events-for-key', 'replay-not-marked'],
  },
  {
    what: 'group commit mixes up answers',
    file: 'main.js',
    right: 'const answer = answers[nth];',
    wrong: 'const answer = answers[answers.length - 1 - nth];',
    shownBy: ['accepted-without-event', 'event-without-request', 'unexpected-answer'],
  },
  {
    what: "group commit answers with another auction's decision of the same call",
    file: 'main.js',
    right: 'decisions.get(auctionId) ?? NO_DECISION',
    wrong: '[...decisions.values()].at(-1) ?? NO_DECISION',
    shownBy: ['accepted-without-event', 'event-without-request', 'unexpected-answer'],
  },
  {
    what: 'bids with a key are refused from memory',
    file: 'main.js',
    right: 'command.kind !== "bid" || command.key !== ""',
    wrong: 'command.kind !== "bid"',
    shownBy: ['replay-not-marked', 'different-answers-for-key', 'refusal-unexplained'],
  },
  {
    what: 'a gateway answers a read as it answered the one before',
    file: 'main.js',
    right: 'const answer = await reads.publicState(params.id);',
    wrong: `const kept = (reads.kept ??= {}), before = kept[params.id];
      kept[params.id] = await reads.publicState(params.id);
      const answer = before ?? kept[params.id];`,
    shownBy: ['stale-read'],
  },
];

/** Whether clients meet a defect is a matter of chance: the rarest shows in every other run. */
const MAX_RUNS = 20;

test.each(PLANTED.map((each) => [each.what, each] as const))(
  '%s',
  async (_what, { shownBy, ...defect }) => {
    const stage = await startHistoryStage({ defect });
    onTestFinished(() => stage.bed.close());
    const rules = new Set<BrokenRule>();
    const isFound = (): boolean => shownBy.some((rule) => rules.has(rule));
    for (let seed = 1; seed <= MAX_RUNS && !isFound(); seed += 1) {
      const history = await runHistory(stage, { name: 'planted', seed, clients: 60, auctions: 8 });
      for (const { rule } of checkHistory(history)) rules.add(rule);
    }
    expect(isFound(), `${MAX_RUNS} runs broke only: ${[...rules].join(', ')}`).toBe(true);
  },
  LONG_TEST_MS,
);
