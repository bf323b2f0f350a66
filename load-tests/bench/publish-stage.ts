/** What the publishers' measurements load: a NATS with the event stream, and nothing else. */
import { join } from 'node:path';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { openEventStream } from './event-stream.ts';
import type { PartOptions } from './part-options.ts';

export class PublishStage {
  readonly nats: LocalServer;
  readonly #connection: NatsConnection;
  readonly #streams: JetStreamManager;

  private constructor(nats: LocalServer, connection: NatsConnection, streams: JetStreamManager) {
    this.nats = nats;
    this.#connection = connection;
    this.#streams = streams;
  }

  /** @throws Error when NATS does not start */
  static async open({ folder, started, say }: PartOptions): Promise<PublishStage> {
    say('starting a NATS for publishers');
    const nats = await startNats({ dataDir: join(folder, 'nats'), say });
    started(nats);
    const connection = await openEventStream(nats.url);
    return new PublishStage(nats, connection, await jetstreamManager(connection));
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** Removes what is in the stream: no round pays for what the ones before it left behind. */
  async empty(): Promise<void> {
    await this.#streams.streams.purge(EVENT_STREAM);
  }

  /** Messages in the stream. */
  async stored(): Promise<number> {
    return (await this.#streams.streams.info(EVENT_STREAM)).state.messages;
  }
}
