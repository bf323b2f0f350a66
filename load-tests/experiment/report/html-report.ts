/** The report of one run as one HTML page that needs no other file; pure. */
import type { Bucket, Latencies, Second } from '../figures.ts';
import { isGood, type ExperimentResult } from '../run-experiment.ts';
import { STYLE } from './style.ts';
import { barPlot, escapeText, linePlot, shortNumber, type Line, type Mark } from './svg.ts';

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : whole(value)} ms`;

export function htmlReport(result: ExperimentResult): string {
  const { options, startedAt } = result;
  const good = isGood(result);
  const { name, plan } = options;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(name)}: an experiment with Outcry</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeText(name)}</h1>
<p class="soft">${escapeText(plan.about)} · ${startedAt.slice(0, 16).replace('T', ' ')} UTC</p>
<p class="verdict${good ? '' : ' bad'}">${good ? 'Nothing lost, all limits kept' : verdictText(result)}</p>
${cards(result)}
${reconciled(result)}
${limitsSection(result)}
${latencySection(result)}
${throughput(result)}
${viewersSection(result)}
${inside(result)}
${settings(result)}
</main>
</body>
</html>
`;
}

function verdictText({ reconciliation, limitsKept }: ExperimentResult): string {
  return [
    reconciliation.faults.length > 0 ? 'The accounts do not agree' : 'Nothing lost',
    limitsKept ? 'all limits kept' : 'not all limits kept',
  ].join(', ');
}

function cards({ figures, options, samples }: ExperimentResult): string {
  const seconds = options.plan.replays === true ? figures.seconds.length : options.seconds;
  const batches = samples.flatMap(({ meanBatch }) => (meanBatch === null ? [] : [meanBatch]));
  const mean = batches.reduce((sum, each) => sum + each, 0) / Math.max(1, batches.length);
  const found: [string, string][] = [
    [whole(figures.accepted.count), 'bids accepted'],
    [`${shortNumber(figures.accepted.count / seconds)}/s`, 'accepted'],
    [ms(figures.accepted.p50), 'p50, bid to answer'],
    [ms(figures.accepted.p99), 'p99'],
    [whole(figures.refused.count), 'refused by the rules'],
    [`${failures(figures.answers)}`, 'failed'],
    ...(figures.viewers.count === 0
      ? []
      : ([[ms(figures.viewers.p99), 'p99, decision to viewer']] as [string, string][])),
    [mean.toFixed(1), 'bids in a script call'],
  ];
  const inside = found.map(
    ([value, about]) => `<div class="card"><b>${value}</b><span>${about}</span></div>`,
  );
  return `<div class="cards">${inside.join('')}</div>`;
}

const failures = (answers: Readonly<Record<string, number>>): number =>
  ['NO_ANSWER', 'UNAVAILABLE', 'OUTCOME_UNKNOWN', 'INTERNAL'].reduce(
    (sum, answer) => sum + (answers[answer] ?? 0),
    0,
  );

function reconciled({ reconciliation }: ExperimentResult): string {
  const { answered, inRedis, inPostgres, unknown, faults } = reconciliation;
  const list = faults.map((fault) => `<li>${escapeText(fault)}</li>`).join('');
  return `<h2>Do the accounts agree?</h2>
<p class="soft">Every bid that was answered 2xx, the warm-up's too, is one event in Redis and one row in Postgres.</p>
${table(
  ['', 'bids'],
  [
    ['answered 2xx, counted by k6', whole(answered)],
    ['events in Redis', whole(inRedis)],
    ['rows in Postgres', whole(inPostgres)],
    ['answers that were lost', whole(unknown)],
  ],
)}
${faults.length === 0 ? '' : `<ul class="faults">${list}</ul>`}`;
}

function limitsSection({ limits }: ExperimentResult): string {
  return `<h2>Were the limits kept?</h2>
<p class="soft">They are part of the scenario, and the same with and without faults.</p>
${table(
  ['', 'limit', 'found', ''],
  limits.map(({ what, limit, found, kept }) => [
    what,
    limit,
    found === null ? 'none' : shortNumber(found),
    kept ? 'kept' : 'NOT KEPT',
  ]),
)}`;
}

