import { EmptyLobby, NothingFound } from '../parts/empty-lobby.tsx';
import { FailureBanner } from '../parts/failure-banner.tsx';
import { LoadingCards, WatchedCard } from '../parts/lobby-cards.tsx';
import { LobbyPages } from '../parts/lobby-pages.tsx';
import { LobbyTools } from '../parts/lobby-tools.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { query, replaceAddress } from '../router.ts';
import type { ListedStatus } from '../routes.ts';
import { Lobby } from '../state/lobby.ts';
import {
  isNarrowed,
  lobbyAddress,
  readWish,
  wishFor,
  type LobbyWish,
} from '../state/lobby-wish.ts';
import { useOpen } from '../state/reading.ts';
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
  live: 'Prices move as you watch.',
  scheduled: 'These open by themselves when their countdown reaches zero.',
  ended: 'What was sold, and for how much. Each one comes with a proof that you can check.',
};

/** The list of auctions of one status. */
export function LobbyPage({ services, status }: LobbyPageProps) {
  const wish = readWish(status, query.value);
  const address = lobbyAddress(wish);
  const lobby = useOpen(() => new Lobby(services, wish), [services, address]);
  return (
    <>
      <PageHead title={HEADINGS[status]}>
        <p class="page-intro">{INTROS[status]}</p>
      </PageHead>
      <nav class="tabs" aria-label="Auctions by status">
        {TABS.map((tab) => (
          <a
            key={tab.status}
            href={lobbyAddress(wishFor(tab.status, wish))}
            aria-current={tab.status === status ? 'page' : undefined}
          >
            {tab.label}
          </a>
        ))}
      </nav>
      <LobbyTools wish={wish} onChange={(changed) => replaceAddress(lobbyAddress(changed))} />
      <LobbyList key={address} lobby={lobby} wish={wish} />
    </>
  );
}

interface LobbyListProps {
  readonly lobby: Lobby;
  readonly wish: LobbyWish;
}

function LobbyList({ lobby, wish }: LobbyListProps) {
  const auctions = lobby.auctions.value;
  const problem = lobby.problem.value;
  if (auctions === null && problem === null) return <LoadingCards />;
  const isWhole = !isNarrowed(wish) && wish.after === undefined;
  return (
    <>
      <FailureBanner problem={problem}>
        {auctions === null ? 'The list is asked for' : 'The list may be old; it is read'} again by
        itself.
      </FailureBanner>
      {auctions !== null && auctions.length > 0 && (
        <>
          <p class="unseen" role="status">
            {auctions.length} {auctions.length === 1 ? 'auction' : 'auctions'} on this page
          </p>
          <ul class="cards" data-testid="auction-list">
            {auctions.map((auction) => (
              <WatchedCard key={auction.id} views={lobby.views} auction={auction} />
            ))}
          </ul>
        </>
      )}
      {auctions?.length === 0 && isWhole && <EmptyLobby status={wish.status} />}
      {auctions?.length === 0 && !isWhole && <NothingFound wish={wish} />}
      <LobbyPages wish={wish} nextCursor={lobby.nextCursor.value} />
    </>
  );
}
