/** The images of others that the Compose file and the Dockerfile name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../testing/secured-servers.ts';

const compose = z.object({
  services: z.record(
    z.string(),
    z.object({ image: z.string(), profiles: z.array(z.string()).optional() }),
  ),
});

/** Sorted; without those that only start when they are asked for by a profile. */
export function shippedImages(): string[] {
  const folder = join(ROOT, 'infrastructure/docker');
  const { services } = compose.parse(
    parse(readFileSync(join(folder, 'compose.yaml'), 'utf8'), { merge: true }),
  );
  const dockerfile = readFileSync(join(folder, 'Dockerfile'), 'utf8');
  const versions = new Map(
    Array.from(dockerfile.matchAll(/^ARG (\w+)=(\S+)$/gm), ([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
  const bases = Array.from(dockerfile.matchAll(/^FROM (\S+:\S+)/gm), ([, name = '']) =>
    name.replaceAll(/\$\{(\w+)\}/g, (_, variable: string) => versions.get(variable) ?? ''),
  );
  const named = Object.values(services)
    .filter(({ image, profiles }) => profiles === undefined && !image.startsWith('outcry-'))
    .map(({ image }) => image);
  return [...new Set([...named, ...bases])].toSorted();
}
