import { isOver } from '@outcry/shared/contracts/events.ts';
import { useEffect, useState } from 'preact/hooks';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { endText } from '../format/outcome.ts';
import { refusalWords } from '../format/refusals.ts';
import { sellerName } from '../format/user-names.ts';
import { BidHistory } from '../parts/bid-history.tsx';
import { BidPanel } from '../parts/bid-panel.tsx';
import { ButtonLink } from '../parts/button.tsx';
import { ConnectionBadge } from '../parts/connection-badge.tsx';
import { Empty } from '../parts/empty.tsx';
import { ArrowLeftIcon, EyeIcon } from '../parts/icons.tsx';
import { ItemTile } from '../parts/item-tile.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Panel } from '../parts/panel.tsx';
import { PriceChart } from '../parts/price-chart.tsx';
import { ProofPanel } from '../parts/proof-panel.tsx';
import { ReportButton } from '../parts/report-button.tsx';
import { SaveButton } from '../parts/save-button.tsx';
import { lobbyPath, SELLING_PATH } from '../routes.ts';
import { serverNow } from '../state/clock.ts';
import { sellerPath } from '../state/lobby-wish.ts';
import { lastLobby } from '../state/lobby.ts';
import { useOpen } from '../state/reading.ts';
import { Room } from '../state/room.ts';
import type { Services } from '../state/services.ts';

interface RoomPageProps {
  readonly services: Services;
  readonly auctionId: string;
}

/** One auction, live. */
export function RoomPage({ services, auctionId }: RoomPageProps) {
  const room = useOpen(() => new Room(services, auctionId), [services, auctionId]);
  const auction = room.auction.value;
  const lot = useLotParts(auction?.saleId !== undefined);
  if (auction === null) return <NotHere room={room} />;
  const { saleId } = auction;
  return (
    <article class="room stack" data-testid="room">
      <div class="room-top">
        <a class="back hint" href={lastLobby.value}>
          <ArrowLeftIcon /> All auctions
        </a>
        <SaveButton
          watchlist={services.watchlist}
          auctionId={auction.id}
          title={auction.item.title}
        />
      </div>
      <div class="room-picture">
        <ItemTile item={auction.item} eager />
      </div>
      <div class="room-bidding stack">
        <PageHead title={auction.item.title}>
          <RoomStatus auction={auction} room={room} />
          {saleId !== undefined && (
            <div class="lot-part">
              {lot && <lot.SalePlace services={services} saleId={saleId} auction={auction} />}
            </div>
          )}
        </PageHead>
        <div class="panel room-panel stack">
          {saleId !== undefined && !room.isOwn.value && !isOver(auction.status) && (
            <div class="lot-part">
              {lot && (
                <lot.LotAdmission
                  services={services}
                  saleId={saleId}
                  auction={auction}
                  room={room}
                />
              )}
            </div>
          )}
          <BidPanel auction={auction} room={room} signIn={services.signIn} />
        </div>
        <BidHistory room={room} currency={auction.currency} />
      </div>
      <div class="room-more stack">
        <PriceChart auction={auction} room={room} />
        <About auction={auction} />
        {isOver(auction.status) && <ProofPanel auction={auction} room={room} />}
        {auction.bidCount > 0 && (
          <ReportButton
            client={services.client}
            of={{ auctionId: auction.id }}
            what="all bids"
            rows={auction.bidCount}
          />
        )}
      </div>
    </article>
  );
}

const loadLotParts = () => import('../sales/lot-place.tsx');

/** What the rooms of lots have besides; without it a room works too. */
function useLotParts(isLot: boolean): Awaited<ReturnType<typeof loadLotParts>> | undefined {
  const [parts, setParts] = useState<Awaited<ReturnType<typeof loadLotParts>>>();
  useEffect(() => {
    if (!isLot) return;
    loadLotParts().then(setParts, (error: unknown) =>
      console.warn('the place in the sale could not be loaded', error),
    );
  }, [isLot]);
  return parts;
}

interface InRoomProps {
  readonly auction: AuctionView;
  readonly room: Room;
}

const STATUS_WORDS: Readonly<Record<AuctionView['status'], string>> = {
  scheduled: 'Not open yet',
  live: 'Open for bids',
  paused: 'Paused',
  ended: 'Ended',
  cancelled: 'Cancelled',
};

function RoomStatus({ auction, room }: InRoomProps) {
  const { status, sellerId } = auction;
  const isOpen = !isOver(status);
  const connection = room.connection.value;
  const viewers = room.viewers.value;
  const end = endText(auction, serverNow());
  return (
    <div class="room-status hint">
      <p>
        <span class={`tag tag-${status}`} data-testid="auction-status">
          {STATUS_WORDS[status]}
        </span>
        {/* "Live" beside "Not open yet" would be a riddle. */}
        {(status === 'live' || (isOpen && connection !== 'live')) && (
          <ConnectionBadge connection={connection} />
        )}
        {end !== undefined && (
          <time class="room-end" dateTime={auction.endsAt} data-testid="end">
            {end}
          </time>
        )}
        {isOpen && viewers !== undefined && viewers > 0 && (
          <span class="viewers">
            <EyeIcon />
            {viewers.toLocaleString()} watching
          </span>
        )}
      </p>
      <p>
        <span class="seller">
          Sold by{' '}
          {room.isOwn.value ? (
            <a href={SELLING_PATH}>you</a>
          ) : (
            <a href={sellerPath(sellerId)}>{sellerName(sellerId)}</a>
          )}
        </span>
        <ReserveText auction={auction} />
      </p>
    </div>
  );
}

/** The reserve stays secret; only whether there is one, and whether it is reached, is known. */
function ReserveText({ auction }: { readonly auction: AuctionView }) {
  const { status, reserveMet, leader } = auction;
  if (status !== 'live') return null;
  if (!reserveMet) return <span class="tag tag-open">Reserve not met yet</span>;
  return <span class="tag tag-met">{leader === null ? 'No reserve' : 'Will be sold'}</span>;
}

function About({ auction }: { readonly auction: AuctionView }) {
  const { description } = auction.item;
  if (description === undefined || description.trim() === '') return null;
  return (
    <Panel title="About this item" class="about">
      {description.split(/\n{2,}/u).map((paragraph, i) => (
        <p key={i} dir="auto">
          {paragraph}
        </p>
      ))}
    </Panel>
  );
}

/** Nothing to show yet, or for good. */
function NotHere({ room }: { readonly room: Room }) {
  const problem = room.problem.value;
  if (problem === null) {
    return (
      <div class="room stack room-loading" aria-busy="true">
        <p class="unseen" role="status">
          Loading the auction
        </p>
        <div class="room-picture card-loading" />
        <div class="panel card-loading" />
      </div>
    );
  }
  const { title, advice } = refusalWords(problem);
  return (
    <>
      <PageHead title={title} />
      <Empty>
        <p role="status">{problem.status === 404 ? advice : `${advice} This is tried again.`}</p>
        <ButtonLink look="primary" href={lobbyPath('live')}>
          See all auctions
        </ButtonLink>
      </Empty>
    </>
  );
}
