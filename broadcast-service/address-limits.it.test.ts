/** What is limited by address: who pays for it, and who does not. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EventsMessage, Position } from '@outcry/shared/contracts/live.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  connectViewer,
  startTestBroadcasters,
  type TestBroadcaster,
  type TestBroadcasters,
  type TestViewer,
} from './testing/test-broadcaster.ts';
import { useUp } from './testing/use-up.ts';

const AUCTION = 'a1-limits';
/** More than half of what an address may be told alone, and than memory holds. */
const EVENTS = 1_900;
const HEAD = EVENTS + 2;

let system: TestBroadcasters;
const viewers: TestViewer[] = [];

beforeAll(async () => {
  system = await startTestBroadcasters();
  await system.auctions.create(AUCTION);
  for (let placed = 0; placed < EVENTS; placed += 100) {
    const bids = Array.from({ length: 100 }, (_, i) => {
      return { userId: `u${i % 2}`, amount: 10_000 * (placed + i + 1) };
    });
    await system.auctions.bid(AUCTION, ...bids);
  }
});

afterAll(async () => {
  await system.stop();
});

afterEach(() => {
  for (const viewer of viewers.splice(0)) viewer.socket.disconnect();
});

async function viewerOf(broadcaster: TestBroadcaster): Promise<TestViewer> {
  const viewer = await connectViewer(broadcaster);
  viewers.push(viewer);
  return viewer;
}

/** Asks so many times at once. @returns the codes of the answers; of those that were answered */
async function ask(viewer: TestViewer, times: number, event: string): Promise<string[]> {
  const asked = Array.from({ length: times }, () => viewer.ask(event, { auctionId: AUCTION }));
  const answers = await Promise.allSettled(asked);
  return answers.flatMap((answer) =>
    answer.status === 'fulfilled' ? [codeOf(answer.value as Answer)] : [],
  );
}

type Answer = Awaited<ReturnType<TestViewer['watch']>>;
const codeOf = (answer: Answer): string => (answer.ok ? 'ok' : answer.problem.code);

/** @returns how many events the answer has, 'state alone' when it does not go on */
async function missedBy(viewer: TestViewer, after: Position): Promise<number | string> {
  const answer = await viewer.watch(AUCTION, after);
  if (!answer.ok) return answer.problem.code;
  expect(answer.data.auction.seq).toBe(HEAD);
  return answer.data.recovered ? answer.data.events.length : 'state alone';
}

describe('too many requests', () => {
  it('of others at its address do not end a connection, nor count as its misuse', async () => {
    const broadcaster = await system.start({ MAX_VIEWERS_PER_ADDRESS: '5' });
    const [greedy, honest] = [await viewerOf(broadcaster), await viewerOf(broadcaster)];
    await useUp(greedy);
    const codes = await ask(honest, 150, 'unwatch');
    expect(codes).toHaveLength(150);
    expect(codes.filter((code) => code === 'RATE_LIMITED').length).toBeGreaterThan(100);
    expect(honest.socket.connected).toBe(true);
    expect(await broadcaster.metric('outcry_viewers_misuse_total')).toBe(0);
  });

  it('of its own end it, and are counted', async () => {
    const broadcaster = await system.start();
    const flooding = await viewerOf(broadcaster);
    const kind = { kind: 'too many requests' };
    void ask(flooding, 280, 'unwatch');
    await until('it is ended', () => !flooding.socket.connected);
    expect(await broadcaster.metric('outcry_viewers_misuse_total', kind)).toBe(1);
    const repeating = await viewerOf(broadcaster);
    void ask(repeating, 280, 'watch');
    await until('it is ended', () => !repeating.socket.connected);
    expect(await broadcaster.metric('outcry_viewers_misuse_total', kind)).toBe(2);
  });
});

describe('what was missed', () => {
  it('is charged once when all of an address come back from one position', async () => {
    const broadcaster = await system.start({ MAX_VIEWERS_PER_ADDRESS: '30' });
    const all = await Promise.all(Array.from({ length: 20 }, () => viewerOf(broadcaster)));
    const missed = await Promise.all(all.map((viewer) => missedBy(viewer, { epoch: 1, seq: 2 })));
    expect(new Set(missed)).toEqual(new Set([EVENTS]));
  });

  it('is left out where the address was told too much, and what others got is not', async () => {
    const broadcaster = await system.start({ MAX_VIEWERS_PER_ADDRESS: '5' });
    const [one, two, three] = await Promise.all(
      Array.from({ length: 3 }, () => viewerOf(broadcaster)),
    );
    if (one === undefined || two === undefined || three === undefined) throw new Error('missing');
    expect(await missedBy(one, { epoch: 1, seq: 2 })).toBe(EVENTS);
    expect(await missedBy(two, { epoch: 1, seq: 3 })).toBe('state alone');
    expect(await missedBy(three, { epoch: 1, seq: 2 })).toBe(EVENTS);
    expect((await firstOfStream(broadcaster, '1:4')).events).toEqual([]);
    expect((await firstOfStream(broadcaster, '1:2')).events).toHaveLength(EVENTS);
  });
});

/** The message with which a stream that goes on after this id begins. */
async function firstOfStream(
  { url }: TestBroadcaster,
  lastEventId: string,
): Promise<EventsMessage> {
  const answer = await fetch(`${url}/v1/auctions/${AUCTION}/stream`, {
    headers: { 'last-event-id': lastEventId },
  });
  let text = '';
  const decoder = new TextDecoder();
  for await (const part of answer.body ?? []) {
    text += decoder.decode(part, { stream: true });
    if (/^data: .*\n\n/m.test(text)) break;
  }
  const message = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '') as EventsMessage;
  expect(message.seq).toBe(HEAD);
  return message;
}
