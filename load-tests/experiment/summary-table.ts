/** The table of the latest runs in docs/experiments.md, and their reports beside it. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExperimentOptions } from './experiment-options.ts';
import type { ExperimentResult } from './run-experiment.ts';

const BEGIN = '<!-- results: written by npm run experiment -->';
const END = '<!-- end of results -->';
const TITLES = [
  'experiment',
  'date',
  '`npm run experiment --`',
  'load',
  'accepted/s',
  'accepted',
  'refused',
  'failed',
  'p50 ms',
  'p99 ms',
  'viewer p99 ms',
  'accounts',
  'limits',
];

/**
 * Replaces the experiment's row, or adds it, and copies what is small of its results: the report and
 * k6's summary.
 *
 * @param docs the folder with experiments.md
 * @param results the run's folder
 * @throws Error when the page has no table
 */
export async function recordInDocs(
  docs: string,
  result: ExperimentResult,
  results: string,
): Promise<void> {
  const page = join(docs, 'experiments.md');
  const reports = join(docs, 'reports');
  const file = fileName(result.options);
  await mkdir(reports, { recursive: true });
  await copyFile(join(results, 'report.html'), join(reports, `${file}.html`));
  await copyFile(join(results, 'summary.json'), join(reports, `${file}.json`));
  await writeFile(page, withRow(await readFile(page, 'utf8'), rowOf(result)));
}

type Variant = Pick<ExperimentOptions, 'name' | 'model' | 'bids' | 'plan'>;

/** What is changed so much that it is another experiment. */
function variations({ model, bids, plan }: Variant): string[] {
  if (plan.replays === true) return [];
  return [
    ...(bids === 'both' ? [] : [`${bids} bids`]),
    ...(model === 'open' ? [] : ['closed model']),
  ];
}

/** Such as `contention-exact-bids`. */
export const fileName = (of: Variant): string =>
  [of.name, ...variations(of)].join('-').replaceAll(' ', '-');

/**
 * The page with the row in its table; one row an experiment, by its first cell. Pure.
 * @throws Error when the page has no place for the table
 */
export function withRow(page: string, row: readonly string[]): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from === -1 || to < from) throw new Error(`the page has no lines "${BEGIN}" and "${END}"`);
  const rows = page
    .slice(from + BEGIN.length, to)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([name]) => name !== row[0]);
  const all = [...rows, row].toSorted(([a = ''], [b = '']) =>
    linkText(a).localeCompare(linkText(b)),
  );
  return `${page.slice(0, from)}${BEGIN}\n\n${markdownTable(TITLES, all)}\n\n${page.slice(to)}`;
}

/** Of `[text](address)`, or the text itself. */
const linkText = (cell: string): string => /^\[([^\]]*)/.exec(cell)?.[1] ?? cell;

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const ms = (value: number): string => (value < 10 ? value.toFixed(1) : whole(value));

function rowOf(result: ExperimentResult): string[] {
  const { options, figures, reconciliation, limitsKept, startedAt } = result;
  const { name, rate, vus, seconds, viewers, auctions, model, plan } = options;
  const load = model === 'open' ? `${rate} bids/s` : `${vus} bidders`;
  const what = plan.replays === true ? ['eBay'] : [load];
  return [
    `[${[name, ...variations(options)].join(', ')}](reports/${fileName(options)}.html)`,
    startedAt.slice(0, 10),
    `\`${options.given}\``,
    [
      ...what,
      `${seconds} s`,
      `${auctions} ${auctions === 1 ? 'auction' : 'auctions'}`,
      ...(viewers === 0 ? [] : [`${viewers} viewers`]),
    ].join(', '),
    whole(figures.accepted.count / (plan.replays === true ? figures.seconds.length : seconds)),
    whole(figures.accepted.count),
    whole(figures.refused.count),
    whole(reconciliation.unknown),
    ms(figures.accepted.p50),
    ms(figures.accepted.p99),
    figures.viewers.count === 0 ? '' : ms(figures.viewers.p99),
    reconciliation.faults.length === 0 ? 'agree' : 'do not agree',
    limitsKept ? 'kept' : 'not kept',
  ];
}

/** With padded columns, as the formatter wants them. */
export function markdownTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = titles.map((title, i) =>
    Math.max(3, title.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, i) => (cells[i] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(titles), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join(
    '\n',
  );
}
