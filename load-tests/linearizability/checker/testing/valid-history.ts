import type { History } from '../../history.ts';
import { SmallHistory } from './small-history.ts';

const bid = (maxAmount: number) => ({ kind: 'bid' as const, maxAmount });

/**
 * One auction with every kind of answer. Ids of the commands:
 * 0 ann leads · 1 bob is outbid at the same time · 2 bob too low · 3 ann's replay · 4 another
 * request under that key · 5 read · 6 bob leads, reply lost · 7 his retry · 8 cid leads, without
 * key, reply lost · 9 cid's own view · 10 buy-now is gone · 11 bob too low, with key · 12 the same
 * again · 13 after the end · 14 last read
 * Events: 1 scheduled · 2 started · 3 ann · 4 bob · 5 bob (k2) · 6 cid · 7 ended
 */
export function validHistory(): History {
  const small = new SmallHistory({ buyNowPrice: 90_000 });
  small.start();
  small.send({ userId: 'ann', request: bid(3_000), key: 'k1', at: [10, 30] });
  small.send({ userId: 'bob', request: { kind: 'bid', amount: 1_500 }, at: [20, 40] });
  small.send({ userId: 'bob', request: { kind: 'bid', amount: 1_500 }, at: [50, 60], gateway: 1 });
  small.send({ userId: 'ann', request: bid(3_000), key: 'k1', at: [61, 62], gateway: 1 });
  small.send({ userId: 'ann', request: bid(4_000), key: 'k1', at: [63, 64] });
  small.send({ userId: 'eve', request: { kind: 'read' }, at: [65, 66] });
  small.send({ userId: 'bob', request: bid(9_000), key: 'k2', at: [70, 0], lost: true });
  small.send({ userId: 'bob', request: bid(9_000), key: 'k2', at: [80, 90], gateway: 1 });
  small.send({ userId: 'cid', request: bid(20_000), at: [95, 0], lost: true });
  small.send({ userId: 'cid', request: { kind: 'me' }, at: [100, 110] });
  small.send({ userId: 'eve', request: { kind: 'buy' }, at: [111, 112] });
  small.send({ userId: 'bob', request: bid(9_100), key: 'k3', at: [120, 130] });
  small.send({ userId: 'bob', request: bid(9_100), key: 'k3', at: [140, 150], gateway: 1 });
  small.end();
  small.send({ userId: 'bob', request: bid(50_000), at: [160, 170] });
  small.send({ userId: 'eve', request: { kind: 'read' }, at: [180, 190] });
  return small.history();
}
