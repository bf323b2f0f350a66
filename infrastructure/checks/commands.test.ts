/** Every command that an operator is told to type is typed by a test, or the text says that it is not, and why. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sectionsOf } from '../containers/documented-lines.ts';
import { ROOT } from '../testing/secured-servers.ts';

const TYPING = [
  'infrastructure/containers/compose.deployed.test.ts',
  'infrastructure/k8s/kubernetes.k8s.test.ts',
  'infrastructure/k8s/production.k8s.test.ts',
  'infrastructure/k8s/cluster/images.ts',
  'infrastructure/k8s/cluster/installation.ts',
];
const code = TYPING.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n');

test.each(['docs/install.md', 'docs/operate.md'])('the commands of %s are run', (document) => {
  const text = readFileSync(join(ROOT, document), 'utf8');
  const unrun = sectionsOf(text).flatMap((section) => {
    const [heading = ''] = section.split('\n');
    if (/\*\*not run by a test\*\*/i.test(section)) return [];
    const place = String.raw`\(\s*'${document}',\s*'${heading}'`;
    if (new RegExp(`documentedLines${place}`).test(code)) return [];
    const typed = Array.from(
      code.matchAll(new RegExp(String.raw`documentedCommand${place},\s*'([^']+)'`, 'g')),
      ([, start = '']) => start,
    );
    return (
      Array.from(section.matchAll(/^```sh\n([^]*?)^```$/gm), ([, block = '']) => block)
        .flatMap((block) => block.split(/(?<!\\)\n/))
        .filter((command) => command !== '' && !/^#|^\w+=\S+$/.test(command))
        // A test itself, which gave the figures beside it.
        .filter((command) => !command.includes('npx vitest run'))
        .filter((command) => !typed.some((start) => command.startsWith(start)))
        .map((command) => `${heading}: ${command}`)
    );
  });
  expect(unrun).toEqual([]);
});
