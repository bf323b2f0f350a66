import { useMemo } from 'preact/hooks';
import { AdminClient } from '@outcry/client/admin-client.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { clientProblem, OutcryError } from '@outcry/client/outcry-error.ts';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { isOver } from '@outcry/shared/contracts/events.ts';
import { formatMoney } from '../format/money.ts';
import { bidCountText } from '../format/outcome.ts';
import { AuctionControls } from '../parts/auction-controls.tsx';
import { Facts } from '../parts/panel.tsx';
import { roomPath } from '../routes.ts';
import { viewOfArchived } from '../state/archived-view.ts';
import { momentOf } from '../state/clock.ts';
import { useReading } from '../state/reading.ts';
import { Selling } from '../state/selling.ts';
import { clientOf } from '../state/services.ts';
import { asUser } from '../state/session.ts';
import { AuctionBidders } from './auction-bidders.tsx';
import { NotFound } from './not-found.tsx';
import { isRead, usePages } from './pages.tsx';
import { Person } from './person.tsx';
import { AuctionRecord } from './records.tsx';
import type { FoundProps } from './search.ts';

const READ_EVERY_MS = 5_000;

interface Known {
  readonly auction: AuctionView;
  /** From then on nothing about it can be changed. */
  readonly sealedAt: string | null;
}

/** An auction: how it stands, who bids, what was done with it; and doing it. */
export function AuctionSection({ services, id: auctionId }: FoundProps) {
  const { client } = services;
  const admin = clientOf(services, AdminClient);
  const reading = useReading(() => readBoth(client, auctionId), READ_EVERY_MS, [auctionId]);
  const bidders = usePages(client, (query) => admin.bidders(auctionId, query));
  const record = usePages(client, (query) => client.auctionRecord(auctionId, query));
  const again = (auction: AuctionView): void => {
    reading.value.value = { auction, sealedAt: null };
    bidders.again();
    record.again();
  };
  const selling = useMemo(() => new Selling(client, auctionId, again), [client, auctionId]);
  const known = reading.value.value;
  if (known === undefined) return <NotFound problem={reading.problem.value} what="Auction" />;
  const { auction, sealedAt } = known;
  return (
    <>
      <section class="panel desk-first stack" aria-label="Auction">
        <h2 dir="auto">{auction.item.title}</h2>
        <Facts
          testId="auction-facts"
          facts={[
            ['Page', <a href={roomPath(auction.id)}>{auction.id}</a>],
            ['Status', statusText(known)],
            ['Seller', <Person userId={auction.sellerId} />],
            [
              'Price',
              `${formatMoney(auction.price, auction.currency)}, ${bidCountText(auction.bidCount)}`,
            ],
            [isOver(auction.status) ? 'Ended' : 'Ends', momentOf(auction.endsAt)],
          ]}
        />
        <AuctionControls auction={auction} selling={selling} />
      </section>
      <AuctionBidders
        client={client}
        auction={auction}
        isFinal={sealedAt !== null || auction.status === 'cancelled'}
        pages={bidders}
        onRemoved={again}
      />
      {isRead(bidders) && <AuctionRecord pages={record} />}
    </>
  );
}

/** The gateway knows how it stands, the archive whether it is sealed; one of them may know nothing. */
async function readBoth(client: OutcryClient, auctionId: string): Promise<Known> {
  return asUser(client, async () => {
    const [live, archived] = await Promise.all([
      ifThere(client.auction(auctionId)),
      ifThere(client.archivedAuction(auctionId)),
    ]);
    const auction = live ?? (archived && viewOfArchived(archived));
    if (auction === undefined) {
      throw new OutcryError(clientProblem('AUCTION_NOT_FOUND', 'nobody knows it'));
    }
    return { auction, sealedAt: archived?.sealedAt ?? null };
  });
}

async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof OutcryError && error.code === 'AUCTION_NOT_FOUND') return undefined;
    throw error;
  }
}

function statusText({ auction: { status, outcome }, sealedAt }: Known): string {
  const outcomes = { sold: 'sold', reserve_not_met: 'reserve not met', no_bids: 'no bids' };
  const what = outcome === undefined ? status : `${status}, ${outcomes[outcome]}`;
  return sealedAt === null ? what : `${what}, sealed`;
}
