import type { Leaderboard } from '@outcry/shared/contracts/history.ts';
import { Empty } from '../parts/empty.tsx';
import { FailureBanner } from '../parts/failure-banner.tsx';
import { LeaderTable } from '../parts/leader-table.tsx';
import { LeadersTools } from '../parts/leaders-tools.tsx';
import { OwnStats } from '../parts/own-stats.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { SignInFirst } from '../parts/sign-in-first.tsx';
import { query, replaceAddress } from '../router.ts';
import { leadersAddress, readLeadersWish } from '../state/leaders-wish.ts';
import { useReading } from '../state/reading.ts';
import type { Services } from '../state/services.ts';
import { asUser, session } from '../state/session.ts';

const REFRESH_EVERY_MS = 10_000;
const SHOWN = 50;

/** Who spends, wins and bids most, and the user's own figures. */
export function LeadersPage({ services }: { readonly services: Services }) {
  const wish = readLeadersWish(query.value);
  const userId = session.value?.userId;
  const { client } = services;
  const { by, window, currency } = wish;
  const board = useReading(
    () => client.leaderboard({ by, window, currency, limit: SHOWN }),
    REFRESH_EVERY_MS,
    [client, by, window, currency],
  );
  const stats = useReading(
    async () => (userId === undefined ? undefined : asUser(client, () => client.userStats())),
    REFRESH_EVERY_MS,
    [client, userId],
  );
  const own = stats.value.value;
  const isBoardSettled = board.value.value !== undefined || board.problem.value !== null;
  return (
    <>
      <PageHead title="Leaders">
        <p class="page-intro">
          Everything here is counted from the archive. People appear under a name they chose, or
          under a number.
        </p>
      </PageHead>
      <div class="leaders">
        <section class="panel" aria-label="Leaderboard">
          <LeadersTools
            wish={wish}
            board={board.value.value}
            onChange={(changed) => replaceAddress(leadersAddress(changed))}
          />
          <FailureBanner problem={board.problem.value}>
            The archive is asked again by itself.
          </FailureBanner>
          {(board.value.value !== undefined || board.problem.value === null) && (
            <Board board={board.value.value} ownName={own?.name} />
          )}
        </section>
        {/* On a phone it stands below the board, which must not push it about while it is read. */}
        {!isBoardSettled ? null : userId === undefined ? (
          <SignInFirst
            services={services}
            purpose="see your figures"
            text="Your own bids, wins and sums are shown here, to you alone."
          />
        ) : (
          <OwnStats
            client={client}
            stats={own}
            problem={stats.problem.value}
            onRenamed={() => {
              void stats.again();
              void board.again();
            }}
          />
        )}
      </div>
    </>
  );
}

interface BoardProps {
  readonly board: Leaderboard | undefined;
  readonly ownName: string | undefined;
}

function Board({ board, ownName }: BoardProps) {
  if (board === undefined) return <p class="muted">Reading …</p>;
  if (board.items.length > 0) return <LeaderTable board={board} ownName={ownName} />;
  return (
    <Empty title="Nobody yet">
      <p>The first one to bid in this time leads here.</p>
    </Empty>
  );
}
