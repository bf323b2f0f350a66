/** The Compose file against what the services, the secrets and the balancer really are. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { mustRun } from '@outcry/local/processes/run-command.ts';
import { ROOT, type Variables } from '../testing/secured-servers.ts';
import { environmentFaults } from '../testing/service-variables.ts';

const FOLDER = join(ROOT, 'infrastructure/docker');
const OWN = ['api-gateway', 'broadcast-service', 'archival-worker', 'web'];

const network = z.object({ ipv4_address: z.string().optional() }).loose();
const service = z.object({
  image: z.string(),
  build: z.object({ context: z.string(), dockerfile: z.string(), target: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  user: z.string().optional(),
  restart: z.string(),
  stop_grace_period: z.string(),
  logging: z.object({ driver: z.string(), options: z.record(z.string(), z.string()) }),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  ulimits: z.unknown().optional(),
  shm_size: z.string().optional(),
  env_file: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  healthcheck: z.record(z.string(), z.unknown()).optional(),
  profiles: z.array(z.string()).optional(),
  networks: z.union([z.array(z.string()), z.record(z.string(), network)]),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({
        condition: z.enum(['service_healthy', 'service_completed_successfully']),
      }),
    )
    .default({}),
});
const file = z.object({
  services: z.record(z.string(), service.strict()),
  volumes: z.record(z.string(), z.unknown()),
  networks: z.record(z.string(), z.unknown()),
});

const compose = file.parse(
  parse(readFileSync(join(FOLDER, 'compose.yaml'), 'utf8'), { merge: true }),
);
const services = Object.entries(compose.services);
const imageOf = (image: string): string => /^(?:outcry-)?([^:]+)/.exec(image)?.[1] ?? '';

let secrets: string;
beforeAll(async () => {
  const parent = mkdtempSync(join(tmpdir(), 'outcry-compose-'));
  secrets = join(parent, 'secrets');
  await mustRun(process.execPath, [join(ROOT, 'infrastructure/access/make-secrets.mjs'), secrets]);
});
afterAll(() => rmSync(join(secrets, '..'), { recursive: true, force: true }));

test('the parts that are promised are there', () => {
  expect(services.map(([name]) => name).toSorted()).toEqual(
    [
      'alertmanager',
      'balancer',
      'broadcaster-1',
      'broadcaster-2',
      'gateway-1',
      'gateway-2',
      'grafana',
      'jaeger',
      'migrate',
      'nats',
      'postgres',
      'prometheus',
      'redis',
      'web',
      'webhooks-1',
      'webhooks-2',
      'worker-1',
      'worker-2',
    ].toSorted(),
  );
});

test('every service reads its environment without a complaint', () => {
  for (const [name, { image, command, env_file, environment }] of services) {
    const [, started] = /^(?:run-)?([a-z]+)\.js$/.exec(command?.at(-1) ?? '') ?? [];
    const program = image.startsWith('outcry-') && started ? started : imageOf(image);
    const given = Object.fromEntries(
      Object.entries(environment).map(([key, value]) => [key, withDefaults(value)]),
    );
    const all = Object.assign({}, ...env_file.map(readSecrets), given) as Variables;
    expect({ name, faults: environmentFaults(program, all) }).toEqual({ name, faults: [] });
  }
});

test('images have exact versions; our own write nothing and have no rights', () => {
  for (const [name, { image, read_only, cap_drop, security_opt, build }] of services) {
    expect(image, name).toMatch(/:v?\d+\.\d+\.\d+(-[a-z0-9.]+)?$|:\d+\.\d+-alpine$/);
    if (!image.startsWith('outcry-')) continue;
    expect(OWN).toContain(build?.target);
    expect(imageOf(image)).toBe(build?.target);
    expect({ read_only, cap_drop, security_opt }).toEqual({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  }
});

test('who waits for somebody waits for a health check that exists', () => {
  const targets = readFileSync(join(FOLDER, 'Dockerfile'), 'utf8');
  // An image's own check counts for our images: each target or its base has one.
  expect(targets.match(/HEALTHCHECK/g)).toHaveLength(2);
  for (const [name, { depends_on }] of services) {
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const found = compose.services[other];
      expect(found, `${name} waits for ${other}`).toBeDefined();
      if (condition === 'service_healthy' && found?.image.startsWith('outcry-') === false) {
        expect(found.healthcheck?.['test'], other).toBeDefined();
      }
    }
  }
});

test('files, volumes and networks that are named exist', () => {
  for (const [name, { volumes, networks }] of services) {
    for (const volume of volumes) {
      const [from = ''] = volume.split(':');
      if (!from.startsWith('.')) expect(Object.keys(compose.volumes), name).toContain(from);
      else if (from.startsWith('./secrets/')) {
        expect(existsSync(join(secrets, basename(from))), from).toBe(true);
      } else expect(existsSync(join(FOLDER, from)), from).toBe(true);
    }
    const joined = Array.isArray(networks) ? networks : Object.keys(networks);
    for (const network of joined) expect(Object.keys(compose.networks)).toContain(network);
  }
});

test('the balancer sends to services that exist, at ports that they listen on', () => {
  const config = readFileSync(join(FOLDER, 'balancer.conf'), 'utf8');
  const targets = Array.from(config.matchAll(/^\s+server ([a-z0-9-]+):(\d+)/gm));
  expect(targets).toHaveLength(7);
  const dockerfile = readFileSync(join(FOLDER, 'Dockerfile'), 'utf8');
  for (const [, name = '', port = ''] of targets) {
    const target = compose.services[name]?.build?.target ?? 'no such service';
    const stage = dockerfile.split(/^FROM /m).find((part) => part.includes(` AS ${target}\n`));
    expect(stage, name).toContain(`EXPOSE ${port}\n`);
    const networks = compose.services[name]?.networks;
    const address = Array.isArray(networks) ? undefined : networks?.['inside']?.ipv4_address;
    expect(address, `a fixed address of ${name}`).toMatch(/^172\.30\.0\.\d+$/);
  }
});

test('only the balancer is open to others; Alertmanager, Grafana and Jaeger to this machine', () => {
  const open = services.filter(([, { ports }]) => ports.length > 0);
  expect(open.map(([name, { ports }]) => [name, ports])).toEqual([
    ['balancer', ['8080:8080']],
    ['alertmanager', ['127.0.0.1:9093:9093']],
    ['grafana', ['127.0.0.1:3000:3000']],
    ['jaeger', ['127.0.0.1:16686:16686']],
  ]);
});

function readSecrets(path: string): Variables {
  const lines = readFileSync(join(secrets, basename(path)), 'utf8')
    .trim()
    .split('\n');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** `${NAME:-value}` as Compose reads it when NAME is not set. */
const withDefaults = (text: string): string => text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
