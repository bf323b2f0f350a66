/** The commands of a document, as printed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../testing/secured-servers.ts';

/** The blocks of shell, or another language, under a heading (`## …`). @throws Error when there are none */
export function documentedLines(document: string, heading: string, language = 'sh'): string[] {
  const sections = sectionsOf(readFileSync(join(ROOT, document), 'utf8'));
  const section = sections.find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const fenced = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm');
  const blocks = Array.from(section.matchAll(fenced), ([, block = '']) => block);
  if (blocks.length === 0) throw new Error(`${document} has no ${language} under "${heading}"`);
  return blocks;
}

/**
 * The one command under a heading that starts with these words, with its continued lines.
 * @throws Error when there is none, or more than one
 */
export function documentedCommand(document: string, heading: string, start: string): string {
  const commands = documentedLines(document, heading)
    .flatMap((block) => block.split(/(?<!\\)\n/))
    .filter((line) => line.startsWith(start));
  const [command, ...more] = commands;
  if (command === undefined || more.length > 0) {
    throw new Error(`${document}, "${heading}": ${commands.length} commands start with "${start}"`);
  }
  return command;
}

/** A document cut before each heading; a comment in a block of shell is none. */
export function sectionsOf(text: string): string[] {
  const sections = [''];
  // Text and blocks take turns.
  for (const [at, part] of text.split(/^(?=```)/m).entries()) {
    const [first = '', ...more] = at % 2 === 1 ? [part] : part.split(/^(?=#+ )/m);
    sections.push(`${sections.pop() ?? ''}${first}`, ...more);
  }
  return sections;
}
