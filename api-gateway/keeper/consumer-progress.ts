import { JetStreamApiCodes, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import { ARCHIVE_CONSUMER, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import type { NatsLink } from '@outcry/shared/runtime/jetstream.ts';

const ASK_LIMIT_MS = 2_000;

/** How far the archive's consumer has come in the event stream. */
export interface ConsumerProgress {
  /** Differs when the stream was deleted and made anew. */
  readonly streamId: string;
  /** The stream sequence of the newest message. */
  readonly lastSeq: number;
  /** Every message up to this stream sequence is acknowledged, or no longer in the stream. */
  readonly acknowledgedSeq: number;
}

/**
 * Asks JetStream for the archive's progress.
 * @returns undefined while there is no connection, stream or consumer
 * @throws Error without an answer
 */
export async function consumerProgress(link: NatsLink): Promise<ConsumerProgress | undefined> {
  const connection = link.current();
  if (connection === undefined) return undefined;
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: ASK_LIMIT_MS });
  try {
    // In this order: what is in the stream now is pending or acknowledged in the answer below.
    const stream = await manager.streams.info(EVENT_STREAM);
    const consumer = await manager.consumers.info(EVENT_STREAM, ARCHIVE_CONSUMER);
    const lastSeq = stream.state.last_seq;
    const isDone = consumer.num_pending === 0 && consumer.num_ack_pending === 0;
    return {
      streamId: stream.created,
      lastSeq,
      // The floor stays where it is behind messages that were deleted before they were delivered.
      acknowledgedSeq: isDone
        ? Math.max(lastSeq, consumer.ack_floor.stream_seq)
        : consumer.ack_floor.stream_seq,
    };
  } catch (error) {
    if (isNotFound(error)) return undefined; // the worker makes both anew
    throw error;
  }
}

const isNotFound = (error: unknown): boolean =>
  error instanceof JetStreamApiError &&
  (error.code === JetStreamApiCodes.StreamNotFound ||
    error.code === JetStreamApiCodes.ConsumerNotFound);
