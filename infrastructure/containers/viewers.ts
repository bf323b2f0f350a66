/** Viewers of a deployed system, who come back by themselves and notice what was in a wrong order. */
import { LiveFeed } from '@outcry/client/live-feed.ts';
import { comparePositions, type Position } from '@outcry/shared/contracts/live.ts';

export interface Viewer {
  /** The newest position seen of an auction. */
  at(auctionId: string): Position | undefined;
  /** How often what came was older than what had come before. */
  readonly reversals: number;
  close(): void;
}

/** Watches over Socket.IO, as the web app does. */
export function watchBySocket(url: string, auctions: readonly string[]): Viewer {
  const feed = new LiveFeed({ url });
  const seen = new Newest();
  for (const auctionId of auctions) {
    feed.watch(auctionId, {
      onChange: ({ auction }) => {
        if (auction !== undefined) seen.note(auctionId, auction);
      },
    });
  }
  return {
    at: (auctionId) => seen.at(auctionId),
    get reversals() {
      return seen.reversals;
    },
    close: () => feed.close(),
  };
}

const RETRY_MS = 300;

/** Watches one auction by Server-Sent Events, as a browser's `EventSource` does. */
export function watchByStream(url: string, auctionId: string): Viewer {
  const seen = new Newest();
  const end = new AbortController();
  let lastId = '';
  const readOnce = async (): Promise<void> => {
    const { ok, body } = await fetch(`${url}/v1/auctions/${auctionId}/stream`, {
      headers: lastId === '' ? {} : { 'last-event-id': lastId },
      signal: end.signal,
    });
    if (!ok || body === null) return void body?.cancel();
    let rest = '';
    for await (const part of body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + part).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (!line.startsWith('id: ')) continue;
        lastId = line.slice('id: '.length);
        const [epoch, seq] = lastId.split(':').map(Number);
        seen.note(auctionId, { epoch: epoch ?? 0, seq: seq ?? 0 });
      }
    }
  };
  void (async () => {
    while (!end.signal.aborted) {
      await readOnce().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  })();
  return {
    at: (id) => seen.at(id),
    get reversals() {
      return seen.reversals;
    },
    close: () => end.abort(),
  };
}

class Newest {
  reversals = 0;
  readonly #newest = new Map<string, Position>();

  at(auctionId: string): Position | undefined {
    return this.#newest.get(auctionId);
  }

  note(auctionId: string, { epoch, seq }: Position): void {
    const before = this.#newest.get(auctionId);
    if (before !== undefined && comparePositions({ epoch, seq }, before) < 0) this.reversals += 1;
    this.#newest.set(auctionId, { epoch, seq });
  }
}
