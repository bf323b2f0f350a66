/**
 * The table, the dashboards and the alerts against what the services really report, and the alerts
 * while components are killed, evaluated by Prometheus's own tool.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { runCommand } from '@outcry/local/processes/run-command.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { obtainPromtool } from '@outcry/local/programs/programs.ts';
import { createAuction } from '../testing/bidders.ts';
import { deploySystem, type DeployedSystem } from '../testing/deployed-system.ts';
import { scrape, type Exposition, type Sample } from '../testing/exposition.ts';
import type { ImageService } from '../testing/image-service.ts';
import { ROOT } from '../testing/secured-servers.ts';

const HERE = join(ROOT, 'infrastructure/observability');

const rules = z
  .object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.object({
            alert: z.string(),
            expr: z.string(),
            for: z.string(),
            labels: z.object({ severity: z.enum(['critical', 'warning']) }),
            annotations: z.object({ summary: z.string(), runbook: z.string() }),
          }),
        ),
      }),
    ),
  })
  .parse(parse(readFileSync(join(HERE, 'alerts.yaml'), 'utf8')))
  .groups.flatMap((group) => group.rules);

const dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  panels: z.array(
    z.object({
      id: z.number(),
      title: z.string(),
      targets: z.array(z.object({ expr: z.string() })).min(1),
    }),
  ),
});

let system: DeployedSystem;
let promtool: string;
let services: ReadonlyMap<string, ImageService>;
const expositions = new Map<string, Exposition>();

beforeAll(async () => {
  promtool = await obtainPromtool();
  // The alerts count with the default number of shards.
  system = await deploySystem({ variables: { SHARDS: '16' } });
  const [gateway] = system.gateways;
  const [broadcaster] = system.broadcasters;
  const [worker] = system.workers;
  if (!gateway || !broadcaster || !worker) throw new Error('one of each is needed');
  services = new Map([
    ['api-gateway', gateway],
    ['broadcast-service', broadcaster],
    ['archival-worker', worker],
  ]);
  await createAuction(gateway.server.url, gateway.environment['JWT_SECRET'] ?? '');
  await waitUntil(
    async () => {
      const { samples } = await scrape(gateway.server.url);
      return valueOf(samples, 'outcry_keeper_shards') === 16;
    },
    { withinMs: 15_000, what: 'a keeper of every shard' },
  );
  for (const [name, { server }] of services) expositions.set(name, await scrape(server.url));
});
afterAll(() => system?.stop());

describe('what is reported', () => {
  test('docs/metrics.md names every metric, and no other', () => {
    const real = new Map<string, { type: string; services: string[] }>();
    for (const [service, { types }] of expositions) {
      for (const [name, type] of types) {
        if (!name.startsWith('outcry_')) continue;
        const known = real.get(name)?.services ?? [];
        real.set(name, { type, services: [...known, service] });
      }
    }
    const listed = tableOfMetrics().map(({ name, type, service }) => `${name} ${type} ${service}`);
    const expected = Array.from(
      real,
      ([name, { type, services: of }]) =>
        `${name} ${type} ${of.length === expositions.size ? 'all' : of.join(', ')}`,
    );
    expect(new Set(listed)).toEqual(new Set(expected));
  });

  test('names and labels keep the conventions', () => {
    const labelsOf = new Map(tableOfMetrics().map(({ name, labels }) => [name, labels]));
    for (const { types, samples } of expositions.values()) {
      for (const [name, type] of types) {
        if (name.startsWith('outcry_'))
          expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      }
      for (const { name, labels } of samples) {
        const allowed = labelsOf.get(familyOf(name));
        if (allowed === undefined) continue;
        const others = Object.keys(labels).filter(
          (label) => label !== 'service' && label !== 'le' && !allowed.includes(label),
        );
        expect({ name, others }).toEqual({ name, others: [] });
      }
    }
  });

  test('dashboards ask for metrics that exist', () => {
    const files = readdirSync(join(HERE, 'dashboards'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const text = readFileSync(join(HERE, 'dashboards', file), 'utf8');
      const { uid, panels } = dashboard.parse(JSON.parse(text));
      expect(`${uid}.json`).toBe(file);
      for (const { title, targets } of panels) {
        for (const { expr } of targets) expect([title, unknownIn(expr)]).toEqual([title, []]);
      }
    }
  });

  test('alerts ask for metrics that exist, and each has its page', () => {
    for (const { alert, expr, annotations } of rules) {
      expect([alert, unknownIn(expr)]).toEqual([alert, []]);
      const page = readFileSync(join(ROOT, annotations.runbook), 'utf8');
      expect(page.startsWith(`# ${alert}\n`)).toBe(true);
      for (const heading of ['What it means', 'How to see it', 'What to do']) {
        expect(page).toContain(`\n## ${heading}\n`);
      }
      // Metrics that a page names exist, too.
      expect([alert, unknownIn(page)]).toEqual([alert, []]);
    }
  });
});

describe('rules', () => {
  test('are valid, and each alert is shown true and not true', async () => {
    const tests = readFileSync(join(HERE, 'alerts-test.yaml'), 'utf8');
    for (const { alert } of rules) {
      expect(tests).toContain(`- name: ${alert} fires\n`);
      expect(tests).toContain(`- name: ${alert} silent\n`);
    }
    for (const args of [
      ['check', 'config', join(HERE, 'prometheus.yaml')],
      ['test', 'rules', join(HERE, 'alerts-test.yaml')],
    ]) {
      expect(await runCommand(promtool, args)).toMatchObject({ code: 0 });
    }
  });
});

describe('alerts of a real system', () => {
  test('none while all is well', async () => {
    await expectAlerts(await samplesNow(), []);
  });

  test('NATS dies', async () => {
    await system.servers.nats.kill();
    await expectAlerts(await samplesWith('outcry_handoff_open', 0), ['NatsAway']);
    await system.servers.nats.start();
  });

  test('Postgres dies', async () => {
    await system.servers.postgres.kill();
    await expectAlerts(await samplesWith('outcry_waiting_for', 1, 'postgres'), ['PostgresAway']);
    await system.servers.postgres.start();
  });

  test('Redis dies', async () => {
    await system.servers.redis.kill();
    await expectAlerts(await samplesWith('outcry_waiting_for', 1, 'redis'), ['RedisAway']);
    await system.servers.redis.start();
  });

  test('services die', async () => {
    await Promise.all(Array.from(services.values(), ({ server }) => server.kill()));
    await expectAlerts(await samplesNow(), ['GatewayDown', 'BroadcasterDown', 'WorkerDown']);
  });
});

interface TableRow {
  readonly name: string;
  readonly type: string;
  readonly service: string;
  readonly labels: readonly string[];
}

function tableOfMetrics(): TableRow[] {
  const rows = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8').matchAll(
    /^\| `([a-z_]+)` *\| (\w+) *\| ([a-z-]+) *\|([^|]*)\|/gm,
  );
  return Array.from(rows, ([, name = '', type = '', service = '', labels = '']) => ({
    name,
    type,
    service,
    labels: Array.from(labels.matchAll(/`(\w+)`/g), ([, label = '']) => label),
  }));
}

/** A histogram's series belong to its family. */
const familyOf = (series: string): string => series.replace(/_(bucket|sum|count)$/, '');

