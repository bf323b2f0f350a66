/** What the archive keeps for the user, and what has come live and may not be archived yet; pure. */
import type { KeptNotice } from '@outcry/shared/contracts/history.ts';

/** A notice as the bell shows it. */
export type BellNotice = Omit<KeptNotice, 'at'> & {
  /** By the server's clock. */
  readonly atMs: number;
};

/** The two clocks may differ, and a notice takes its time. */
const SAME_WITHIN_MS = 5_000;
/** The archive has what happened so long before it was asked. */
const ARCHIVED_WITHIN_MS = 10_000;
const MAX_SHOWN = 50;

export const noticeKey = ({ type, auctionId }: Pick<KeptNotice, 'type' | 'auctionId'>): string =>
  `${type} ${auctionId}`;

export const isOf = (a: Pick<BellNotice, 'type' | 'auctionId'>) => {
  const key = noticeKey(a);
  return (b: Pick<BellNotice, 'type' | 'auctionId'>): boolean => noticeKey(b) === key;
};

/** What came live since the archive was asked, or is not archived though it was. */
export const stillLive = (
  live: readonly BellNotice[],
  archived: readonly BellNotice[],
  askedAtMs: number,
): readonly BellNotice[] =>
  live.filter((notice) => {
    const known = archived.find(isOf(notice));
    const isArchived = known !== undefined && known.atMs >= notice.atMs - SAME_WITHIN_MS;
    return !isArchived && askedAtMs - notice.atMs < ARCHIVED_WITHIN_MS;
  });

/**
 * All notices, the newest first; one of each type about an auction.
 * @param readUpTo what this device has marked as read, by {@link noticeKey}, ms
 */
export function mergedNotices(
  archived: readonly BellNotice[],
  live: readonly BellNotice[],
  readUpTo: ReadonlyMap<string, number>,
): readonly BellNotice[] {
  const others = archived.filter((notice) => !live.some(isOf(notice)));
  return [...live, ...others]
    .toSorted((a, b) => b.atMs - a.atMs)
    .slice(0, MAX_SHOWN)
    .map((notice) => {
      const isRead = (readUpTo.get(noticeKey(notice)) ?? -Infinity) >= notice.atMs;
      return isRead ? Object.assign({}, notice, { unread: false }) : notice;
    });
}
