/** The commands of a document, as printed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../testing/secured-servers.ts';

/** The blocks of shell under a heading (`## …`). @throws Error when there are none */
export function documentedLines(document: string, heading: string): string[] {
  const sections = readFileSync(join(ROOT, document), 'utf8').split(/^(?=#+ )/m);
  const section = sections.find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const blocks = Array.from(section.matchAll(/^```sh\n([^]*?)^```$/gm), ([, block = '']) => block);
  if (blocks.length === 0) throw new Error(`${document} has no commands under "${heading}"`);
  return blocks;
}
