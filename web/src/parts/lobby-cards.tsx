import { useEffect, useRef } from 'preact/hooks';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { Lobby } from '../state/lobby.ts';
import { AuctionCard } from './auction-card.tsx';

interface WatchedCardProps {
  readonly lobby: Lobby;
  readonly auction: AuctionView;
}

/** A card that is watched live while it is in sight. */
export function WatchedCard({ lobby, auction }: WatchedCardProps) {
  const element = useRef<HTMLLIElement>(null);
  const { id } = auction;
  const isOpen = auction.status === 'live' || auction.status === 'scheduled';
  useEffect(() => {
    if (element.current === null || !isOpen) return undefined;
    const sight = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting === true) lobby.watch(id);
      else lobby.unwatch(id);
    });
    sight.observe(element.current);
    return () => {
      sight.disconnect();
      lobby.unwatch(id);
    };
  }, [lobby, id, isOpen]);
  return (
    <li ref={element}>
      <AuctionCard auction={auction} />
    </li>
  );
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
