import { isOver } from '@outcry/shared/contracts/events.ts';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { outcomeWords } from '../format/outcome.ts';
import { lobbyPath } from '../routes.ts';
import type { Room } from '../state/room.ts';
import type { Services } from '../state/services.ts';
import { mayAct, session } from '../state/session.ts';
import { askToSignIn } from '../state/sign-in-request.ts';
import { AbsenteeBox } from './absentee-box.tsx';
import { AuctionControls } from './auction-controls.tsx';
import { BidBox } from './bid-box.tsx';
import { Button, ButtonLink } from './button.tsx';
import { BuyNow } from './buy-now.tsx';
import { TrophyIcon } from './icons.tsx';
import { NextStepText } from './next-step.tsx';
import { NoticeText } from './notice-text.tsx';
import { BidBar, PricePanel } from './price-panel.tsx';
import { Stake } from './stake.tsx';

interface BidPanelProps {
  readonly auction: AuctionView;
  readonly room: Room;
  /** How people sign in. */
  readonly signIn: Services['signIn'];
}

/** The price, and what the user can do here now: bid, sell, sign in, wait, or see how it ended. */
export function BidPanel(props: BidPanelProps) {
  const { auction, room } = props;
  const notice = room.bidding.notice.value;
  const isSignedIn = session.value !== null && mayAct('bidder');
  const mayBid = !room.isOwn.value && isSignedIn;
  if (mayBid && auction.status === 'live') return <Bidder {...props} />;
  if (mayBid && auction.status === 'scheduled')
    return <AbsenteeBox auction={auction} room={room} />;
  return (
    <>
      <OthersPanel {...props} />
      {/* Whatever can be done now: a bid that nobody knows the outcome of stays. */}
      {notice?.unresolved === true && <NoticeText notice={notice} />}
    </>
  );
}

function OthersPanel(props: BidPanelProps) {
  const { auction, room } = props;
  if (isOver(auction.status)) {
    return (
      <>
        <PricePanel auction={auction} room={room} />
        <Outcome auction={auction} room={room} />
      </>
    );
  }
  if (room.isOwn.value) {
    return (
      <>
        <BidBar auction={auction} room={room} />
        <SellerPanel auction={auction} room={room} />
      </>
    );
  }
  if (auction.status === 'live') return <Visitor {...props} />;
  if (auction.status === 'paused') {
    return (
      <>
        <BidBar auction={auction} room={room} />
        <p class="aside" role="status" data-testid="paused">
          <strong>Paused.</strong> {room.pauseReason.value} Nobody can bid until it goes on; its end
          then moves by as long as the pause was.
        </p>
      </>
    );
  }
  return (
    <>
      <BidBar auction={auction} room={room} />
      <p class="aside">Bidding opens when the countdown reaches zero. It opens by itself.</p>
    </>
  );
}

/** What the seller sees in place of the bidding: how it goes, and what can still be changed. */
function SellerPanel({ auction, room }: Pick<BidPanelProps, 'auction' | 'room'>) {
  return (
    <section class="stack" aria-label="Your auction">
      <p class="aside">
        <strong>This is your auction.</strong> {sellersHint(auction)}
      </p>
      <AuctionControls isSeller auction={auction} selling={room.selling} />
    </section>
  );
}

function sellersHint({ status, leader }: AuctionView): string {
  if (status === 'paused') return 'It is paused. Nobody can bid until you resume it.';
  if (status === 'scheduled') {
    return 'It opens by itself. Until its first bid you can change or cancel it.';
  }
  return leader === null
    ? 'Until the first bid you can change or cancel it. You cannot bid yourself.'
    : 'There are bids, so it can no longer be cancelled. You can still give it more time.';
}

function Visitor({ auction, room, signIn }: BidPanelProps) {
  if (signIn === undefined || session.value !== null) {
    return (
      <>
        <BidBar auction={auction} room={room} />
        <p class="aside">
          You are watching.{' '}
          {signIn === undefined
            ? 'Bidding needs a sign-in, which this page lacks.'
            : 'Your account may not bid here.'}
        </p>
      </>
    );
  }
  return (
    <>
      <BidBar auction={auction} room={room}>
        <Button look="primary" class="button-large" onClick={() => askToSignIn('bid')}>
          Sign in to bid
        </Button>
      </BidBar>
      <p class="hint">
        {signIn === 'name' && 'A name is enough. '}When you bid, others see only a number.
      </p>
      <BuyNow auction={auction} bidding={room.bidding} />
    </>
  );
}

function Bidder({ auction, room }: BidPanelProps) {
  const notice = room.bidding.notice.value;
  return (
    <>
      <BidBox auction={auction} room={room} />
      {/*
       * One notice at a time: what came of the last bid says where the bidder stands, and more. Only
       * a bid without an answer says nothing of that.
       */}
      <div class="standing">
        <NoticeText notice={notice} />
        {(notice === null || notice.unresolved === true) && (
          <Stake auction={auction} own={room.own.value} leading={room.leading.value} />
        )}
      </div>
      <BuyNow auction={auction} bidding={room.bidding} />
    </>
  );
}

function Outcome({ auction, room }: Pick<BidPanelProps, 'auction' | 'room'>) {
  const words = outcomeWords(auction, auction.currency, room.own.value?.alias ?? null);
  const next = room.nextStep.value;
  if (words === undefined) return null;
  return (
    <div class={`outcome outcome-${words.tone}`} data-testid="outcome">
      {words.tone === 'won' && <TrophyIcon />}
      <strong>{words.title}</strong>
      <p>{words.detail}</p>
      {next !== null && <NextStepText step={next} />}
      <ButtonLink href={lobbyPath('live')}>See live auctions</ButtonLink>
    </div>
  );
}
