/** `/healthz`, `/readyz` and `/metrics`, the same on every service. */
import type { Env, Hono } from 'hono';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** Names what is not ready, each with a plain reason; empty when traffic is welcome. */
export type Readiness = () => Readonly<Record<string, string>>;

/** A metrics registry with the process's own figures in it. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** `healthz`: the process lives. `readyz`: 200, or 503 with the reasons. `metrics`: Prometheus. */
export function addOperationRoutes<E extends Env>(
  app: Hono<E>,
  registry: Registry,
  readiness: Readiness,
): void {
  const waiting: Gauge = new Gauge({
    name: 'outcry_waiting_for',
    help: '1 for each part that this service is not ready without',
    labelNames: ['part'],
    registers: [registry],
    collect: () => {
      waiting.reset();
      for (const part of Object.keys(readiness())) waiting.set({ part }, 1);
    },
  });
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', (c) => {
    const waitingFor = readiness();
    const ready = Object.keys(waitingFor).length === 0;
    return c.json(
      ready ? { status: 'ready' } : { status: 'not ready', waitingFor },
      ready ? 200 : 503,
    );
  });
  app.get('/metrics', async (c) =>
    c.text(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  );
}
