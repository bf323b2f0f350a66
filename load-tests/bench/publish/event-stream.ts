/** The event stream on a NATS of its own. */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { EVENT_STREAM, EVENT_SUBJECTS } from '@outcry/shared/contracts/keys.ts';
import { ensureStream } from '@outcry/shared/runtime/jetstream.ts';

/** Of the event stream, on every NATS that is measured. */
export const STREAM_LIMITS = { maxBytes: 4 * 1024 ** 3, replicas: 1 };

/** Connects to a new NATS and makes the event stream. @throws Error when either fails */
export async function openEventStream(natsUrl: string): Promise<NatsConnection> {
  const connection = await connect({ servers: natsUrl });
  try {
    const stream = { name: EVENT_STREAM, subjects: [EVENT_SUBJECTS], ...STREAM_LIMITS };
    await ensureStream(connection, stream);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return connection;
}
