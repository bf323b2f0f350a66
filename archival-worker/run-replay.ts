/**
 * `npm run replay`: has the workers read the event stream again from its first message, for when Postgres was
 * restored from a backup. What the archive has already is ignored. Exit code 0 when they do, 1 when NATS could not be
 * asked.
 */
import { runReplay } from './create-replay.ts';
import { runTool } from './tool.ts';

await runTool('replay', () => async (settings, log) => {
  console.log(`The workers read ${await runReplay(settings, log)} messages again.`);
});
