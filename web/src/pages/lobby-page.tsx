import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { refusalWords } from '../format/refusals.ts';
import { AuctionCard } from '../parts/auction-card.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { lobbyPath, SELL_PATH, type ListedStatus } from '../routes.ts';
import { Lobby } from '../state/lobby.ts';
import type { Services } from '../state/services.ts';

interface LobbyPageProps {
  readonly services: Services;
  readonly status: ListedStatus;
}

const TABS: readonly { readonly status: ListedStatus; readonly label: string }[] = [
  { status: 'live', label: 'Live' },
  { status: 'scheduled', label: 'Scheduled' },
  { status: 'ended', label: 'Ended' },
];

const HEADINGS: Readonly<Record<ListedStatus, string>> = {
  live: 'Live auctions',
  scheduled: 'Coming up',
  ended: 'Ended auctions',
};

const INTROS: Readonly<Record<ListedStatus, string>> = {
  live: 'Prices move as you watch. What ends soonest comes first.',
  scheduled: 'These open by themselves when their countdown reaches zero.',
  ended: 'What was sold, and for how much. The latest come first.',
};

/** The list of auctions of one status. */
export function LobbyPage({ services, status }: LobbyPageProps) {
  const lobby = useMemo(() => new Lobby(services, status), [services, status]);
  useEffect(() => {
    lobby.open();
    return () => lobby.close();
  }, [lobby]);
  return (
    <>
      <PageHead title={HEADINGS[status]}>
        <p class="page-intro">{INTROS[status]}</p>
      </PageHead>
      <nav class="tabs" aria-label="Auctions by status">
        {TABS.map((tab) => (
          <a
            key={tab.status}
            href={lobbyPath(tab.status)}
            aria-current={tab.status === status ? 'page' : undefined}
          >
            {tab.label}
          </a>
        ))}
      </nav>
      <LobbyList lobby={lobby} status={status} />
    </>
  );
}

function LobbyList({ lobby, status }: { readonly lobby: Lobby; readonly status: ListedStatus }) {
  const auctions = lobby.auctions.value;
  const problem = lobby.problem.value;
  if (auctions === null && problem === null) return <LoadingCards />;
  return (
    <>
      {problem !== null && (
        <p class="banner" role="status">
          <strong>{refusalWords(problem).title}.</strong> The list may be old; it is read again by
          itself.
        </p>
      )}
      {auctions !== null && auctions.length === 0 && <EmptyLobby status={status} />}
      {auctions !== null && auctions.length > 0 && (
        <ul class="cards" data-testid="auction-list">
          {auctions.map((auction) => (
            <WatchedCard key={auction.id} lobby={lobby} auction={auction} />
          ))}
        </ul>
      )}
      {lobby.canShowMore && (
        <button type="button" class="button more" onClick={() => lobby.showMore()}>
          Show more
        </button>
      )}
    </>
  );
}

/** A card that is watched live while it is in sight. */
function WatchedCard({ lobby, auction }: { readonly lobby: Lobby; readonly auction: AuctionView }) {
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

function LoadingCards() {
  return (
    <ul class="cards" aria-label="Loading auctions" aria-busy="true">
      {Array.from({ length: 8 }, (_, i) => (
        <li key={i} class="card card-loading" aria-hidden="true" />
      ))}
    </ul>
  );
}

function EmptyLobby({ status }: { readonly status: ListedStatus }) {
  if (status === 'ended') {
    return (
      <Empty title="Nothing has ended yet">
        <p>Auctions appear here when they are over.</p>
      </Empty>
    );
  }
  return (
    <Empty title={status === 'live' ? 'Nothing is on sale right now' : 'Nothing is coming up'}>
      <p>
        Fill the house with real auctions and bidders: run <code>npm run demo</code> in a terminal.
      </p>
      <p>Or put something up yourself; an auction can be as short as a minute.</p>
      <a class="button button-primary" href={SELL_PATH}>
        Sell something
      </a>
    </Empty>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly children: ComponentChildren;
}

function Empty({ title, children }: EmptyProps) {
  return (
    <section class="empty">
      <h2>{title}</h2>
      {children}
    </section>
  );
}
