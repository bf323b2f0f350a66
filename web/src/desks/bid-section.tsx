import type { ComponentChildren } from 'preact';
import type { AdminClient } from '@outcry/client/admin-client.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { FoundBid } from '@outcry/shared/contracts/history.ts';
import { momentText } from '../format/time.ts';
import { slowClock } from '../state/clock.ts';
import { useReading } from '../state/reading.ts';
import { asUser } from '../state/session.ts';
import { NotFound } from './not-found.tsx';
import { offerText } from './offer-text.ts';
import { Person } from './person.tsx';
import { searchPath } from './search.ts';

const READ_EVERY_MS = 10_000;

interface BidSectionProps {
  readonly client: OutcryClient;
  readonly admin: AdminClient;
  readonly bidId: string;
}

interface FoundWithCurrency {
  readonly bid: FoundBid;
  readonly currency: string;
}

/** A bid: whose, in which auction, and what was offered. */
export function BidSection({ client, admin, bidId }: BidSectionProps) {
  const reading = useReading(
    async (): Promise<FoundWithCurrency> => {
      const bid = await asUser(client, () => admin.findBid(bidId));
      return { bid, currency: (await client.archivedAuction(bid.auctionId)).currency };
    },
    READ_EVERY_MS,
    [bidId],
  );
  const found = reading.value.value;
  return (
    <section class="panel desk-first" aria-label="Bid">
      <h2>Bid</h2>
      {found === undefined ? (
        <NotFound problem={reading.problem.value} what="bid" />
      ) : (
        <dl class="pairs" data-testid="bid">
          <Row term="Auction">
            <a href={searchPath('auction', found.bid.auctionId)}>{found.bid.auctionId}</a>
          </Row>
          <Row term="Bidder">
            <Person userId={found.bid.userId} />, bidder {found.bid.alias}
          </Row>
          <Row term="Offered">{offerText(found.bid, found.currency)}</Row>
          <Row term="When">{momentText(Date.parse(found.bid.at), slowClock.value)}</Row>
          <Row term="Counts">
            {found.bid.counts ? 'yes' : 'no: it was lost in a failover of Redis'}
          </Row>
        </dl>
      )}
    </section>
  );
}

function Row({ term, children }: { readonly term: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
