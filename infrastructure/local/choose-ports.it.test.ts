import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { choosePorts, portsFrom } from './choose-ports.ts';
import { SERVICES } from './parts.ts';
import { listenLocally } from './testing/listen-locally.ts';

async function takenPort(): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  return listenLocally(server);
}

test('variables set ports, and one that is no port is named', async () => {
  const env = { GATEWAY_PORT: '18080', REDIS_PORT: '16379', NATS_URL: 'nats://elsewhere' };
  const ports = await portsFrom(SERVICES, env, () => {});
  expect(ports).toMatchObject({ 'api-gateway': 18080, redis: 16379, web: 8000 });
  expect(ports).not.toHaveProperty('nats');
  await expect(portsFrom(SERVICES, { WEB_PORT: '80000' }, () => {})).rejects.toThrow(
    'WEB_PORT must be a port from 1 to 65535, not "80000".',
  );
});

test('a taken port of a service is refused with the variable that changes it', async () => {
  const port = await takenPort();
  const services = SERVICES.filter(({ name }) => name === 'web');
  await expect(choosePorts(services, { web: port })).rejects.toThrow(
    `Port ${port} of web is taken by another process. ` +
      'Stop that one, or choose another port with WEB_PORT.',
  );
});

test('services without a given port get free ones', async () => {
  const ports = await choosePorts(SERVICES, {});
  expect(new Set(Object.values(ports)).size).toBe(SERVICES.length);
});
