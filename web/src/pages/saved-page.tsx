import { useEffect, useMemo, useState } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { Empty } from '../parts/empty.tsx';
import { FailureBanner } from '../parts/failure-banner.tsx';
import { LoadingCards, WatchedCard } from '../parts/lobby-cards.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { SaveButton } from '../parts/save-button.tsx';
import { SignInFirst } from '../parts/sign-in-first.tsx';
import { lobbyPath } from '../routes.ts';
import { bySoonest } from '../state/by-soonest.ts';
import { viewOfArchived } from '../state/archived-view.ts';
import { LiveViews } from '../state/live-views.ts';
import type { Services } from '../state/services.ts';
import { signedInAs } from '../state/session.ts';

/** Cards on a page: rows of one, two, three and four are full. */
const SHEET_SIZE = 48;

/** What the user has saved, on whatever device. */
export function SavedPage({ services }: { readonly services: Services }) {
  return (
    <>
      <PageHead title="Saved auctions">
        <p class="page-intro">What ends first comes first. Prices move as you watch.</p>
      </PageHead>
      {signedInAs.value === undefined ? (
        <SignInFirst
          signInPossible={services.signIn !== undefined}
          purpose="see what you saved"
          text="Your saved auctions are the same on all your devices: sign in to see them."
        />
      ) : (
        <SavedCards services={services} />
      )}
    </>
  );
}

function SavedCards({ services: { watchlist, feed } }: { readonly services: Services }) {
  const views = useMemo(() => new LiveViews(feed), [feed]);
  useEffect(() => () => views.close(), [views]);
  const [sheet, setSheet] = useState(0);
  const saved = watchlist.auctions.value;
  const problem = watchlist.problem.value;
  if (saved === null && problem === null) return <LoadingCards />;
  const auctions = (saved ?? [])
    .map((auction) => views.newest(viewOfArchived(auction)))
    .toSorted(bySoonest);
  const sheets = Math.max(1, Math.ceil(auctions.length / SHEET_SIZE));
  const at = Math.min(sheet, sheets - 1);
  const turnTo = (to: number): void => {
    setSheet(to);
    scrollTo({ top: 0, behavior: 'instant' });
  };
  return (
    <>
      <FailureBanner problem={problem}>The list is read again by itself.</FailureBanner>
      {saved?.length === 0 && (
        <Empty title="Nothing saved yet">
          <p>Press “Save” in an auction to keep it here, and to be told before it ends.</p>
          <a class="button button-primary" href={lobbyPath('live')}>
            Find something
          </a>
        </Empty>
      )}
      {auctions.length > 0 && (
        <ul class="cards" data-testid="saved-list">
          {auctions.slice(at * SHEET_SIZE, (at + 1) * SHEET_SIZE).map((auction) => (
            <WatchedCard key={auction.id} views={views} auction={auction}>
              <SaveButton watchlist={watchlist} auctionId={auction.id} title={auction.item.title} />
            </WatchedCard>
          ))}
        </ul>
      )}
      <div class="pages">
        {at > 0 && <Button onClick={() => turnTo(at - 1)}>Previous page</Button>}
        {at + 1 < sheets && <Button onClick={() => turnTo(at + 1)}>Next page</Button>}
      </div>
    </>
  );
}
