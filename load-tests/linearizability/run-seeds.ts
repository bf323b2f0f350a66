/** Runs several seeds one after the other, checks every history and says what happened in them. */
import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { z } from 'zod';
import { checkHistory } from './checker/check.ts';
import { outcomeOf } from './checker/requests.ts';
import { violationText } from './checker/violation.ts';
import type { HistoryStage } from './history-stage.ts';
import { writeHistory, type History } from './history.ts';
import { runHistory, type RunOptions } from './run-history.ts';

const MAX_VIOLATIONS_SHOWN = 10;

/** A history that no right engine has. */
export class WrongHistory extends Error {
  override readonly name = 'WrongHistory';
}

/**
 * @returns what happened in all runs together
 * @throws WrongHistory naming the violations, the seed and the file with the history
 */
export async function runSeeds(
  stage: HistoryStage,
  { seeds, ...options }: Omit<RunOptions, 'seed'> & { readonly seeds: number },
): Promise<Summary> {
  const settings = historySettings();
  const chosen =
    settings.seed === undefined
      ? Array.from({ length: seeds }, () => randomInt(2 ** 32))
      : [settings.seed];
  const summaries: Summary[] = [];
  for (const seed of chosen) {
    const began = performance.now();
    const history = await runHistory(stage, { ...options, seed });
    const ran = performance.now();
    const violations = checkHistory(history);
    const summary = summarize(history);
    summaries.push(summary);
    const times = `run ${seconds(ran - began)}, checked in ${seconds(performance.now() - ran)}`;
    console.log(`${options.name}, seed ${seed}, ${times}: ${summaryText(summary)}`);
    const isWrong = violations.length > 0;
    const file = isWrong || settings.keepsAll ? await writeHistory(settings.folder, history) : '';
    if (isWrong) {
      const shown = violations.slice(0, MAX_VIOLATIONS_SHOWN).map(violationText).join('\n\n');
      throw new WrongHistory(
        `seed ${seed}, history in ${file}: ${violations.length} violation(s)\n${shown}`,
      );
    }
  }
  return addSummaries(summaries);
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

const schema = z.object({
  /** Histories are kept in this folder; without it only those that are wrong, in a temporary one. */
  HISTORY_DIR: z.string().min(1).optional(),
  /** Runs this seed and no other, to look again at one that failed. */
  HISTORY_SEED: z.coerce.number().int().min(0).optional(),
});

export interface HistorySettings {
  readonly keepsAll: boolean;
  readonly folder: string;
  readonly seed: number | undefined;
}

/** @throws Error naming what cannot be used */
export function historySettings(environment: NodeJS.ProcessEnv = process.env): HistorySettings {
  const { HISTORY_DIR: folder, HISTORY_SEED: seed } = schema.parse(environment);
  return { keepsAll: folder !== undefined, folder: folder ?? tmpdir(), seed };
}

/** Counts by name; a name that did not occur is missing. */
export type Summary = Readonly<Record<string, number>>;

/**
 * Counts commands by outcome (refusals by code), replays, and events by type; `event extending`
 * counts bids that moved the end, `event <outcome>` auctions that ended so.
 */
export function summarize({ commands, events }: History): Summary {
  const counts: Record<string, number> = {};
  const count = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  for (const command of commands) {
    const code = command.answer?.body['code'];
    count('commands');
    count(typeof code === 'string' ? code : outcomeOf(command));
    if (command.answer?.replayed === true) count('replayed');
  }
  const endsAt = new Map<string, string>();
  for (const event of events) {
    const { type, state } = event.public;
    count(`event ${type}`);
    if (state.outcome !== undefined) count(`event ${state.outcome}`);
    const before = endsAt.get(event.auctionId);
    if (type === 'bid' && before !== undefined && before !== state.endsAt) count('event extending');
    endsAt.set(event.auctionId, state.endsAt);
  }
  return counts;
}

export const addSummaries = (summaries: readonly Summary[]): Summary => {
  const sum: Record<string, number> = {};
  for (const [name, value] of summaries.flatMap((each) => Object.entries(each))) {
    sum[name] = (sum[name] ?? 0) + value;
  }
  return sum;
};

export const summaryText = (summary: Summary): string =>
  Object.entries(summary)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
