/** What each image's program makes of its environment; used to check Compose and Kubernetes files. */
import { GATEWAY_VARIABLES, gatewaySettings } from '../../api-gateway/config.ts';
import {
  migrationUrl,
  WEBHOOK_VARIABLES,
  webhookSettings,
  WORKER_VARIABLES,
  workerSettings,
} from '../../archival-worker/config.ts';
import { BROADCASTER_VARIABLES, broadcasterSettings } from '../../broadcast-service/config.ts';
import type { Variables } from './secured-servers.ts';

interface Program {
  readonly variables: readonly string[];
  /** The service's own reading of its environment. @throws ConfigError naming every mistake */
  readonly read: (environment: Variables) => object;
}

/** By the name of the container. */
export const PROGRAMS: Readonly<Record<string, Program>> = {
  'api-gateway': { variables: GATEWAY_VARIABLES, read: gatewaySettings },
  'broadcast-service': { variables: BROADCASTER_VARIABLES, read: broadcasterSettings },
  'archival-worker': { variables: WORKER_VARIABLES, read: workerSettings },
  webhooks: { variables: WEBHOOK_VARIABLES, read: webhookSettings },
  migrate: {
    variables: ['DATABASE_URL'],
    read: (environment) => ({ DATABASE_URL: migrationUrl(environment) }),
  },
};

/** Variables that Node itself reads. */
const OF_NODE = new Set(['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'TMPDIR']);

/** What is wrong with the environment of a container; empty when nothing is. */
export function environmentFaults(program: string, environment: Variables): string[] {
  const known = PROGRAMS[program];
  if (known === undefined) return [];
  const faults = Object.keys(environment)
    .filter((name) => !known.variables.includes(name) && !OF_NODE.has(name))
    .map((name) => `${program} knows no variable ${name}`);
  try {
    known.read({ NODE_ENV: 'production', ...environment });
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  return faults;
}
