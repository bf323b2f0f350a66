import { connect } from 'node:net';

/**
 * Connects to a port of 127.0.0.1, sends `question` and collects the answer until `isWhole`.
 *
 * @returns the answer; `undefined` when nobody answers within a second
 */
export function ask(
  port: number,
  question: string,
  isWhole: (answer: string) => boolean,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1' });
    const finish = (result: string | undefined): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setEncoding('utf8').setTimeout(1000, () => finish(undefined));
    socket.once('connect', () => socket.write(question));
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (isWhole(answer)) finish(answer);
    });
    socket.once('error', () => finish(undefined));
    socket.once('close', () => finish(undefined));
  });
}
