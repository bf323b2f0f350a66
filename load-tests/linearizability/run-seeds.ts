/** Runs several seeds one after the other and checks every history. */
import { randomInt } from 'node:crypto';
import { checkHistory } from './checker/check.ts';
import { violationText } from './checker/violation.ts';
import { historySettings } from './config.ts';
import { writeHistory } from './history-file.ts';
import type { HistoryStage } from './history-stage.ts';
import { runHistory, type RunOptions } from './run-history.ts';
import { addSummaries, summarize, summaryText, type Summary } from './summary.ts';

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
