import { useState } from 'preact/hooks';
import { isolated } from '../format/isolated.ts';
import { formatMoney } from '../format/money.ts';
import { Button } from '../parts/button.tsx';
import { ConfirmDialog } from '../parts/dialog.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { Facts } from '../parts/panel.tsx';
import { SALE_STATUS_WORDS } from '../sales/sale-words.ts';
import { momentOf } from '../state/clock.ts';
import { useReading } from '../state/reading.ts';
import { saleClient } from '../state/sales.ts';
import { asUser } from '../state/session.ts';
import { good, useCommands } from './commands.ts';
import { NotFoundText } from './not-found.tsx';
import { isRead, ListPanel, usePages } from './pages.tsx';
import { searchPath, type FoundProps } from './search.ts';

const READ_EVERY_MS = 10_000;

/** A user: figures, bids, what they sell; and ending their sessions. */
export function UserSection({ services, id: userId }: FoundProps) {
  const { client } = services;
  const reading = useReading(() => asUser(client, () => client.userStats(userId)), READ_EVERY_MS, [
    userId,
  ]);
  const commands = useCommands(client);
  const [asking, setAsking] = useState(false);
  const stats = reading.value.value;
  const end = (): Promise<boolean> =>
    commands.run({
      request: () => client.signOutEverywhere(userId),
      done: () => good('Sessions ended', 'Within three seconds no service knows this user.'),
    });
  return (
    <>
      <section class="panel desk-first" aria-label="User">
        <h2>User {userId}</h2>
        {stats === undefined ? (
          <NotFoundText problem={reading.problem.value} what="User" />
        ) : (
          <div class="stack">
            <Facts
              testId="user-figures"
              facts={[
                ['Name on the leaderboard', isolated(stats.name)],
                ['Bids', stats.bids.toLocaleString()],
                ['Auctions entered', stats.auctionsEntered.toLocaleString()],
                ['Won', stats.auctionsWon.toLocaleString()],
                ...stats.money.map(
                  ({ currency, totalSpent }) =>
                    [`Spent in ${currency}`, formatMoney(totalSpent, currency)] as const,
                ),
              ]}
            />
            <div class="row">
              <Button
                onClick={() => {
                  commands.forgetNotice();
                  setAsking(true);
                }}
              >
                End all sessions
              </Button>
            </div>
            <NoticeText notice={asking ? null : commands.notice.value} />
          </div>
        )}
        {asking && (
          <ConfirmDialog
            title="End all sessions?"
            action="Yes, end them"
            sender={commands}
            onConfirmed={end}
            onClose={() => setAsking(false)}
          >
            {userId} is signed out on every device, and can sign in again. Bids stay.
          </ConfirmDialog>
        )}
      </section>
      {stats !== undefined && <BidsAndSales services={services} id={userId} />}
    </>
  );
}

function BidsAndSales({ services, id: userId }: FoundProps) {
  const { client } = services;
  const bids = usePages(client, (query) => client.userBids(query, userId));
  const auctions = usePages(client, (query) =>
    client.archivedAuctions({ ...query, seller: userId }),
  );
  const sales = usePages(client, (query) =>
    saleClient(services).archivedList({ ...query, seller: userId }),
  );
  return (
    <>
      <ListPanel
        title="Bids"
        pages={bids}
        none="No bids."
        keyOf={({ auctionId, epoch, seq }) => `${auctionId} ${epoch} ${seq}`}
        row={({ auctionId, bidId, at, counts, type }) => (
          <div>
            <p>
              <a href={searchPath('auction', auctionId)}>{auctionId}</a>
              {type === 'bought' && ', bought'}
              {!counts && ', does not count'}
            </p>
            <p class="hint">
              {momentOf(at)} · <a href={searchPath('bid', bidId)}>{bidId}</a>
            </p>
          </div>
        )}
      />
      {isRead(bids) && (
        <ListPanel
          title="Sells"
          pages={auctions}
          none="Nothing."
          keyOf={({ id }) => id}
          row={({ id, item, status, price, currency }) => (
            <div>
              <p>
                <a href={searchPath('auction', id)} dir="auto">
                  {item.title}
                </a>
              </p>
              <p class="hint">
                {status} · {formatMoney(price, currency)}
              </p>
            </div>
          )}
        />
      )}
      {isRead(bids) && isRead(auctions) && (
        <ListPanel
          title="Sales of several lots"
          pages={sales}
          none="None."
          keyOf={({ id }) => id}
          row={({ id, title, status }) => (
            <div>
              <p>
                <a href={searchPath('sale', id)} dir="auto">
                  {title}
                </a>
              </p>
              <p class="hint">{SALE_STATUS_WORDS[status]}</p>
            </div>
          )}
        />
      )}
    </>
  );
}
