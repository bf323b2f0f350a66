/**
 * Viewers by the thousand in this process, over Socket.IO and Server-Sent Events, and people who watch
 * through the client.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import type { WatchedAuction } from '@outcry/client/watched-auction.ts';
import type { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { percentile } from '@outcry/shared/testing/percentile.ts';
import type { Head } from '../accounts/accounts.ts';
import { chooseAuction } from '../load/scenarios/parts/choose-auction.ts';
import { eachWithLimit } from './people.ts';

const CONNECT_AT_ONCE = 200;
const CONNECT_LIMIT_MS = 30_000;
const ARRIVAL_LIMIT_MS = 30_000;
/** The first event says that the auction is there, the second that it is live. */
const SEQ_OF_A_NEW_AUCTION = 2;

export type ViewerCrowd = Awaited<ReturnType<typeof gatherViewers>>;

/**
 * Viewers of one auction, and how long after each bid they know of it.
 * @param ports the viewers are spread over these servers
 * @param auctionId one without a bid, where this crowd is to see its own bids
 * @throws Error when a viewer cannot connect
 */
export async function gatherViewers(ports: readonly number[], auctionId: string, size: number) {
  /** By viewer: the newest seq it has. */
  const upTo = new Uint32Array(size);
  /** By seq: how many viewers have it or a later one; when its bid was answered. */
  const arrived: number[] = [];
  const answeredAt: number[] = [];
  const delaysUs = createHistogram();
  const waiting = new Set<{ seq: number; viewers: number; done: () => void }>();
  let newest = SEQ_OF_A_NEW_AUCTION;
  let countFrom = Infinity;
  let frames = 0;

  function take(viewer: number, seq: number): void {
    const now = performance.now();
    frames += 1;
    for (let each = (upTo[viewer] ?? 0) + 1; each <= seq; each += 1) {
      arrived[each] = (arrived[each] ?? 0) + 1;
      if (each <= countFrom) continue;
      // A viewer may know before the bidder has the answer.
      const ms = now - (answeredAt[each] ?? now);
      delaysUs.record(Math.max(1, Math.round(ms * 1000)));
    }
    upTo[viewer] = seq;
    for (const each of waiting) {
      if ((arrived[each.seq] ?? 0) < each.viewers) continue;
      waiting.delete(each);
      each.done();
    }
  }

  const sockets = await eachWithLimit([...Array(size).keys()], CONNECT_AT_ONCE, (viewer) =>
    watch(ports[viewer % ports.length] ?? 0, auctionId, {
      onEvents: (frame) => take(viewer, seqIn(frame)),
    }),
  );

  /** Places the next bid. Resolves when it is answered. */
  async function bid(auctions: ScriptedAuctions): Promise<void> {
    newest += 1;
    const seq = newest;
    await auctions.bid(auctionId, { userId: `u${seq % 2}`, amount: 10_000 * seq });
    answeredAt[seq] = performance.now();
  }

  return {
    size,
    bid,
    /** With events, that came so far, over all viewers. */
    frames: () => frames,
    leave(): void {
      for (const socket of sockets) socket.destroy();
    },

    /** The first so many viewers read no more. */
    stall(viewers: number): void {
      for (const socket of sockets.slice(0, viewers)) {
        socket.on('error', () => undefined);
        socket.pause();
      }
    },

    /** @throws the signal's reason */
    async bidSteadily(
      auctions: ScriptedAuctions,
      perSecond: number,
      seconds: number,
      signal: AbortSignal,
    ): Promise<void> {
      const begin = performance.now();
      for (let i = 0; i < seconds * perSecond; i += 1) {
        const dueAt = begin + (i * 1_000) / perSecond;
        await pause(Math.max(0, dueAt - performance.now()), undefined, { signal });
        await bid(auctions);
      }
    },

    /**
     * Resolves in the instant in which the last viewer, or as many as said, has the bid that was placed
     * last, or a later one. @throws Error when it takes longer than 30 s
     */
    haveLast(viewers = size): Promise<void> {
      const seq = newest;
      if ((arrived[seq] ?? 0) >= viewers) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const limit = setTimeout(() => {
          reject(new Error(`only ${arrived[seq] ?? 0} of ${size} viewers have seq ${seq}`));
        }, ARRIVAL_LIMIT_MS);
        const done = (): void => {
          clearTimeout(limit);
          resolve();
        };
        waiting.add({ seq, viewers, done });
      });
    },

    /** From now on delays count, and only those of bids to come. */
    startOver(): void {
      delaysUs.reset();
      countFrom = newest;
    },

    /** @returns what so large a share of the delays from an answer to a viewer does not exceed, ms */
    delay: (share: number): number => delaysUs.percentile(share * 100) / 1000,
  };
}

