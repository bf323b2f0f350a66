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

/** A counter's rise a second. */
export function rate(before: Look, now: Look, name: string, label = ''): number {
  const seconds = (now.atMs - before.atMs) / 1_000;
  return seconds <= 0 ? 0 : rise(before, now, name, label) / seconds;
}

/** The mean of what a histogram observed between two looks; undefined when that was nothing. */
export function meanSince(before: Look, now: Look, name: string): number | undefined {
  const count = rise(before, now, `${name}_count`);
  return count === 0 ? undefined : rise(before, now, `${name}_sum`) / count;
}
