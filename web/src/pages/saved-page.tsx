import { ButtonLink } from '../parts/button.tsx';
import { Empty } from '../parts/empty.tsx';
import { FailureBanner } from '../parts/failure-banner.tsx';
import { LoadingCards, WatchedCard } from '../parts/lobby-cards.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { SaveButton } from '../parts/save-button.tsx';
import { PageTurns, useSheets } from '../parts/sheets.tsx';
import { SignInFirst } from '../parts/sign-in-first.tsx';
import { lobbyPath } from '../routes.ts';
import { viewOfArchived } from '../state/archived-view.ts';
import { bySoonest } from '../state/by-soonest.ts';
import { LiveViews } from '../state/live-views.ts';
import { useOpen } from '../state/reading.ts';
import type { Services } from '../state/services.ts';
import { signedInAs } from '../state/session.ts';

/** What the user has saved, on whatever device. */
export function SavedPage({ services }: { readonly services: Services }) {
  return (
    <>
      <PageHead title="Saved auctions">
        <p class="page-intro">What ends first comes first. Prices move as you watch.</p>
      </PageHead>
      {signedInAs.value === undefined ? (
        <SignInFirst
          services={services}
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
  const views = useOpen(() => new LiveViews(feed), [feed]);
  const saved = watchlist.auctions.value;
  const problem = watchlist.problem.value;
  const auctions = (saved ?? [])
    .map((auction) => views.newest(viewOfArchived(auction)))
    .toSorted(bySoonest);
  const { shown, previous, next } = useSheets(auctions);
  if (saved === null && problem === null) return <LoadingCards />;
  return (
    <>
      <FailureBanner problem={problem}>The list is read again by itself.</FailureBanner>
      {saved?.length === 0 && (
        <Empty title="Nothing saved yet">
          <p>Press “Save” in an auction to keep it here, and to be told before it ends.</p>
          <ButtonLink look="primary" href={lobbyPath('live')}>
            Find something
          </ButtonLink>
        </Empty>
      )}
      {auctions.length > 0 && (
        <ul class="cards" data-testid="saved-list">
          {shown.map((auction) => (
            <WatchedCard key={auction.id} views={views} auction={auction}>
              <SaveButton watchlist={watchlist} auctionId={auction.id} title={auction.item.title} />
            </WatchedCard>
          ))}
        </ul>
      )}
      <div class="pages bar">
        <PageTurns previous={previous} next={next} />
      </div>
    </>
  );
}
