import { useEffect, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { changePath } from '../routes.ts';
import type { Selling } from '../state/selling.ts';
import { CancelDialog } from './cancel-dialog.tsx';
import { ExtendDialog } from './extend-dialog.tsx';
import { NoticeText } from './notice-text.tsx';
import { PauseDialog } from './pause-dialog.tsx';

interface SellerControlsProps {
  readonly auction: AuctionView;
  readonly selling: Selling;
  /** What can be done besides. */
  readonly children?: ComponentChildren;
}

type Question = 'cancel' | 'extend' | 'pause';

/** What the seller can do with an open auction. */
export function SellerControls({ auction, selling, children }: SellerControlsProps) {
  const [asking, setAsking] = useState<Question | null>(null);
  const notice = selling.notice.value;
  const close = (): void => setAsking(null);
  const ask = (what: Question): void => {
    selling.notice.value = null;
    setAsking(what);
  };
  useEffect(() => {
    if (notice?.tone === 'good') setAsking(null);
  }, [notice]);
  return (
    <>
      <div class="row">
        <button type="button" class="button" onClick={() => ask('extend')}>
          Extend
        </button>
        {auction.status === 'paused' ? (
          <button
            type="button"
            class="button button-primary"
            disabled={selling.sending.value !== null}
            onClick={() => void selling.resume()}
          >
            Resume
          </button>
        ) : (
          <button type="button" class="button" onClick={() => ask('pause')}>
            Pause
          </button>
        )}
        {auction.leader === null && (
          <>
            <a class="button" href={changePath(auction.id)}>
              Change
            </a>
            <button type="button" class="button" onClick={() => ask('cancel')}>
              Cancel the auction
            </button>
          </>
        )}
        {children}
      </div>
      <NoticeText notice={asking === null ? notice : null} />
      {asking === 'extend' && <ExtendDialog auction={auction} selling={selling} onClose={close} />}
      {asking === 'pause' && <PauseDialog selling={selling} onClose={close} />}
      {asking === 'cancel' && <CancelDialog auction={auction} selling={selling} onClose={close} />}
    </>
  );
}
