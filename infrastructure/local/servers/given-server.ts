import { canConnect } from '../processes/ports.ts';
import { waitUntil } from '../processes/wait-until.ts';
import type { LocalServer } from './local-server.ts';

/** A server that somebody else runs, found by its URL: it is neither stopped nor restarted. */
export async function givenServer(
  name: string,
  url: string,
  variable: string,
  defaultPort: number,
): Promise<LocalServer> {
  const { hostname, port: given } = new URL(url);
  const port = given === '' ? defaultPort : Number(given);
  try {
    await waitUntil(() => canConnect(port, hostname), { withinMs: 5000, everyMs: 200, what: name });
  } catch (error) {
    throw new Error(`${variable} names ${hostname}:${port}, but nothing answers there.`, {
      cause: error,
    });
  }
  return {
    name,
    url,
    port,
    pid: () => undefined,
    stop: () => Promise.resolve(),
    start: () => Promise.resolve(),
    kill: () => Promise.reject(new Error(`${name} was given by ${variable} and is not ours`)),
    onExit: () => () => {},
  };
}