function latencySection({ figures, faults }: ExperimentResult): string {
  const rows: [string, Latencies][] = [
    ['accepted', figures.accepted],
    ['refused', figures.refused],
    ['decision to viewer', figures.viewers],
  ];
  return `<h2>How long a bid takes</h2>
<p class="soft">From the moment a bid was due until its answer.</p>
${table(
  ['', 'bids', 'p50', 'p95', 'p99', 'longest'],
  rows
    .filter(([, of]) => of.count > 0)
    .map(([name, of]) => [name, whole(of.count), ms(of.p50), ms(of.p95), ms(of.p99), ms(of.max)]),
)}
${histogramPlot('bids by time', 'bids', figures.histogram)}
<h2>Latency over time</h2>
${secondsPlot(figures.seconds, marks(faults, figures.beganAt), 'bids')}`;
}

const histogramPlot = (title: string, yName: string, buckets: readonly Bucket[]): string =>
  barPlot(
    { title, xName: 'ms, each bar up to the number on its right; logarithmic', yName },
    buckets.map(({ upToMs, count }) => ({ label: shortNumber(upToMs), value: count })),
  );

function secondsPlot(
  seconds: readonly Second[],
  shaded: readonly Mark[],
  which: 'bids' | 'viewers',
): string {
  const line = (name: string, read: (of: Latencies) => number): Line => ({
    name,
    points: seconds.map((each) => {
      const of = each[which];
      return { x: each.second, y: of === null ? null : read(of) };
    }),
  });
  return linePlot({
    title: `latency of ${which} over time`,
    xName: 'seconds',
    yName: 'ms',
    marks: shaded,
    lines: [line('p50', (of) => of.p50), line('p95', (of) => of.p95), line('p99', (of) => of.p99)],
  });
}

const marks = (faults: ExperimentResult['faults'], beganAt: number): Mark[] =>
  faults.map(({ part, fromMs, toMs }) => ({
    name: `${part} dead`,
    from: (fromMs - beganAt) / 1000,
    to: (toMs - beganAt) / 1000,
  }));

function throughput({ figures, faults }: ExperimentResult): string {
  const line = (name: 'accepted' | 'refused' | 'failed'): Line => ({
    name,
    points: figures.seconds.map((each) => ({ x: each.second, y: each[name] })),
  });
  const answers = Object.entries(figures.answers).toSorted(([, a], [, b]) => b - a);
  return `<h2>Bids a second</h2>
${linePlot({
  title: 'bids a second by answer',
  xName: 'seconds',
  yName: 'bids/s',
  marks: marks(faults, figures.beganAt),
  lines: [line('accepted'), line('refused'), line('failed')],
  stacked: true,
})}
${table(
  ['answer', 'bids'],
  [
    ...answers.map(([answer, count]) => [answer, whole(count)]),
    ...(figures.dropped === 0 ? [] : [['due, but no bidder was free', whole(figures.dropped)]]),
  ],
)}`;
}

function viewersSection({ figures, streams, faults, options }: ExperimentResult): string {
  if (figures.viewers.count === 0) return '';
  const { latencies: sse } = streams ?? { latencies: undefined };
  const rows: [string, number, Latencies][] = [
    ['Socket.IO', options.viewers, figures.viewers],
    ...(sse === undefined || streams === null
      ? []
      : ([['Server-Sent Events', streams.viewers, sse]] as [string, number, Latencies][])),
  ];
  return `<h2>When viewers know</h2>
<p class="soft">From the instant at which Redis accepted a bid until a viewer has the event. Whether all events came, in order, is among the limits. The clock counts whole milliseconds, hence the empty bars between 1 and 5.</p>
${table(
  ['', 'viewers', 'events', 'p50', 'p95', 'p99', 'longest'],
  rows.map(([name, viewers, of]) => [
    name,
    whole(viewers),
    whole(of.count),
    ms(of.p50),
    ms(of.p95),
    ms(of.p99),
    ms(of.max),
  ]),
)}
${histogramPlot('events by time to a viewer', 'events', figures.viewerHistogram)}
${secondsPlot(figures.seconds, marks(faults, figures.beganAt), 'viewers')}`;
}

