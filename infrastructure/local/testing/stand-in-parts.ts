import { fileURLToPath } from 'node:url';
import type { ServicePart } from '../parts.ts';

const file = fileURLToPath(new URL('stand-in-service.mjs', import.meta.url));

/** A part that runs the stand-in service, whose behaviours are listed in its file. */
export function standIn(name: string, behaviour: string): ServicePart {
  return {
    name,
    portVariable: `${name.toUpperCase()}_PORT`,
    defaultPort: 8080,
    folder: '.',
    args: () => [file, behaviour],
    healthPath: '/healthz',
    readyPath: '/readyz',
    env: ({ databaseUrl }) => (name === 'archive' ? { DATABASE_URL: databaseUrl } : {}),
  };
}
