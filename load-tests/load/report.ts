/** The report of one run: a page of tables, with plots beside it. k6 writes a page of its own. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machineText } from '../system/machine.ts';
import { firstOf, ms, table, whole } from '../tables.ts';
import type { Latencies } from './figures.ts';
import { linesOf, plotSvg, type Plot } from './plot.ts';
import { isGood, type LoadResult } from './run-load.ts';
import type { Sample } from './sample-system.ts';

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
  const { machine, startedAt } = result;
  const { answered, inRedis, inPostgres, unknown, faults } = reconciliation;
  const accounts = faults.length === 0 ? 'agree' : 'DO NOT AGREE';
  const times: [string, Latencies | undefined][] = [
    ['accepted bid to its answer', figures.accepted],
    ['refused bid to its answer', figures.refused],
    ['decision to viewer, Socket.IO', viewers?.sockets.latencies],
    ['decision to viewer, Server-Sent Events', viewers?.streams.latencies],
  ];
  return [
    `# ${options.name}: ${isGood(result) ? 'nothing lost, all limits kept' : 'NOT GOOD'}`,
    `${options.plan.about}; \`npm run load -- ${options.given}\`, ${startedAt.slice(0, 16)} UTC.`,
    table(
      ['ms', 'count', 'p50', 'p95', 'p99', 'longest'],
      times.flatMap(([what, of]) =>
        of === undefined || of.count === 0
          ? []
          : [[what, whole(of.count), ...[of.p50, of.p95, of.p99, of.max].map(ms)]],
      ),
    ),
    table(
      ['answer', 'bids'],
      [
        ...Object.entries(figures.answers).map(([answer, count]) => [answer, whole(count)]),
        ['due, but no bidder was free', whole(figures.dropped)],
      ],
    ),
    ...(kills.length === 0
      ? []
      : [
          table(
            ['dead', 'seconds of the run', 'p50 ms meanwhile', 'p99 ms'],
            kills.map(({ part, fromMs, toMs, bids }) => [
              part,
              [fromMs, toMs].map((at) => ((at - figures.beganAt) / 1000).toFixed(1)).join(' to '),
              ms(bids.p50),
              ms(bids.p99),
            ]),
          ),
        ]),
    `Limits ${limitsKept ? 'kept' : 'NOT KEPT'}: those of bids are in \`k6.html\`, k6's own page, and ` +
      '`k6.log`; 95 % of what viewers over Socket.IO get must come within 300 ms, 99 % within 750 ms.',
    `With the warm-up: 2xx ${whole(answered)} = events of bids in Redis ${whole(inRedis)} = rows in ` +
      `Postgres ${whole(inPostgres)}, unknown ${whole(unknown)}: **${accounts}**`,
    ...firstOf(faults, FAULTS_SHOWN).map((fault) => `- ${fault}`),
    machineText(machine),
  ].join('\n\n');
}

function plotsOf({ figures: { beganAt }, samples, kills }: LoadResult): Record<string, Plot> {
  const sinceBegin = (at: number): number => (at - beganAt) / 1000;
  const marks = kills.map(({ part, fromMs, toMs }) => ({
    name: `${part} dead`,
    from: sinceBegin(fromMs),
    to: sinceBegin(toMs),
  }));
  const measured = samples.filter(({ at }) => at >= beganAt);
  const plot = (title: string, read: Parameters<typeof linesOf<Sample>>[2]): Plot => {
    const lines = linesOf(measured, ({ at }) => sinceBegin(at), read);
    return { title, lines, marks, xName: 'seconds' };
  };
  const parts = (which: 'cores' | 'memoryMib') =>
    Object.fromEntries(
      Object.keys(samples[0]?.[which] ?? {}).map((part) => [
        part,
        (each: Sample) => each[which][part],
      ]),
    );
  return {
    batches: plot('bids in a script call', { mean: ({ meanBatch }) => meanBatch }),
    behind: plot('events behind', {
      'not yet in JetStream': ({ unpublished }) => unpublished,
      'not yet in Postgres': ({ unarchived }) => unarchived,
    }),
    cores: plot('CPU cores in use', parts('cores')),
    memory: plot('memory, MiB', parts('memoryMib')),
  };
}
