import { useEffect, useMemo, useState } from 'preact/hooks';
import { EmptyLobby, NothingFound } from '../parts/empty-lobby.tsx';
import { FailureBanner } from '../parts/failure-banner.tsx';
import { LoadingCards, WatchedCard } from '../parts/lobby-cards.tsx';
import { LobbyTools } from '../parts/lobby-tools.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { lobbyPath, type ListedStatus } from '../routes.ts';
import { slowClock } from '../state/clock.ts';
import { Lobby } from '../state/lobby.ts';
import { WHOLE_LIST, type LobbyView } from '../state/lobby-view.ts';
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
  ended: 'What was sold, and for how much. Each one comes with a proof that you can check.',
};

/** Between the last key pressed and the search. */
const SEARCH_PAUSE_MS = 300;

/** The list of auctions of one status. */
export function LobbyPage({ services, status }: LobbyPageProps) {
  const [text, setText] = useState('');
  const [view, setView] = useState<LobbyView>(WHOLE_LIST);
  const search = useSettled(text.trim());
  const lobby = useMemo(() => new Lobby(services, { status, search }), [services, status, search]);
  useEffect(() => {
    lobby.open();
    return () => lobby.close();
  }, [lobby]);
  useEffect(() => lobby.show(view), [lobby, view]);
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
      <LobbyTools status={status} search={text} view={view} onSearch={setText} onView={setView} />
      <LobbyList lobby={lobby} status={status} search={search} view={view} />
    </>
  );
}

/** The text, as soon as it has stayed the same for a moment; an empty one at once. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), text === '' ? 0 : SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

interface LobbyListProps {
  readonly lobby: Lobby;
  readonly status: ListedStatus;
  readonly search: string;
  readonly view: LobbyView;
}

function LobbyList({ lobby, status, search, view }: LobbyListProps) {
  // What is "ending soon" changes with time alone.
  if (view.only.includes('closing')) void slowClock.value;
  const all = lobby.auctions.value;
  const auctions = lobby.through(view);
  const problem = lobby.problem.value;
  if ((all === null || auctions === null) && problem === null) return <LoadingCards />;
  return (
    <>
      <FailureBanner problem={problem}>
        {all === null ? 'The list is asked for' : 'The list may be old; it is read'} again by
        itself.
      </FailureBanner>
      {auctions !== null && auctions.length > 0 && (
        <>
          <p class="unseen" role="status">
            {auctions.length} {auctions.length === 1 ? 'auction' : 'auctions'}
          </p>
          <ul class="cards" data-testid="auction-list">
            {auctions.map((auction) => (
              <WatchedCard key={auction.id} lobby={lobby} auction={auction} />
            ))}
          </ul>
        </>
      )}
      {all?.length === 0 && search === '' && <EmptyLobby status={status} />}
      {auctions?.length === 0 && (search !== '' || all?.length !== 0) && (
        <NothingFound search={search} />
      )}
      {lobby.canShowMore && (
        <button type="button" class="button more" onClick={() => lobby.showMore()}>
          Show more
        </button>
      )}
    </>
  );
}
