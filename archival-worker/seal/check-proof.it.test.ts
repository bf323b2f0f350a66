/** Real proofs, checked by the documented script, which knows nothing of this code. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from '@outcry/shared/contracts/api.ts';
import type { OwnBid, Proof } from '@outcry/shared/contracts/history.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';

const SCRIPT = fileURLToPath(new URL('../../docs/examples/check-proof.mjs', import.meta.url));

let system: TestSystem;
let worker: Service;
let folder: string;
let proof: Proof;

/** More events than are sent in one piece. */
const auction = new TestAuction({ auctionId: 'a1-proven', startPrice: 1_000 });
const live = new TestAuction({ auctionId: 'a1-live' });

const url = (path: string): string => `http://127.0.0.1:${worker.port}/v1${path}`;

async function body<T>(path: string, token?: string): Promise<T> {
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  return (await (await fetch(url(path), { headers })).json()) as T;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outcry-proof-'));
  system = await TestSystem.start();
  worker = await system.startWorker();
  const entries = auction.opening(1_300);
  const lost = auction.minimumBids(20);
  entries.push(...lost, auction.restart(1_250), auction.bid('ann', { maxAmount: 90_000_000 }));
  await system.publish([...entries, auction.end(), ...live.opening(1)]);
  const path = '/history/auctions/a1-proven/proof';
  await until('sealed', async () => (await fetch(url(path))).ok);
  proof = await body<Proof>(path);
});
afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Verdict {
  readonly code: number;
  readonly text: string;
}

const check = (...args: string[]): Promise<Verdict> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [SCRIPT, ...args], (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, text: out + err }),
    );
  });

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(content));
  return path;
}

describe('a proof as it was downloaded', () => {
  test('holds, from its address and as a file', async () => {
    expect(proof).toMatchObject({ auctionId: 'a1-proven', count: auction.seq });
    const online = await check(url('/history/auctions/a1-proven/proof'));
    expect(online.text).toContain(`holds: ${auction.seq} events`);
    expect(online.code).toBe(0);
    expect((await check(await file('proof.json', proof))).code).toBe(0);
  });

  test('tells no secret', () => {
    const text = JSON.stringify(proof);
    expect(text).not.toMatch(/user-[0-9]|"ann"|90000000/);
  });

  test('is opened by the salts of own bids', async () => {
    const own = await body<Page<OwnBid>>('/users/me/bids', tokenOf('ann'));
    const proven = await file('proof.json', proof);
    const verdict = await check(proven, await file('own.json', own));
    expect(verdict.text).toContain('1 of your bids');
    const [bid] = own.items;
    const forged = { items: [{ ...bid, opening: { ...bid?.opening, salt: '0'.repeat(32) } }] };
    expect(await check(proven, await file('forged.json', forged))).toMatchObject({ code: 1 });
  });

  test('409 NOT_SEALED before the end, 404 for no auction', async () => {
    expect(await body('/history/auctions/a1-live/proof')).toMatchObject({
      status: 409,
      code: 'NOT_SEALED',
    });
    expect(await body('/history/auctions/a1-none/proof')).toMatchObject({ status: 404 });
    expect(await check(url('/history/auctions/a1-live/proof'))).toMatchObject({ code: 1 });
  });
});

describe('a proof that somebody changed does not hold', () => {
  test.each<[string, (given: Proof) => Proof]>([
    ['a price', (p) => withEvent(p, 5, { public: price(p.events[5]?.public ?? '') })],
    ['white space', (p) => withEvent(p, 5, { public: `${p.events[5]?.public} ` })],
    ['a hash', (p) => withEvent(p, 9, { privateHash: 'a'.repeat(64) })],
    ['an event left out', (p) => ({ ...p, events: p.events.toSpliced(7, 1) })],
    [
      'an event left out, and the count',
      (p) => ({ ...p, count: p.count - 1, events: p.events.toSpliced(7, 1) }),
    ],
    [
      'the last event left out',
      (p) => ({ ...p, count: p.count - 1, events: p.events.slice(0, -1) }),
    ],
    [
      'two events in turn',
      (p) => ({
        ...p,
        events: [
          ...p.events.slice(0, 3),
          ...p.events.slice(3, 5).toReversed(),
          ...p.events.slice(5),
        ],
      }),
    ],
    ['another auction', (p) => ({ ...p, auctionId: 'a1-other' })],
    ['the head', (p) => ({ ...p, head: 'b'.repeat(64) })],
  ])('%s', async (name, change) => {
    const verdict = await check(await file('changed.json', change(proof)));
    expect(verdict.text, name).toContain('NOT PROVEN');
    expect(verdict.code).toBe(1);
  });
});

const price = (text: string): string => text.replace(/"price":\d+/, '"price":1');

const withEvent = (given: Proof, i: number, change: Partial<Proof['events'][number]>): Proof => ({
  ...given,
  events: given.events.map((event, at) => (at === i ? { ...event, ...change } : event)),
});
