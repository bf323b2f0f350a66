/** Keeps the last results of `npm run test:deployed` in docs/test-deployed.md. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commit, machine, today } from '../testing/run-facts.ts';
import { ROOT } from '../testing/secured-servers.ts';
import type { BaseImage } from './base-images.ts';
import type { Engine } from './engine.ts';

interface Findings {
  readonly images: readonly BaseImage[];
  readonly engine: Engine;
  readonly environment: NodeJS.ProcessEnv;
  readonly overrides: readonly string[];
  readonly accepted: readonly string[];
}

/** Called when everything has passed. */
export function writeReport(findings: Findings): void {
  const { images, engine, environment, overrides, accepted } = findings;
  const docker = (...args: string[]): string =>
    execFileSync(engine.docker, args, { env: environment, encoding: 'utf8' }).trim();
  const rows = images.map(
    ({ image, isStandIn, version }) =>
      `| \`${image}\` | ${isStandIn ? 'stand-in' : 'official'} | ${version.replaceAll('|', '/')} |`,
  );
  const lines = [
    '# The last run of the containers',
    '',
    'Written by `npm run test:deployed` when it passes: it runs',
    '[compose.deployed.test.ts](../infrastructure/containers/compose.deployed.test.ts). A stand-in is',
    'made where no registry gives the official image; the last column is what was tested.',
    '',
    `- ${today()}, after commit ${commit()}, ${machine()}`,
    `- Docker ${docker('version', '--format={{.Server.Version}}')}, ` +
      `${engine.isOwn ? 'started by the tests' : 'found'}; Compose ${docker('compose', 'version', '--short')}`,
    `- ${accepted.length} bids were accepted while parts died; all are in Postgres once, and \`verify\` agrees`,
    ...(overrides.length === 0 ? ['- the Compose file as it ships'] : overrides).map((line) =>
      line.startsWith('-') ? line : `- changed for this machine: ${line}`,
    ),
    '',
    '| image that ships | tested with | version |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ];
  writeFileSync(join(ROOT, 'docs/test-deployed.md'), lines.join('\n'));
}
