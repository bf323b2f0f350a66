import { Button, ButtonLink } from '../parts/button.tsx';
import { Chips } from '../parts/chips.tsx';
import { Empty, Waiting } from '../parts/empty.tsx';
import { FailureBanner } from '../parts/failure-banner.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PageTurns, useSheets } from '../parts/sheets.tsx';
import { SignInFirst } from '../parts/sign-in-first.tsx';
import { STANDING_WORDS, StakeRow } from '../parts/stake-row.tsx';
import { query, replaceAddress } from '../router.ts';
import { lobbyPath, MY_BIDS_PATH } from '../routes.ts';
import { MAX_BIDS, MyBids } from '../state/my-bids.ts';
import { useOpen } from '../state/reading.ts';
import type { Services } from '../state/services.ts';
import { session } from '../state/session.ts';
import { STANDINGS, type Stake, type Standing } from '../state/stakes.ts';

/** Everything the user has bid on, and how it stands. */
export function MyBidsPage({ services }: { readonly services: Services }) {
  const userId = session.value?.userId;
  return (
    <>
      <PageHead title="My bids">
        <p class="page-intro">What needs you comes first. Prices move as you watch.</p>
      </PageHead>
      {userId === undefined ? (
        <SignInFirst
          services={services}
          purpose="see your bids"
          text="Your bids are yours alone: sign in to see them."
        />
      ) : (
        <Stakes key={userId} services={services} />
      )}
    </>
  );
}

function Stakes({ services }: { readonly services: Services }) {
  const mine = useOpen(() => new MyBids(services), [services]);
  const only = STANDINGS.find((standing) => standing === query.value.get('only')) ?? null;
  const stakes = mine.stakes.value;
  const problem = mine.problem.value;
  const wanted = stakes?.filter(({ standing }) => only === null || standing === only);
  const { shown, previous, next, toFirst } = useSheets(wanted ?? []);
  const show = (standing: Standing | null): void => {
    toFirst();
    replaceAddress(standing === null ? MY_BIDS_PATH : `${MY_BIDS_PATH}?only=${standing}`);
  };
  return (
    <>
      <FailureBanner problem={problem}>
        Your bids are safe; the list is read again by itself.
      </FailureBanner>
      {stakes === null && problem === null && <Waiting>Reading your bids …</Waiting>}
      {stakes?.length === 0 && (
        <Empty title="You have not bid yet">
          <p>Every auction you bid in appears here, with how it stands.</p>
          <ButtonLink look="primary" href={lobbyPath('live')}>
            Find something
          </ButtonLink>
        </Empty>
      )}
      {stakes !== null && stakes.length > 0 && (
        <StandingChips stakes={stakes} only={only} onChange={show} />
      )}
      {shown.length > 0 && (
        <ul class="stack tight" data-testid="stakes">
          {shown.map((stake) => (
            <li key={stake.own.auctionId}>
              <StakeRow stake={stake} client={services.client} />
            </li>
          ))}
        </ul>
      )}
      {shown.length === 0 && stakes !== null && stakes.length > 0 && (
        <p class="muted">None of them is like this right now.</p>
      )}
      <div class="pages bar">
        <PageTurns previous={previous} next={next} />
        {next === undefined && mine.hasMore.value && (
          <Button onClick={() => mine.showMore()}>Look at older bids</Button>
        )}
      </div>
      {mine.isFull.value && (
        <p class="hint">Only your newest {MAX_BIDS.toLocaleString()} bids are looked at here.</p>
      )}
    </>
  );
}

interface StandingChipsProps {
  readonly stakes: readonly Stake[];
  readonly only: Standing | null;
  readonly onChange: (only: Standing | null) => void;
}

function StandingChips({ stakes, only, onChange }: StandingChipsProps) {
  const text = (standing: Standing): string => {
    const count = stakes.filter((stake) => stake.standing === standing).length;
    return `${STANDING_WORDS[standing]} ${count.toLocaleString()}`;
  };
  return (
    <div class="my-chips">
      <Chips
        label="Show only"
        choices={STANDINGS.map((standing) => [standing, text(standing)] as const)}
        isPressed={(standing) => standing === only}
        onPress={(standing) => onChange(standing === only ? null : standing)}
      />
    </div>
  );
}