/** Metrics of a query, or of a text, that no service reports. */
function unknownIn(text: string): string[] {
  const known = new Set(['up']);
  for (const { types } of expositions.values()) for (const name of types.keys()) known.add(name);
  const named = text.match(/\b(outcry|nodejs|process)_[a-z0-9_]+/g) ?? [];
  return named.filter((name) => !known.has(name) && !known.has(familyOf(name)));
}

function valueOf(samples: readonly Sample[], name: string, part?: string): number | undefined {
  const found = samples.find((each) => each.name === name && each.labels['part'] === part);
  return found === undefined ? undefined : Number(found.value);
}

/** What Prometheus would have after asking every service once. */
async function samplesNow(): Promise<Sample[]> {
  const answers = await Promise.all(
    Array.from(services, async ([job, { server }]): Promise<Sample[]> => {
      const labels = { job, instance: `127.0.0.1:${server.port}` };
      const up = (value: string): Sample => ({ name: 'up', labels, value });
      try {
        const { samples } = await scrape(server.url);
        return [
          up('1'),
          ...samples.map(({ name, value, labels: own }) => ({
            name,
            value,
            labels: Object.assign({}, own, labels),
          })),
        ];
      } catch {
        return [up('0')];
      }
    }),
  );
  return answers.flat();
}

async function samplesWith(name: string, value: number, part?: string): Promise<Sample[]> {
  let samples: Sample[] = [];
  await waitUntil(
    async () => {
      samples = await samplesNow();
      return valueOf(samples, name, part) === value;
    },
    { withinMs: 20_000, everyMs: 100, what: `${name} being ${value}` },
  );
  return samples;
}

/** Lets Prometheus's rules look at these samples for ten minutes; `alerts` must fire then. */
async function expectAlerts(samples: readonly Sample[], alerts: readonly string[]): Promise<void> {
  const ofRules = samples.filter(({ name }) => rules.some(({ expr }) => expr.includes(name)));
  const firing = 'ALERTS{alertstate="firing"}';
  const file = join(system.folder, 'killed-test.yaml');
  await cp(join(HERE, 'alerts.yaml'), join(system.folder, 'alerts.yaml'));
  await writeFile(
    file,
    JSON.stringify({
      rule_files: ['alerts.yaml'],
      evaluation_interval: '10s',
      tests: [
        {
          interval: '10s',
          input_series: ofRules.map(({ name, labels, value }) => ({
            series: `${name}{${Object.entries(labels)
              .map(([label, text]) => `${label}="${text}"`)
              .join(',')}}`,
            values: `${value}x60`,
          })),
          promql_expr_test:
            alerts.length === 0
              ? [{ expr: `max(${firing})`, eval_time: '10m', exp_samples: [] }]
              : alerts.map((alert) => ({
                  expr: `max(${firing.replace('{', `{alertname="${alert}",`)})`,
                  eval_time: '10m',
                  exp_samples: [{ labels: '{}', value: 1 }],
                })),
        },
      ],
    }),
  );
  expect(await runCommand(promtool, ['test', 'rules', file])).toMatchObject({ code: 0 });
}
