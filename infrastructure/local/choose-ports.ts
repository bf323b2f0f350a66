import type { ServicePart } from './parts.ts';
import { freePort, isPortFree, nextFreePort } from './processes/ports.ts';
import { SERVERS } from './start-servers.ts';

/**
 * The ports for a start by hand. A server whose usual port is taken gets the next free one: only
 * the services need to know it. Those are called by people, so their ports stay as they are.
 *
 * @returns ports by part name
 * @throws Error for a variable that is no port, or a server's port that was asked for and is taken
 */
export async function portsFrom(
  services: readonly ServicePart[],
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const ports: Record<string, number> = {};
  for (const { name, portVariable, defaultPort } of services) {
    ports[name] = portFrom(env, portVariable) ?? defaultPort;
  }
  for (const [name, { port, portIn: variable, urlIn }] of Object.entries(SERVERS)) {
    if ((env[urlIn] ?? '') !== '') continue;
    const asked = portFrom(env, variable);
    const chosen = asked ?? (await nextFreePort(port));
    if (asked === undefined && chosen !== port) {
      say(`${name}: port ${port} is taken by another process, using ${chosen}`);
    }
    ports[name] = chosen;
  }
  return ports;
}

/**
 * Completes the ports of the services: free ones where none is given.
 *
 * @throws Error that names all services whose port is taken
 */
export async function choosePorts(
  services: readonly ServicePart[],
  given: Readonly<Record<string, number>>,
): Promise<Record<string, number>> {
  const ports: Record<string, number> = { ...given };
  const taken: string[] = [];
  for (const { name, portVariable } of services) {
    const port = given[name] ?? (await freePort());
    ports[name] = port;
    if (!(await isPortFree(port))) {
      taken.push(
        `Port ${port} of ${name} is taken by another process. ` +
          `Stop that one, or choose another port with ${portVariable}.`,
      );
    }
  }
  if (taken.length > 0) throw new Error(taken.join('\n'));
  return ports;
}

function portFrom(env: NodeJS.ProcessEnv, variable: string): number | undefined {
  const text = env[variable];
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Error(`${variable} must be a port from 1 to 65535, not "${text}".`);
}
