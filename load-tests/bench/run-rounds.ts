/** Runs measurements side by side: one round of each, again and again. */
import type { TestBed } from '../system/test-bed.ts';
import { whole } from '../tables.ts';
import type { Measurement, RoundFigures, RoundOptions } from './measurement.ts';
import type { Measured } from './summary.ts';

export interface RunOptions extends RoundOptions {
  readonly rounds: number;
  readonly warmUpSeconds: number;
}

/**
 * What else runs on the machine comes and goes, so rounds take turns, each measurement first in
 * every other one, and all see the same good and bad times.
 * @throws whatever a measurement throws; nothing of the run can be used then
 */
export async function runRounds(
  measurements: readonly Measurement[],
  bed: TestBed,
  { rounds, warmUpSeconds, ...options }: RunOptions,
): Promise<Measured[]> {
  const entrants = [];
  for (const measurement of measurements) {
    bed.say(`${measurement.name}: preparing`);
    const run = await measurement.prepare(bed, options);
    entrants.push({ measurement, run, rounds: new Array<RoundFigures>() });
  }
  for (const { measurement, run } of entrants) {
    if (measurement.warmsUp === false) continue;
    bed.say(`${measurement.name}: warming up`);
    await run({ ...options, seconds: warmUpSeconds });
  }
  for (let number = 1; number <= rounds; number += 1) {
    for (const { measurement, run, rounds: found } of number % 2 === 0
      ? entrants.toReversed()
      : entrants) {
      options.signal.throwIfAborted();
      const figures = await run(options);
      found.push(figures);
      const { name, counts } = measurement;
      const rate = whole(figures.perSecond);
      bed.say(`round ${number} of ${rounds}, ${name}: ${rate} ${counts}/s`);
    }
  }
  return entrants.map(({ measurement, rounds: found }) => {
    const { name, title, counts, comparedTo, shouldBe } = measurement;
    return { name, title, counts, comparedTo, shouldBe, rounds: found };
  });
}
