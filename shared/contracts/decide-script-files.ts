/**
 * The decide script is one text made of the files of `api-gateway/adapters/redis/lua`, in this order. A
 * file with a module that few calls need is marked: the script makes its functions at their first use
 * (later.lua).
 */
import { withKeyNames } from './keys.ts';

const FILES: readonly (readonly [file: string, use: 'always' | 'seldom'])[] = [
  ['later', 'always'],
  ['packed', 'always'],
  ['room', 'always'],
  ['auction', 'always'],
  ['attendance', 'seldom'],
  ['book', 'seldom'],
  ['sale', 'seldom'],
  ['bids', 'always'],
  ['absentees', 'seldom'],
  ['time', 'always'],
  ['seller', 'seldom'],
  ['auction-commands', 'seldom'],
  ['commands', 'always'],
  ['write', 'always'],
  ['sale-commands', 'seldom'],
  ['version-1', 'seldom'],
  ['decide', 'always'],
];

/** How a file with a module declares it. */
const MODULE = /^local (\w+) = \{\}$/m;

/**
 * The script's text without its first line.
 * @param read gives the text of a file by its name without `.lua`
 */
export const decideScriptText = (read: (file: string) => string): string =>
  withKeyNames(
    FILES.map(([file, use]) =>
      use === 'seldom' ? madeLater(read(file)) : withRoom(read(file)),
    ).join('\n'),
  );

const madeLater = (text: string): string =>
  `${text.replace(MODULE, 'local $1 = later(function($1)')}\nend)`;

/** Names the module's functions where it is declared: else Lua would make the table larger time and again. */
const withRoom = (text: string): string =>
  text.replace(MODULE, (_, module: string) => {
    const names = Array.from(
      text.matchAll(new RegExp(`^function ${module}\\.(\\w+)`, 'gm')),
      ([, name]) => `${name} = false`,
    );
    return `local ${module} = { ${names.join(', ')} }`;
  });
