import { readFileSync } from 'node:fs';
import { withKeyNames } from '@outcry/shared/contracts/keys.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

/** A script's text from the lua folder, which a build copies next to the bundle. */
export const luaFile = (name: string): string =>
  readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');

/** A script that may write; Redis refuses to start it when its memory is full. */
export const script = (body: string): string => `#!lua\n${body}`;

/** A script that must work even in a full Redis: it frees memory or hardly needs any. */
export const scriptForFullRedis = (body: string): string => `#!lua flags=allow-oom\n${body}`;

/** A script that writes nothing: it runs in a full Redis and while writes are held up. */
export const readingScript = (body: string): string => `#!lua flags=no-writes\n${body}`;

/**
 * Defines commands that work in a full Redis.
 * @param commands by name: how many keys, undefined where a call says it, and the files of the script
 */
export function defineForFullRedis(
  redis: RedisClient,
  commands: Readonly<Record<string, readonly [keys: number | undefined, ...files: string[]]>>,
): void {
  for (const [name, [numberOfKeys, ...files]] of Object.entries(commands)) {
    const lua = scriptForFullRedis(withKeyNames(files.map(luaFile).join('\n')));
    redis.defineCommand(name, { lua, ...(numberOfKeys !== undefined && { numberOfKeys }) });
  }
}
