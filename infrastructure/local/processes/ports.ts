import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';

// Below the ranges from which Linux (32768 up) and macOS (49152 up) take the ports of outgoing
// connections: a port from those could be taken while its server is down between kill and start.
const LOWEST = 15_000;
const HIGHEST = 32_000;

/** Ports that this process was told of: their servers may not listen yet, or be down for a moment. */
const toldOf = new Set<number>();

/** A server could not have its port because another process holds it. */
export class PortTakenError extends Error {
  readonly port: number;

  constructor(name: string, port: number) {
    super(
      `${name} cannot start: port ${port} on 127.0.0.1 is taken by another process. ` +
        'Stop that process or choose another port.',
    );
    this.name = 'PortTakenError';
    this.port = port;
  }
}

/** Whether a server could listen on this port of 127.0.0.1 now. */
export async function isPortFree(port: number): Promise<boolean> {
  // On macOS one may listen on 127.0.0.1 although somebody listens on all addresses.
  return (await canListen(port)) && !(await canConnect(port));
}

/**
 * A TCP port of 127.0.0.1 that nobody uses now, chosen at random so that test runs beside each
 * other rarely meet. This process gets each port once.
 *
 * @throws Error when 200 guesses in a row are taken
 */
export async function freePort(): Promise<number> {
  for (let guess = 0; guess < 200; guess += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (toldOf.has(port)) continue;
    toldOf.add(port);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`found no free port between ${LOWEST} and ${HIGHEST}`);
}

/**
 * The first free port at or above `from`.
 *
 * @throws Error when the next 100 are all taken
 */
export async function nextFreePort(from: number): Promise<number> {
  for (let port = from; port < from + 100 && port < 65_536; port += 1) {
    if (await isPortFree(port)) return port;
  }
  throw new Error(`found no free port from ${from} to ${from + 99}`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      probe.close(() => resolve(true));
    });
  });
}

/** Whether a server takes a connection within 2 s. */
export function canConnect(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const finish = (connected: boolean): void => {
      socket.destroy();
      resolve(connected);
    };
    socket.setTimeout(2_000, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