function inside({ samples, figures, faults }: ExperimentResult): string {
  const shaded = marks(faults, figures.beganAt);
  const plot = (yName: string, lines: [string, (index: number) => number | null][]): string =>
    linePlot({
      title: yName,
      xName: 'seconds',
      yName,
      marks: shaded,
      lines: lines.map(([name, read]) => ({
        name,
        points: samples
          .map(({ at }, i) => ({ x: (at - figures.beganAt) / 1000, y: read(i) }))
          .filter(({ x }) => x >= 0),
      })),
    });
  const parts = [...new Set(samples.flatMap(({ memoryMib }) => Object.keys(memoryMib)))];
  const perPart = (which: 'cores' | 'memoryMib', names: readonly string[]) =>
    names.map((part): [string, (index: number) => number | null] => [
      part,
      (i) => samples[i]?.[which][part] ?? null,
    ]);
  return `<h2>Inside</h2>
<p class="soft">Bids that arrive for the same auction while a script call is under way form the next call.</p>
${plot('bids in a script call', [['mean of a second', (i) => samples[i]?.meanBatch ?? null]])}
<p class="soft">Events that Redis has, and JetStream or Postgres has not yet confirmed.</p>
${plot('events behind', [
  ['not yet in JetStream', (i) => samples[i]?.unpublished ?? null],
  ['not yet in Postgres', (i) => samples[i]?.unarchived ?? null],
])}
<p class="soft">The machine has to run k6 and Postgres too, which are in its line only.</p>
${plot('CPU cores in use', perPart('cores', [...parts, 'machine']))}
${plot('memory, MiB', perPart('memoryMib', parts))}`;
}

function settings({ options, machine, system }: ExperimentResult): string {
  const { rate, vus, seconds, warmUpSeconds, viewers, auctions, model, bids, plan } = options;
  const load =
    plan.replays === true
      ? `${auctions} real auctions, seven days in ${seconds} s`
      : model === 'open'
        ? `${rate} bids due a second, at most ${vus} at once (open model)`
        : `${vus} bidders, each waits for its answer (closed model)`;
  const servers = Object.entries(machine.servers).map(([name, version]) => `${name} ${version}`);
  return `<h2>How it was measured</h2>
<div class="wide">${table(
    ['', ''],
    [
      ['load', load],
      ['bids', plan.replays === true ? 'the recorded maximum bids' : bids],
      ['time', `${seconds} s after ${warmUpSeconds} s of warm-up`],
      ['auctions, viewers', `${whole(auctions)}, ${whole(viewers)}`],
      ['system', system],
      [
        'machine',
        `${machine.cpuModel}, ${machine.cpus} cores, ${machine.memoryGib} GiB, ${machine.system}`,
      ],
      ['versions', [`Node ${machine.node}`, ...servers].join(', ')],
      ['an fsync takes', ms(machine.fsyncMs)],
    ],
  )}</div>
<p class="soft">k6, the servers and the services share this machine's cores. Raw points are in raw.csv.gz, all figures in figures.json.</p>`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const numbers = /^[\d,.]+( ms)?$/;
  const cell = (tag: 'td' | 'th', text: string, i: number): string => {
    const right = i > 0 && rows.every((row) => numbers.test(row[i] ?? ''));
    return `<${tag}${right ? ' class="n"' : ''}>${escapeText(text)}</${tag}>`;
  };
  const line = (tag: 'td' | 'th', texts: readonly string[]): string =>
    `<tr>${texts.map((text, i) => cell(tag, text, i)).join('')}</tr>`;
  const titles = head.every((text) => text === '') ? '' : line('th', head);
  return `<table>${titles}${rows.map((row) => line('td', row)).join('')}</table>`;
}
