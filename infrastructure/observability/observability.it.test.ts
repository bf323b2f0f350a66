/**
 * The table, the dashboards and the alerts against what the services really report, and the alerts
 * that a Prometheus raises while components are killed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { freePort } from '@outcry/local/processes/ports.ts';
import { runCommand } from '@outcry/local/processes/run-command.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { obtainTool } from '@outcry/local/programs/programs.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { createServer } from '@outcry/local/servers/run-server.ts';
import { type Exposition, familyOf, figure, scrape } from '@outcry/shared/testing/metrics.ts';
import { createAuction } from '../testing/bidders.ts';
import { type DeployedSystem, deploySystem } from '../testing/deployed-system.ts';
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
const dashboards = readdirSync(join(HERE, 'dashboards')).map((file) => {
  const text = readFileSync(join(HERE, 'dashboards', file), 'utf8');
  const { uid, panels } = dashboard.parse(JSON.parse(text));
  return { file, uid, panels };
});

let system: DeployedSystem;
let promtool: string;
let prometheus: RunningPrometheus;
let services: ReadonlyMap<string, ImageService>;
const expositions = new Map<string, Exposition>();

beforeAll(async () => {
  promtool = await obtainTool('promtool');
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
    ['webhooks', system.webhooks],
  ]);
  await createAuction(gateway.server.url, gateway.environment['JWT_SECRET'] ?? '');
  await waitUntil(async () => (await figure(gateway.server.url, 'outcry_keeper_shards')) === 16, {
    withinMs: 15_000,
    what: 'a keeper of every shard',
  });
  for (const [name, { server }] of services) expositions.set(name, await scrape(server.url));
  const ports = Array.from(services, ([name, { server }]) => [name, server.port] as const);
  prometheus = await startPrometheus(system.folder, new Map(ports));
  await untilAlerts(
    'all services are seen',
    async () => (await prometheus.query('up')).length === 4,
  );
}, 120_000);
afterAll(async () => {
  await prometheus?.server.stop();
  await system?.stop();
});

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
    expect(dashboards.length).toBeGreaterThan(0);
    for (const { file, uid, panels } of dashboards) {
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

describe('alerts that Prometheus raises', () => {
  test('none while all is well, and every panel and rule is a query that it answers', async () => {
    const panels = dashboards.flatMap((each) => each.panels);
    const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    for (const expr of [...queries, ...rules.map((rule) => rule.expr)]) {
      await expect(prometheus.query(expr)).resolves.toBeDefined();
    }
    expect(await prometheus.alerts()).toEqual(new Set());
  });

  test.each([
    ['Redis', 'RedisAway', () => system.servers.redis],
    ['NATS', 'NatsAway', () => system.servers.nats],
    ['Postgres', 'PostgresAway', () => system.servers.postgres],
    ['api-gateway', 'GatewayDown', () => services.get('api-gateway')?.server],
    ['broadcast-service', 'BroadcasterDown', () => services.get('broadcast-service')?.server],
    ['archival-worker', 'WorkerDown', () => services.get('archival-worker')?.server],
    ['webhooks', 'WebhooksDown', () => services.get('webhooks')?.server],
  ])('%s dies: %s, until it is back', async (_, alert, find) => {
    const component = find();
    if (component === undefined) throw new Error('it does not run');
    await untilAllIsWell();
    await component.kill();
    await untilAlerts(`${alert} is true`, async () => (await prometheus.alerts()).has(alert));
    await component.start();
    await untilAllIsWell();
  });
});

const untilAllIsWell = (): Promise<void> =>
  untilAlerts('all is well', async () => (await prometheus.alerts()).size === 0);

async function untilAlerts(what: string, condition: () => Promise<boolean>): Promise<void> {
  await waitUntil(condition, { withinMs: 30_000, everyMs: 100, what });
}

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

/** Metrics of a query, or of a text, that no service reports. */
function unknownIn(text: string): string[] {
  const known = new Set(['up']);
  for (const { types } of expositions.values()) for (const name of types.keys()) known.add(name);
  const named = text.match(/\b(outcry|nodejs|process)_[a-z0-9_]+/g) ?? [];
  return named.filter((name) => !known.has(name) && !known.has(familyOf(name)));
}

/** In the deployments it is 10 s; a test does not wait that long to see a death. */
const LOOK_EVERY = '500ms';

const prometheusConfig = z
  .object({
    scrape_configs: z.tuple([z.object({ relabel_configs: z.array(z.unknown()) }).loose()]),
  })
  .loose();
const alertsAnswer = z.object({
  data: z.object({
    alerts: z.array(
      z.object({
        labels: z.object({ alertname: z.string() }),
      }),
    ),
  }),
});
const queryAnswer = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});

interface RunningPrometheus {
  readonly server: LocalServer;
  /** Names of the alerts whose condition is true now, for however short a time. */
  alerts(): Promise<Set<string>>;
  /** The values that a query finds. @throws Error with Prometheus's complaint about the query */
  query(expr: string): Promise<number[]>;
}

/**
 * Runs Prometheus with the deployments' own rules, on services of this machine. They are given to it
 * as Kubernetes would name them, so that the relabelling for Kubernetes is tried, too.
 * @param ports by service @throws Error when it does not come up
 */
async function startPrometheus(
  folder: string,
  ports: ReadonlyMap<string, number>,
): Promise<RunningPrometheus> {
  const place = join(folder, 'prometheus');
  await mkdir(place, { recursive: true });
  await cp(join(HERE, 'alerts.yaml'), join(place, 'alerts.yaml'));
  const settings = prometheusConfig.parse(
    parse(await readFile(join(HERE, 'prometheus-kubernetes.yaml'), 'utf8')),
  );
  const [{ relabel_configs }] = settings.scrape_configs;
  const here = {
    ...settings,
    global: { scrape_interval: LOOK_EVERY, evaluation_interval: LOOK_EVERY },
    scrape_configs: [
      {
        job_name: 'pods',
        relabel_configs,
        static_configs: Array.from(ports, ([service, port]) => ({
          targets: ['127.0.0.1'],
          labels: {
            __meta_kubernetes_pod_annotation_prometheus_io_scrape: 'true',
            __meta_kubernetes_pod_annotation_prometheus_io_port: `${port}`,
            __meta_kubernetes_pod_label_app_kubernetes_io_name: service,
          },
        })),
      },
    ],
  };
  // JSON is YAML.
  await writeFile(join(place, 'prometheus.yaml'), JSON.stringify(here));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = createServer({
    name: 'Prometheus',
    url,
    port,
    log: join(place, 'prometheus.log'),
    process: {
      file: await obtainTool('prometheus'),
      args: [
        `--config.file=${join(place, 'prometheus.yaml')}`,
        `--storage.tsdb.path=${join(place, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
    },
    stopSignal: 'SIGTERM',
    answers: () => ask(`${url}/-/ready`).then(Boolean, () => false),
  });
  await server.start();
  return {
    server,
    alerts: async () => {
      const { data } = alertsAnswer.parse(JSON.parse(await ask(`${url}/api/v1/alerts`)));
      return new Set(data.alerts.map(({ labels }) => labels.alertname));
    },
    query: async (expr) => {
      const answer = await ask(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
      return queryAnswer.parse(JSON.parse(answer)).data.result.map(({ value }) => Number(value[1]));
    },
  };
}

async function ask(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}
