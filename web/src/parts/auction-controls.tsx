import { useEffect, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { isOver } from '@outcry/shared/contracts/events.ts';
import { changePath } from '../routes.ts';
import type { Selling } from '../state/selling.ts';
import { Button, ButtonLink } from './button.tsx';
import { ActionDialog } from './dialog.tsx';
import { ExtendDialog } from './extend-dialog.tsx';
import { NoticeText } from './notice-text.tsx';
import { ReasonDialog } from './reason-dialog.tsx';

interface AuctionControlsProps {
  readonly auction: AuctionView;
  readonly selling: Selling;
  /** Its seller may put another auction in its place, too; an admin may not. */
  readonly isSeller?: boolean;
  /** What can be done besides. */
  readonly children?: ComponentChildren;
}

/** What its seller and admins can do with an open auction. */
export function AuctionControls(props: AuctionControlsProps) {
  const { auction, selling, isSeller = false, children } = props;
  const [asking, setAsking] = useState<'cancel' | 'extend' | 'pause' | null>(null);
  const notice = selling.notice.value;
  const isOpen = !isOver(auction.status);
  const isUnbid = auction.leader === null;
  const close = (): void => setAsking(null);
  const ask = (what: typeof asking): void => {
    selling.notice.value = null;
    setAsking(what);
  };
  useEffect(() => {
    if (notice?.tone === 'good' || !isOpen) setAsking(null);
  }, [notice, isOpen]);
  return (
    <>
      {isOpen && (
        <div class="row">
          <Button onClick={() => ask('extend')}>Extend</Button>
          {auction.status === 'paused' ? (
            <Button look="primary" disabled={selling.busy} onClick={() => void selling.resume()}>
              Resume
            </Button>
          ) : (
            <Button onClick={() => ask('pause')}>Pause</Button>
          )}
          {isUnbid && isSeller && <ButtonLink href={changePath(auction.id)}>Change</ButtonLink>}
          {isUnbid && <Button onClick={() => ask('cancel')}>Cancel the auction</Button>}
          {children}
        </div>
      )}
      <NoticeText notice={asking === null ? notice : null} />
      {asking === 'extend' && <ExtendDialog auction={auction} selling={selling} onClose={close} />}
      {asking === 'pause' && (
        <ReasonDialog
          title="Pause this auction?"
          hint="Everybody who watches reads it."
          action="Pause"
          busyAction="Pausing …"
          look="primary"
          sender={selling}
          onGiven={(reason) => selling.pause(reason)}
          onClose={close}
        >
          Nobody can bid until you resume it. The end then moves by as long as the pause was.
        </ReasonDialog>
      )}
      {asking === 'cancel' && (
        <ActionDialog
          title="Cancel this auction?"
          action="Yes, cancel it"
          busyAction="Cancelling …"
          isPossible={isUnbid}
          leave="Keep it open"
          sender={selling}
          onAct={() => selling.cancel()}
          onClose={close}
        >
          <p role="status">
            {isUnbid
              ? 'It closes at once and for good. Nobody has bid yet, and you can offer the item again.'
              : 'Somebody has bid just now, so it can no longer be cancelled.'}
          </p>
        </ActionDialog>
      )}
    </>
  );
}
