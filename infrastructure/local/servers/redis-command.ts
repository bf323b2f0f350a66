import { ask } from './ask.ts';
import type { LocalServer } from './local-server.ts';

/**
 * Sends one command, its words separated by spaces, over a connection of its own.
 *
 * @returns the answer in Redis's own form, such as `+OK\r\n`
 * @throws Error when there is no answer within a second, or Redis refuses
 */
export async function redisCommand(node: LocalServer, line: string): Promise<string> {
  const answer = await ask(node.port, `${line}\r\nQUIT\r\n`, (text) => text.endsWith('+OK\r\n'));
  if (answer === undefined || answer.startsWith('-')) {
    throw new Error(`Redis node ${node.port} refused "${line}": ${answer ?? 'no answer'}`);
  }
  return answer;
}
