/** The report of one run: tables, and plots of what k6's own page cannot see. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as echarts from 'echarts';
import type { Latencies } from '@outcry/shared/testing/percentile.ts';
import { firstOf, ms, table, whole } from '../command-line.ts';
import type { LoadResult, Sample } from './run-load.ts';

const FAULTS_SHOWN = 20;

/** Writes `report.md` and its plots into the run's folder. @returns the page's path */
export async function writeReport(result: LoadResult, folder: string): Promise<string> {
  const plots = Object.entries(plotsOf(result));
  for (const [name, plot] of plots) await writeFile(join(folder, `${name}.svg`), plotSvg(plot));
  const page = join(folder, 'report.md');
  const images = plots.map(([name, { title }]) => `![${title}](${name}.svg)`);
  await writeFile(page, `${[reportText(result), ...images].join('\n\n')}\n`);
  return page;
}

/** What a run says at its end, as a page. */
export function reportText(result: LoadResult): string {
  const { options, figures, reconciliation, limitsKept, viewers, kills } = result;
  const { answered, inRedis, inPostgres, unknown, faults } = reconciliation;
  const since = (at: number): string => ((at - figures.beganAt) / 1000).toFixed(1);
  const times: [string, Latencies | undefined][] = [
    ['accepted bid to its answer', figures.accepted],
    ['refused bid to its answer', figures.refused],
    ['decision to viewer, Socket.IO', viewers?.sockets.latencies],
    ['decision to viewer, Server-Sent Events', viewers?.streams.latencies],
    ...kills.map(({ part, fromMs, toMs, bids }): [string, Latencies] => {
      return [`decided bid while ${part} was dead, ${since(fromMs)} to ${since(toMs)} s`, bids];
    }),
  ];
  const known = times.flatMap(([what, of]) =>
    of === undefined || of.count === 0
      ? []
      : [[what, whole(of.count), ...[of.p50, of.p95, of.p99, of.max].map(ms)]],
  );
  const answers = Object.entries({
    ...figures.answers,
    'due, but no bidder free': figures.dropped,
  });
  return [
    `# ${options.name}: ${limitsKept && faults.length === 0 ? 'nothing lost, all limits kept' : 'NOT GOOD'}`,
    `${options.about}; \`npm run load -- ${options.given}\`, ${result.startedAt.slice(0, 16)} UTC.`,
    table(['ms', 'count', 'p50', 'p95', 'p99', 'longest'], known),
    table(
      ['answer', 'bids'],
      answers.map(([answer, count]) => [answer, whole(count)]),
    ),
    `Limits ${limitsKept ? 'kept' : 'NOT KEPT'}: those of bids are in \`k6.html\`, k6's own page, and ` +
      '`k6.log`; 95 % of what viewers over Socket.IO get must come within 300 ms, 99 % within 750 ms.',
    `With the warm-up: 2xx ${whole(answered)} = events of bids in Redis ${whole(inRedis)} = rows in ` +
      `Postgres ${whole(inPostgres)}, unknown ${whole(unknown)}: ` +
      `**${faults.length === 0 ? 'agree' : 'DO NOT AGREE'}**`,
    ...firstOf(faults, FAULTS_SHOWN).map((fault) => `- ${fault}`),
    result.machine.text,
  ].join('\n\n');
}

function plotsOf({ figures: { beganAt }, samples, kills }: LoadResult): Record<string, Plot> {
  const since = (at: number): number => (at - beganAt) / 1000;
  const marks = kills.map(({ part, fromMs, toMs }) => {
    return { name: `${part} dead`, from: since(fromMs), to: since(toMs) };
  });
  const measured = samples.filter(({ at }) => at >= beganAt);
  const plot = (title: string, values: (each: Sample) => Point['values']): Plot => {
    const points = measured.map((each) => ({ x: since(each.at), values: values(each) }));
    return { title, points, marks, xName: 'seconds' };
  };
  return {
    batches: plot('bids in a script call', ({ meanBatch }) => ({ mean: meanBatch })),
    behind: plot('events behind', ({ unpublished, unarchived }) => {
      return { 'not yet in JetStream': unpublished, 'not yet in Postgres': unarchived };
    }),
    cores: plot('CPU cores in use', ({ cores }) => cores),
    memory: plot('memory, MiB', ({ memoryMib }) => memoryMib),
  };
}

interface Point {
  readonly x: number;
  /** By line; null or absent: not known. */
  readonly values: Readonly<Record<string, number | null>>;
  /** It is hollow: the machine was the limit there and not the design. */
  readonly isLimited?: boolean;
}

export interface Plot {
  /** What is measured, with its unit. */
  readonly title: string;
  readonly points: readonly Point[];
  readonly xName: string;
  /** Stretches of the x axis that are shaded. */
  readonly marks?: readonly { readonly name: string; readonly from: number; readonly to: number }[];
  /** x is what grows step by step: a logarithmic axis, and a symbol for each step. */
  readonly hasSteps?: boolean;
}

/** A plot drawn by ECharts. */
export function plotSvg({ title, points, xName, marks = [], hasSteps = false }: Plot): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 900, height: 300 });
  const areas = marks.map(({ name, from, to }) => [
    { name, xAxis: from, itemStyle: { color: 'rgba(192, 38, 58, 0.12)' } },
    { xAxis: to },
  ]);
  const axis = hasSteps ? { type: 'log', min: 'dataMin' } : { type: 'value', min: 0 };
  const lines = new Set(points.flatMap(({ values }) => Object.keys(values)));
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#fff',
      title: { text: title, textStyle: { fontSize: 14 } },
      legend: { top: 26, left: 50 },
      grid: { left: 60, right: 20, top: 66, bottom: 45 },
      xAxis: { ...axis, max: 'dataMax', name: xName, nameLocation: 'middle', nameGap: 28 },
      yAxis: { type: 'value', min: 0 },
      series: Array.from(lines, (name, i) => ({
        type: 'line',
        name,
        showSymbol: hasSteps,
        data: points.map(({ x, values, isLimited }) => ({
          value: [x, values[name] ?? null],
          symbolSize: 7,
          symbol: isLimited === true ? 'emptyCircle' : 'circle',
        })),
        ...(i === 0 && areas.length > 0 && { markArea: { data: areas } }),
      })),
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
