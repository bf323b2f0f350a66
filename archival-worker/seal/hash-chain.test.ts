import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { HashChain, privateHash } from './hash-chain.ts';

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

const first = { publicText: '{"seq":1}', salt: 'ab'.repeat(16), privateText: '{"userId":"änn"}' };
const second = { ...first, publicText: '{"seq":2}' };

test('the chain as docs/seal.md states it', () => {
  const chain = new HashChain('a1-x');
  const start = sha256('outcry-seal-v1\na1-x');
  expect(chain.head).toBe(start);
  const hidden = sha256(`${'ab'.repeat(16)}{"userId":"änn"}`);
  expect(privateHash(first)).toBe(hidden);
  expect(chain.add(first)).toBe(sha256(`${start}\n${hidden}\n{"seq":1}`));
  expect(chain.add(second)).toBe(chain.head);
});

/** A chain over these events, from a beginning of its own. */
function head(auctionId: string, ...events: (typeof first)[]): string {
  const chain = new HashChain(auctionId);
  for (const event of events) chain.add(event);
  return chain.head;
}

test('another auction, order, public part, salt or private part gives another head', () => {
  const heads = [
    head('a1-x', first, second),
    head('a1-y', first, second),
    head('a1-x', second, first),
    head('a1-x', first),
    head('a1-x', { ...first, publicText: '{"seq":1,"x":0}' }, second),
    head('a1-x', { ...first, salt: 'ac'.repeat(16) }, second),
    head('a1-x', { ...first, privateText: '{"userId":"ann"}' }, second),
  ];
  expect(new Set(heads).size).toBe(heads.length);
});
