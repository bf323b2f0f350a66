/** Runs measurements side by side: one round of each, again and again. */
import type { Measurement, RoundFigures, RoundOptions } from './measurement.ts';
import type { Stage } from './stage.ts';
import type { Measured } from './summary.ts';

export interface RunOptions extends RoundOptions {
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly say: (line: string) => void;
}

/**
 * What else runs on the machine comes and goes, so rounds take turns and each measurement sees
 * the same good and bad times.
 * @throws whatever a measurement throws; nothing of the run can be used then
 */
export async function runRounds(
  measurements: readonly Measurement[],
  stage: Stage,
  { rounds, warmUpSeconds, say, ...round }: RunOptions,
): Promise<Measured[]> {
  const entrants = [];
  for (const measurement of measurements) {
    say(`${measurement.name}: preparing`);
    const run = await measurement.prepare(stage, round.signal);
    entrants.push({ measurement, run, found: new Array<RoundFigures>() });
  }
  for (const { measurement, run } of entrants) {
    say(`${measurement.name}: warming up`);
    await run({ ...round, seconds: warmUpSeconds });
  }
  for (let number = 1; number <= rounds; number += 1) {
    for (const { measurement, run, found } of entrants) {
      const figures = await run(round);
      found.push(figures);
      const rate = Math.round(figures.perSecond).toLocaleString('en');
      say(`round ${number} of ${rounds}, ${measurement.name}: ${rate} ${measurement.unit}/s`);
    }
  }
  return entrants.map(({ measurement, found }) => ({
    name: measurement.name,
    title: measurement.title,
    unit: measurement.unit,
    otherUnit: measurement.otherUnit,
    comparedTo: measurement.comparedTo,
    rounds: found,
  }));
}
