/** The figures of a service, as it tells them in Prometheus's text format; pure. */

interface Sample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

export type Figures = readonly Sample[];

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/u;

/** Comments, and lines that are none of its, are passed over. */
export function parseFigures(text: string): Figures {
  return text.split('\n').flatMap((line): Sample[] => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined || !Number.isFinite(Number(value))) return [];
    return [{ name, labels, value: Number(value) }];
  });
}

/** The sum over all labels, or over those that hold `label`, such as `result="OK"`. */
export function total(figures: Figures, name: string, label = ''): number {
  return figures
    .filter((sample) => sample.name === name && sample.labels.includes(label))
    .reduce((sum, { value }) => sum + value, 0);
}

/** A gauge; undefined when the service has none of this name, or does not know its value. */
export const gaugeOf = (figures: Figures, name: string): number | undefined =>
  figures.some((sample) => sample.name === name) ? total(figures, name) : undefined;

/** Figures, and when they were read (ms, a steady clock). */
export interface Look {
  readonly atMs: number;
  readonly figures: Figures;
}

/** How much a counter rose between two looks; after a restart it counts from zero again. */
export function rise(before: Look, now: Look, name: string, label = ''): number {
  const risen = total(now.figures, name, label) - total(before.figures, name, label);
  return risen < 0 ? total(now.figures, name, label) : risen;
}

/** A counter's rise per second. */
export function rate(before: Look, now: Look, name: string, label = ''): number {
  const seconds = (now.atMs - before.atMs) / 1_000;
  return seconds <= 0 ? 0 : rise(before, now, name, label) / seconds;
}

/** The mean of what a histogram observed between two looks; undefined when that was nothing. */
export function meanSince(before: Look, now: Look, name: string): number | undefined {
  const count = rise(before, now, `${name}_count`);
  return count === 0 ? undefined : rise(before, now, `${name}_sum`) / count;
}

/**
 * The value that `share` of what a histogram observed between two looks did not exceed; undefined
 * when that was nothing. As Prometheus has it: spread evenly within a bucket, and never above the
 * highest bound.
 * @param share 0 to 1
 */
export function quantileSince(
  before: Look,
  now: Look,
  name: string,
  share: number,
): number | undefined {
  const rank = share * rise(before, now, `${name}_count`);
  if (rank === 0) return undefined;
  let below = { bound: 0, count: 0 };
  for (const bound of boundsOf(now.figures, name)) {
    const count = rise(before, now, `${name}_bucket`, `le="${bound}"`);
    if (count >= rank) {
      const part = (rank - below.count) / (count - below.count);
      return below.bound + part * (Number(bound) - below.bound);
    }
    below = { bound: Number(bound), count };
  }
  return below.bound;
}

/** The buckets' upper bounds as they are written, ascending; without the infinite one. */
function boundsOf(figures: Figures, name: string): readonly string[] {
  const bounds = figures
    .filter((sample) => sample.name === `${name}_bucket`)
    .map(({ labels }) => /le="([0-9.e-]+)"/u.exec(labels)?.[1] ?? '')
    .filter((bound) => bound !== '');
  return [...new Set(bounds)].toSorted((a, b) => Number(a) - Number(b));
}