const EVENTS = '42["events"';
const SEQ = Buffer.from('"seq":');
const READ_INTO = Buffer.allocUnsafeSlow(256 * 1024);

interface Ears {
  /** A message with events came, `42["events",…]`; its memory is read into again. */
  readonly onEvents: (frame: Buffer) => unknown;
  /** It watches. @param answer the acknowledgement's arguments, as JSON */
  readonly onWatching?: (answer: string) => void;
}

/**
 * A bare TCP connection that speaks just enough of WebSocket, Engine.IO and Socket.IO to watch an
 * auction. Reading costs as little as it can, because the crowd shares the machine with what is
 * measured.
 * @returns the connection once it watches @throws Error when it is refused or takes too long
 */
function watch(port: number, auctionId: string, { onEvents, onWatching }: Ears): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const read = frameReader((frame) => {
      const start = frame.toString('latin1', 0, EVENTS.length);
      if (start === EVENTS) onEvents(frame);
      else if (start.startsWith('2')) socket.write(masked('3'));
      else if (start.startsWith('0')) socket.write(masked('40'));
      else if (start.startsWith('40')) {
        socket.write(masked(`421["watch",{"auctionId":"${auctionId}"}]`));
      } else if (start.startsWith('43')) {
        clearTimeout(limit);
        if (frame.includes('"ok":true')) {
          onWatching?.(frame.toString('utf8', frame.indexOf('[')));
          resolve(socket);
        } else reject(new Error(`not watching: ${frame.toString()}`));
      }
    });
    const callback = (length: number, buffer: Uint8Array): boolean => {
      read(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      return true;
    };
    // All connections read into one buffer, one after the other: nothing is allocated to read.
    const onread = { buffer: READ_INTO, callback };
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
    const limit = setTimeout(() => socket.destroy(new Error('no answer')), CONNECT_LIMIT_MS);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
    const head = [
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
      `host: 127.0.0.1:${port}`,
      'connection: Upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      `sec-websocket-key: ${randomBytes(16).toString('base64')}`,
    ];
    socket.once('connect', () => socket.write(`${head.join('\r\n')}\r\n\r\n`));
  });
}

