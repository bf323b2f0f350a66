/** Reads k6's CSV of single measurements. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

export interface Point {
  readonly metric: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly value: number;
  readonly scenario: string;
  readonly tags: URLSearchParams;
}

/**
 * Every point, in the order of the file; such as
 * `bid_ms,1763735000123,4.2,main,answer=accepted,`.
 * @throws Error when the columns are not k6's
 */
export async function* readPoints(file: string): AsyncGenerator<Point> {
  const lines = createInterface({ input: createReadStream(file).pipe(createGunzip()) });
  let read: ((line: string) => Point) | undefined;
  for await (const line of lines) {
    if (read === undefined) read = reader(line);
    else yield read(line);
  }
}

/** @param header the first line: system tags stand between the value and the extra tags */
export function reader(header: string): (line: string) => Point {
  const columns = header.split(',');
  const [metric, at, value, scenario, tags] = [
    'metric_name',
    'timestamp',
    'metric_value',
    'scenario',
    'extra_tags',
  ].map((name) => {
    const index = columns.indexOf(name);
    if (index === -1) throw new Error(`k6's CSV has no column ${name}: ${header}`);
    return index;
  });
  return (line) => {
    const cells = line.split(',');
    const cell = (index = 0): string => cells[index] ?? '';
    return {
      metric: cell(metric),
      at: Number(cell(at)),
      value: Number(cell(value)),
      scenario: cell(scenario),
      tags: new URLSearchParams(cell(tags)),
    };
  };
}
