import { AdminClient } from '@outcry/client/admin-client.ts';
import type { FoundBid } from '@outcry/shared/contracts/history.ts';
import { Facts, Panel } from '../parts/panel.tsx';
import { momentOf } from '../state/clock.ts';
import { useReading } from '../state/reading.ts';
import { clientOf } from '../state/services.ts';
import { asUser } from '../state/session.ts';
import { NotFound } from './not-found.tsx';
import { offerText } from './offer-text.ts';
import { Person } from './person.tsx';
import { searchPath, type FoundProps } from './search.ts';

const READ_EVERY_MS = 10_000;

interface FoundWithCurrency {
  readonly bid: FoundBid;
  readonly currency: string;
}

/** A bid: whose, in which auction, and what was offered. */
export function BidSection({ services, id: bidId }: FoundProps) {
  const { client } = services;
  const reading = useReading(
    async (): Promise<FoundWithCurrency> => {
      const bid = await asUser(client, () => clientOf(services, AdminClient).findBid(bidId));
      return { bid, currency: (await client.archivedAuction(bid.auctionId)).currency };
    },
    READ_EVERY_MS,
    [bidId],
  );
  const found = reading.value.value;
  if (found === undefined) return <NotFound problem={reading.problem.value} what="Bid" />;
  return (
    <Panel title="Bid" class="desk-first">
      <Facts
        testId="bid"
        facts={[
          [
            'Auction',
            <a href={searchPath('auction', found.bid.auctionId)}>{found.bid.auctionId}</a>,
          ],
          [
            'Bidder',
            <>
              <Person userId={found.bid.userId} />, bidder {found.bid.alias}
            </>,
          ],
          ['Offered', offerText(found.bid, found.currency)],
          ['When', momentOf(found.bid.at)],
          ['Counts', found.bid.counts ? 'yes' : 'no: it was lost in a failover of Redis'],
        ]}
      />
    </Panel>
  );
}
