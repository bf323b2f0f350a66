import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { isOver } from '@outcry/shared/contracts/events.ts';
import type { LiveViews } from '../state/live-views.ts';
import { AuctionCard } from './auction-card.tsx';

interface WatchedCardProps {
  readonly views: LiveViews;
  readonly auction: AuctionView;
  /** What can be done with it, on top of the card. */
  readonly children?: ComponentChildren;
}

/** A card that is watched live while it is in sight. */
export function WatchedCard({ views, auction, children }: WatchedCardProps) {
  const element = useWatchInSight<HTMLLIElement>(views, auction);
  return (
    <li ref={element}>
      <AuctionCard auction={auction} />
      {children}
    </li>
  );
}

/** Watches an auction live while what the answer is attached to is in sight. */
export function useWatchInSight<E extends HTMLElement>(
  views: LiveViews,
  auction: AuctionView,
): RefObject<E | null> {
  const element = useRef<E>(null);
  const { id } = auction;
  const isOpen = !isOver(auction.status);
  useEffect(() => {
    if (element.current === null || !isOpen) return undefined;
    const sight = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting === true) views.watch(id);
      else views.unwatch(id);
    });
    sight.observe(element.current);
    return () => {
      sight.disconnect();
      views.unwatch(id);
    };
  }, [views, id, isOpen]);
  return element;
}

export function LoadingCards() {
  return (
    <ul class="cards" aria-label="Loading auctions" aria-busy="true">
      {Array.from({ length: 8 }, (_, i) => (
        <li key={i} class="card card-loading" aria-hidden="true" />
      ))}
    </ul>
  );
}
