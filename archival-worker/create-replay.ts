/** Puts the replay together. */
import { ARCHIVE_CONSUMER } from '@outcry/shared/contracts/keys.ts';
import { connectNats } from '@outcry/shared/runtime/jetstream.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { deleteConsumer, messagesInStream } from './adapters/nats/event-consumer.ts';
import type { ToolSettings } from './config.ts';

const CONNECT_LIMIT_MS = 10_000;

/**
 * Has the workers read the event stream again from its first message.
 * @returns how many messages that are
 * @throws Error when NATS is away or refuses it
 */
export async function runReplay(settings: ToolSettings, log: Logger): Promise<number> {
  // Its credential hears answers under the name of the rebuild.
  const link = connectNats(settings.NATS_URL, 'rebuild', log);
  try {
    const connection = await link.connected(CONNECT_LIMIT_MS);
    await deleteConsumer(connection, ARCHIVE_CONSUMER);
    return await messagesInStream(connection);
  } finally {
    await link.close();
  }
}
