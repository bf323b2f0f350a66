import { describe, expect, it } from 'vitest';
import { mergedNotices, noticeKey, stillLive, type BellNotice } from './merge-notices.ts';

const NOW = 1_700_000_000_000;

const notice = (
  auctionId: string,
  atMs: number,
  type: BellNotice['type'] = 'outbid',
): BellNotice => ({
  type,
  auctionId,
  title: 'Lamp',
  currency: 'EUR',
  price: 1_000,
  status: 'live',
  endsAt: new Date(NOW + 60_000).toISOString(),
  atMs,
  unread: true,
});

const shown = (notices: readonly BellNotice[]): string[] =>
  notices.map(({ type, auctionId, unread }) => `${type} ${auctionId}${unread ? '' : ', read'}`);

describe('what came live', () => {
  it('stays until the archive has it', () => {
    const live = [notice('a', NOW), notice('b', NOW)];
    expect(shown(stillLive(live, [notice('a', NOW - 300)], NOW + 1_000))).toEqual(['outbid b']);
  });

  it('is another one than an older one that is archived', () => {
    expect(shown(stillLive([notice('a', NOW)], [notice('a', NOW - 60_000)], NOW + 1))).toEqual([
      'outbid a',
    ]);
  });

  it('is no longer true when the archive does not say so later', () => {
    expect(stillLive([notice('a', NOW)], [], NOW + 10_000)).toEqual([]);
  });
});

describe('all notices', () => {
  it('are the newest first, one of a type about an auction', () => {
    const archived = [notice('a', NOW - 9_000), notice('a', NOW - 8_000, 'ending')];
    expect(shown(mergedNotices(archived, [notice('a', NOW)], new Map()))).toEqual([
      'outbid a',
      'ending a',
    ]);
  });

  it('are read up to where this device has marked them', () => {
    const marked = notice('a', NOW);
    const readUpTo = new Map([[noticeKey(marked), NOW]]);
    expect(shown(mergedNotices([marked], [], readUpTo))).toEqual(['outbid a, read']);
    expect(shown(mergedNotices([notice('a', NOW + 1)], [], readUpTo))).toEqual(['outbid a']);
  });
});
