// The files that go into each image, and nothing else does: the Dockerfile and the test that starts
// every service from its image's files both run this.
//
//   node --import tsx infrastructure/build/image-files.ts <image> <empty folder>
//
// Needs `npm run build`.
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What each image holds: a path of the checkout, and what it is called in the image. */
const IMAGES: Readonly<Record<string, readonly (readonly [from: string, to: string])[]>> = {
  'api-gateway': [
    ['api-gateway/dist', '.'],
    ['infrastructure/docker/is-ready.sh', 'is-ready.sh'],
  ],
  'broadcast-service': [
    ['broadcast-service/dist', '.'],
    ['infrastructure/docker/is-ready.sh', 'is-ready.sh'],
  ],
  'archival-worker': [
    ['archival-worker/dist', '.'],
    ['infrastructure/docker/is-ready.sh', 'is-ready.sh'],
    // The migrations' program, which is no JavaScript.
    ...dbmateFolders(),
  ],
  web: [
    ['web/dist', 'html'],
    ['infrastructure/docker/web.conf.template', 'web.conf.template'],
  ],
};

const [image = '', folder] = process.argv.slice(2);
const files = IMAGES[image];
if (files === undefined || folder === undefined) {
  console.error(`usage: image-files.ts ${Object.keys(IMAGES).join('|')} <empty folder>`);
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
if (readdirSync(folder).length > 0) {
  console.error(`${folder} is not empty`);
  process.exit(2);
}
for (const [from, to] of files) cpSync(join(root, from), join(folder, to), { recursive: true });
// Node takes the bundles for what they are, without looking into them first.
if (image !== 'web') writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n');

function dbmateFolders(): [from: string, to: string][] {
  const dbmate = createRequire(join(root, 'archival-worker/package.json')).resolve('dbmate');
  const name = `@dbmate/${process.platform}-${process.arch}`;
  const found = dirname(createRequire(dbmate).resolve(`${name}/package.json`));
  return [[found.slice(root.length), join('node_modules', name)]];
}
