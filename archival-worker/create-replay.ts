/** Puts the replay together. */
import { ARCHIVE_CONSUMER } from '@outcry/shared/contracts/keys.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { deleteConsumer, messagesInStream } from './adapters/nats/event-consumer.ts';
import type { ToolSettings } from './config.ts';
import { CONNECT_LIMIT_MS, withServers } from './create-servers.ts';

/**
 * Has the workers read the event stream again from its first message.
 * @returns how many messages that are
 * @throws Error when NATS is away or refuses it
 */
export const runReplay = (settings: ToolSettings, log: Logger): Promise<number> =>
  // Its credential hears answers under the name of the rebuild.
  withServers('rebuild', settings, log, async ({ nats }) => {
    const connection = await nats().connected(CONNECT_LIMIT_MS);
    await deleteConsumer(connection, ARCHIVE_CONSUMER);
    return messagesInStream(connection);
  });