/** The seq of a message, which stands before its events. */
function seqIn(frame: Buffer): number {
  let seq = 0;
  for (let i = frame.indexOf(SEQ) + SEQ.length; ; i += 1) {
    const digit = (frame[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return seq;
    seq = seq * 10 + digit;
  }
}

/** Cuts what comes into frames; the HTTP answer before them is skipped. */
function frameReader(onFrame: (payload: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let upgraded = false;
  return (chunk) => {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (!upgraded) {
      const end = data.indexOf('\r\n\r\n');
      if (end < 0) {
        rest = Buffer.from(data);
        return;
      }
      upgraded = true;
      data = data.subarray(end + 4);
    }
    for (;;) {
      const short = (data[1] ?? 0) & 0x7f;
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (data.length < head) break;
      // Of a length of 64 bits nobody sends more than 32.
      const length = head === 4 ? data.readUInt16BE(2) : head === 10 ? data.readUInt32BE(6) : short;
      if (data.length < head + length) break;
      onFrame(data.subarray(head, head + length));
      data = data.subarray(head + length);
    }
    // A copy: the chunk's memory is read into again.
    rest = Buffer.from(data);
  };
}

/** A text frame of at most 125 bytes as clients must send it; the mask may be zeros. */
const masked = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);

export type Latencies = ReturnType<typeof latencies>;

/** Times in milliseconds; all 0 without a value. */
export function latencies(values: readonly number[]) {
  const at = (share: number): number => (values.length === 0 ? 0 : percentile(values, share));
  return { count: values.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

interface Message {
  readonly seq: number;
  readonly events: readonly { readonly seq: number; readonly at: string }[];
}

/** Viewers of one kind. @param measuredFrom latencies of earlier events do not count; ms since 1970 */
export class Onlookers {
  /** Connections that ended before the run did. */
  lost = 0;
  #disorder = 0;
  #missed = 0;
  readonly #times: number[] = [];
  readonly #viewers: { readonly auctionId: string; seq: number }[] = [];
  readonly #measuredFrom: number;

  constructor(measuredFrom: number) {
    this.#measuredFrom = measuredFrom;
  }

  /** @returns takes what the viewer is sent; the first message is the state on connecting */
  add(auctionId: string): (message: Message) => void {
    const viewer = { auctionId, seq: 0 };
    this.#viewers.push(viewer);
    return ({ seq, events }) => {
      const now = Date.now();
      let last = viewer.seq || seq;
      for (const event of viewer.seq === 0 ? [] : events) {
        if (event.seq <= last) this.#disorder += 1;
        else this.#missed += event.seq - last - 1;
        last = Math.max(last, event.seq);
        const decidedAt = Date.parse(event.at);
        if (decidedAt >= this.#measuredFrom) this.#times.push(now - decidedAt);
      }
      this.#missed += Math.max(0, seq - last);
      viewer.seq = Math.max(last, seq);
    };
  }

  /**
   * @returns latencies from the instant at which Redis accepted a bid until a viewer has it; events that
   *   came behind a later one, or a second time; events that a viewer was never sent, because a slow one
   *   gets the newest state only; and where each viewer stood in the end
   */
  figures() {
    const counts = { disorder: this.#disorder, missed: this.#missed, lost: this.lost };
    return { latencies: latencies(this.#times), ...counts, ends: this.#viewers };
  }
}

/** Few: each costs this process more than one over Socket.IO. */
const STREAMS = 20;
/** After the last bid, so that everybody has it. */
const SETTLE_MS = 2_000;

export type ViewersFigures = Awaited<ReturnType<Awaited<ReturnType<typeof openViewers>>['leave']>>;

/**
 * Opens all connections. @param plan.viewers so many over Socket.IO @throws Error when one is refused
 * @returns what closes them, and with `leave` waits for the last events and says what was seen
 */
export async function openViewers(plan: {
  readonly broadcasters: readonly { readonly url: string; readonly port: number }[];
  readonly auctionIds: readonly string[];
  readonly viewers: number;
  readonly popular: boolean;
  readonly measuredFrom: number;
}) {
  const { broadcasters, auctionIds, viewers, popular, measuredFrom } = plan;
  const closing = new AbortController();
  const sockets = new Onlookers(measuredFrom);
  const streams = new Onlookers(measuredFrom);
  const auctionOf = (index: number): string => auctionIds[index % auctionIds.length] ?? '';

  const open = await eachWithLimit([...Array(viewers).keys()], CONNECT_AT_ONCE, async (n) => {
    const auctionId = auctionOf(chooseAuction(n, auctionIds.length, popular));
    const take = sockets.add(auctionId);
    let watches = false;
    const socket = await watch(broadcasters[n % broadcasters.length]?.port ?? 0, auctionId, {
      onWatching(answer) {
        watches = true;
        const [{ data }] = JSON.parse(answer) as [{ data: { auction: { seq: number } } }];
        take({ seq: data.auction.seq, events: [] });
      },
      // What comes before the state on connecting is part of it.
      onEvents: (frame) => watches && take(parsed(frame)),
    });
    socket.once('close', () => closing.signal.aborted || (sockets.lost += 1));
    return socket;
  });

  async function read(stream: ReadableStream<Uint8Array>, take: (message: Message) => void) {
    let rest = '';
    const decoder = new TextDecoder();
    try {
      for await (const bytes of stream) {
        const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const data = /^data:(.*)$/m.exec(block)?.[1];
          if (data !== undefined) take(JSON.parse(data) as Message);
        }
      }
    } catch {
      // It broke off, or was closed here.
    }
    if (!closing.signal.aborted) streams.lost += 1;
  }

  const close = (): void => {
    closing.abort();
    for (const socket of open) socket.destroy();
  };
  const limit = setTimeout(close, CONNECT_LIMIT_MS);
  const reading = await eachWithLimit([...Array(STREAMS).keys()], STREAMS, async (n) => {
    const url = `${broadcasters[0]?.url}/v1/auctions/${auctionOf(n)}/stream`;
    const { status, body } = await fetch(url, { signal: closing.signal });
    if (status !== 200 || body === null) throw new Error(`${url} was refused: status ${status}`);
    return { ends: read(body, streams.add(auctionOf(n))) };
  });
  clearTimeout(limit);
  return {
    close,
    async leave() {
      await pause(SETTLE_MS);
      close();
      await Promise.all(reading.map(({ ends }) => ends));
      return { sockets: sockets.figures(), streams: streams.figures() };
    },
  };
}

let lastFrame = Buffer.alloc(0);
let lastMessage: Message = { seq: 0, events: [] };

/** A message is the same for all viewers of an auction, so that most need not be read again. */
function parsed(frame: Buffer): Message {
  if (!frame.equals(lastFrame)) {
    lastFrame = Buffer.from(frame);
    [, lastMessage] = JSON.parse(frame.toString('utf8', 2)) as [string, Message];
  }
  return lastMessage;
}

const LOOK_EVERY_MS = 50;

/**
 * People who watch auctions through the client while things break, some on each broadcaster.
 * @returns `disorder`: positions that did not rise, as text
 */
export function watchAuctions(broadcastUrls: readonly string[], auctionIds: readonly string[]) {
  const disorder: string[] = [];
  const feeds = broadcastUrls.map((url) => new LiveFeed({ url, recentEvents: 1 }));
  const watchOn = (feed: LiveFeed, auctionId: string): WatchedAuction => {
    let last: Head = { epoch: 0, seq: 0 };
    return feed.watch(auctionId, {
      onChange: ({ auction }) => {
        if (auction === undefined) return;
        const { epoch, seq } = auction;
        if (epoch < last.epoch || (epoch === last.epoch && seq < last.seq)) {
          disorder.push(`${auctionId}: ${epoch}:${seq} after ${last.epoch}:${last.seq}`);
        }
        last = { epoch, seq };
      },
    });
  };
  const watched = feeds.flatMap((feed) => auctionIds.map((id) => watchOn(feed, id)));
  return {
    disorder,
    close(): void {
      for (const feed of feeds) feed.close();
    },

    /**
     * Waits until every watcher sees every auction as it is.
     * @param heads with whatever else of the auction must be seen, such as its price
     * @returns one line for each that did not in time
     */
    async behind(heads: ReadonlyMap<string, Head>, withinMs: number): Promise<string[]> {
      const giveUpAt = performance.now() + withinMs;
      for (;;) {
        const behind = watched.flatMap(({ auctionId, auction = {} }) => {
          const wanted = heads.get(auctionId) ?? {};
          const seen = Object.keys(wanted).map(
            (name) => [name, Reflect.get(auction, name)] as const,
          );
          const [sees, not] = [Object.fromEntries(seen), wanted].map((each) =>
            JSON.stringify(each),
          );
          return sees === not ? [] : [`viewers of ${auctionId} see ${sees} and not ${not}`];
        });
        if (behind.length === 0 || performance.now() > giveUpAt) return behind;
        await pause(LOOK_EVERY_MS);
      }
    },
  };
}
