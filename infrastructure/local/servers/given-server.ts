import { connect } from 'node:net';
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
    await waitUntil(() => accepts(hostname, port), { withinMs: 5000, everyMs: 200, what: name });
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

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2000, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
