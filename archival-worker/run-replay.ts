/**
 * `npm run replay`: has the workers read the event stream again from its first message, for when Postgres was
 * restored from a backup. What the archive has already is ignored. Exit code 0 when they do, 1 when NATS could not be
 * asked.
 */
import { ARCHIVE_CONSUMER } from '@outcry/shared/contracts/keys.ts';
import { deleteConsumer, messagesInStream } from './adapters/nats/event-consumer.ts';
import { CONNECT_LIMIT_MS, withServers } from './create-servers.ts';
import { runTool } from './tool.ts';

await runTool(
  'replay',
  () => (settings, log) =>
    // Its credential hears answers under the name of the rebuild.
    withServers('rebuild', settings, log, async ({ nats }) => {
      const connection = await nats().connected(CONNECT_LIMIT_MS);
      await deleteConsumer(connection, ARCHIVE_CONSUMER);
      console.log(`The workers read ${await messagesInStream(connection)} messages again.`);
    }),
);
