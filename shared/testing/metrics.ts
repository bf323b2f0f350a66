/** Reads what `/metrics` of a service answers (Prometheus's text format). */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  /** Metric to `counter`, `gauge`, `histogram` or `summary`, also of those without a sample. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
}

const SAMPLE = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/i;

/** @throws Error when the service does not answer */
export async function scrape(url: string): Promise<Exposition> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) });
  const lines = (await response.text()).split('\n');
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of lines) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type !== null) types.set(type[1] ?? '', type[2] ?? '');
    const sample = line.startsWith('#') ? null : SAMPLE.exec(line);
    if (sample === null) continue;
    const pairs = Array.from((sample[2] ?? '').matchAll(/([a-z_]+)="([^"]*)"/g));
    samples.push({
      name: sample[1] ?? '',
      labels: Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value] as const)),
      value: Number(sample[3]),
    });
  }
  return { types, samples };
}

/** A histogram's series belong to its family. */
export const familyOf = (series: string): string => series.replace(/_(bucket|sum|count)$/, '');

/**
 * One figure of a service, the sum over all labels that `labels` does not fix. A counter that never
 * counted such a thing is 0; anything else without a sample is NaN.
 *
 * @throws Error when the service does not answer, or knows no such metric
 */
export const figure = async (
  url: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> => figureIn(await scrape(url), name, labels);

/** As `figure`, for several figures of one moment. @throws Error when there is no such metric */
export function figureIn(
  { types, samples }: Exposition,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const type = types.get(name) ?? types.get(familyOf(name));
  if (type === undefined) throw new Error(`there is no metric ${name}`);
  const fixed = Object.entries(labels);
  const found = samples.filter(
    (sample) => sample.name === name && fixed.every(([key, value]) => sample.labels[key] === value),
  );
  if (found.length === 0 && type !== 'counter') return Number.NaN;
  return found.reduce((sum, { value }) => sum + value, 0);
}

/** A metric's name, and the labels that it must have. */
type Wanted = readonly [string, Readonly<Record<string, string>>?];
type Figures<K extends string> = Readonly<Record<K, number>>;

/**
 * Counters and gauges of one moment, summed over several processes of a service.
 * @throws Error when one of them does not answer, or knows no such metric
 */
export async function totals<K extends string>(
  urls: readonly string[],
  wanted: Readonly<Record<K, Wanted>>,
): Promise<Figures<K>> {
  const all = await Promise.all(urls.map(scrape));
  return mapped(wanted, ([name, labels]) =>
    all.reduce((sum, each) => sum + figureIn(each, name, labels), 0),
  );
}

/** What was counted between two readings. */
export const countedSince = <K extends string>(before: Figures<K>, after: Figures<K>) =>
  mapped(after, (value, name) => value - before[name]);

const mapped = <K extends string, A>(
  record: Readonly<Record<K, A>>,
  change: (value: A, name: K) => number,
) =>
  Object.fromEntries(
    Object.entries<A>(record).map(([name, value]) => [name, change(value, name as K)]),
  ) as Figures<K>;
