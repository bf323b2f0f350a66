/** What the web app's own server passes on, and what not. */
import { createServer as createHttpServer, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '@outcry/local/processes/ports.ts';
import { listenLocally } from '@outcry/local/testing/listen-locally.ts';

const get = (port: number, path: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    // Not fetch, which tidies paths up.
    const asked = request({ host: '127.0.0.1', port, path }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on('error', reject);
    asked.end();
  });

test('nobody goes on from an address that is passed on', async () => {
  const seen: string[] = [];
  const services = createHttpServer((incoming, outgoing) => {
    seen.push(incoming.url ?? '');
    outgoing.end('{}');
  });
  const url = `http://127.0.0.1:${await listenLocally(services)}`;
  onTestFinished(() => void services.close());
  process.env['GATEWAY_URL'] = url;
  const port = await freePort();
  const web = await createServer({
    root: fileURLToPath(new URL('.', import.meta.url)),
    configFile: fileURLToPath(new URL('vite.config.ts', import.meta.url)),
    logLevel: 'silent',
    server: { host: '127.0.0.1', port },
  });
  onTestFinished(() => web.close());
  await web.listen();
  for (const path of [
    '/v1/config/../dev/tokens',
    '/v1/config/%2e%2e/dev/tokens',
    '/v1/configuration',
    '/metrics',
    '/readyz',
  ]) {
    await get(port, path);
    expect([path, seen]).toEqual([path, []]);
  }
  expect(await get(port, '/v1/config')).toBe(200);
  expect(seen).toEqual(['/v1/config']);
});
