/**
 * A program that waits. With the argument `stubborn` it takes no notice of its stop, but says which
 * signals came; with `untidy` what it does at its end fails.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { readArguments, runProgram } from '../command-line.ts';

await runProgram('how to use it', async (args, signal) => {
  const { positionals } = readArguments(args, {});
  // A handle that stays open.
  setInterval(() => undefined, 60_000);
  if (positionals.includes('stubborn')) {
    for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => console.log(`${name} came`));
  }
  console.log('running');
  if (positionals.includes('bad')) return false;
  if (positionals.includes('good')) return true;
  if (positionals.includes('breaks')) throw new Error('broke');
  if (positionals.includes('stubborn')) await pause(60_000);
  await pause(60_000, undefined, { signal }).finally(() => {
    if (positionals.includes('untidy')) throw new Error('could not clean up');
  });
  return true;
});
