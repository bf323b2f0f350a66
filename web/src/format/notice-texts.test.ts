import { expect, it } from 'vitest';
import { noticeTexts } from './notice-texts.ts';

const NOW = 1_700_000_000_000;

it.each([
  ['outbid', 'live', 60_000, 'You were outbid'],
  ['won', 'ended', -60_000, 'You won!'],
  ['ending', 'live', 299_000, 'Ends in 5 minutes'],
  ['ending', 'live', 1_000, 'Ends in 1 minute'],
  ['ending', 'live', -1_000, 'It has ended'],
  ['ending', 'ended', 60_000, 'It has ended'],
] as const)('%s of a %s auction, %i ms before its end: %s', (type, status, leftMs, title) => {
  const notice = {
    type,
    status,
    auctionId: 'a1-lamp',
    title: 'Lamp',
    currency: 'USD',
    price: 2_050,
    endsAt: new Date(NOW + leftMs).toISOString(),
    atMs: NOW,
    unread: true,
  };
  const texts = noticeTexts(notice, NOW);
  expect(texts.title).toBe(title);
  expect(texts.detail).toContain('20.50');
  expect(noticeTexts({ ...notice, currency: '' }, NOW).detail).toBe('Lamp');
});
