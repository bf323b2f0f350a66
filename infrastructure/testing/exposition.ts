/** Reads what `/metrics` answers (Prometheus's text format). */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
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
      value: sample[3] ?? '',
    });
  }
  return { types, samples };
}
