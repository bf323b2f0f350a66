/**
 * Runs Prometheus with the deployments' own rules, on services of this machine. They are given to it
 * as Kubernetes would name them, so that the relabelling for Kubernetes is tried, too.
 */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { freePort } from '@outcry/local/processes/ports.ts';
import { obtainPrometheus } from '@outcry/local/programs/programs.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { createServer } from '@outcry/local/servers/run-server.ts';
import { ROOT } from './secured-servers.ts';

const HERE = join(ROOT, 'infrastructure/observability');
/** In the deployments it is 10 s; a test does not wait that long to see a death. */
const LOOK_EVERY = '500ms';

const config = z
  .object({
    scrape_configs: z.tuple([z.object({ relabel_configs: z.array(z.unknown()) }).loose()]),
  })
  .loose();
const alerts = z.object({
  data: z.object({
    alerts: z.array(
      z.object({
        labels: z.object({ alertname: z.string() }),
      }),
    ),
  }),
});
const found = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});

export interface RunningPrometheus {
  readonly server: LocalServer;
  /** Names of the alerts whose condition is true now, for however short a time. */
  alerts(): Promise<Set<string>>;
  /** The values that a query finds. @throws Error with Prometheus's complaint about the query */
  query(expr: string): Promise<number[]>;
}

/** @param ports by service @throws Error when it does not come up */
export async function startPrometheus(
  folder: string,
  ports: ReadonlyMap<string, number>,
): Promise<RunningPrometheus> {
  const place = join(folder, 'prometheus');
  await mkdir(place, { recursive: true });
  await cp(join(HERE, 'alerts.yaml'), join(place, 'alerts.yaml'));
  const settings = config.parse(
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
      file: await obtainPrometheus(),
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
      const { data } = alerts.parse(JSON.parse(await ask(`${url}/api/v1/alerts`)));
      return new Set(data.alerts.map(({ labels }) => labels.alertname));
    },
    query: async (expr) => {
      const answer = await ask(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
      return found.parse(JSON.parse(answer)).data.result.map(({ value }) => Number(value[1]));
    },
  };
}

async function ask(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}
