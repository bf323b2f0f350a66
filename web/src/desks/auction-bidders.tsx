import { useState } from 'preact/hooks';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { AuctionBidder } from '@outcry/shared/contracts/history.ts';
import { formatMoney } from '../format/money.ts';
import { bidCountText } from '../format/outcome.ts';
import { Button } from '../parts/button.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { Panel } from '../parts/panel.tsx';
import { ReasonDialog } from '../parts/reason-dialog.tsx';
import { momentOf } from '../state/clock.ts';
import { good, useCommands } from './commands.ts';
import { List, type Pages } from './pages.tsx';
import { Person } from './person.tsx';

interface AuctionBiddersProps {
  readonly client: OutcryClient;
  readonly auction: AuctionView;
  /** Nobody can be removed any more. */
  readonly isFinal: boolean;
  readonly pages: Pages<AuctionBidder>;
  readonly onRemoved: (auction: AuctionView) => void;
}

/** Who bids, behind the numbers that the public sees; and removing one of them. */
export function AuctionBidders({
  client,
  auction,
  isFinal,
  pages,
  onRemoved,
}: AuctionBiddersProps) {
  const { id, currency, leader } = auction;
  const commands = useCommands(client);
  const [asking, setAsking] = useState<AuctionBidder | null>(null);
  const remove = ({ alias }: AuctionBidder, reason: string): Promise<boolean> =>
    commands.run({
      request: (options) => client.removeBidder(id, alias, reason, options),
      done: (view) => {
        onRemoved(view);
        return good(`Bidder ${alias} is removed`, 'The auction goes on without those bids.');
      },
    });
  return (
    <Panel title="Bidders">
      <NoticeText notice={asking === null ? commands.notice.value : null} />
      <List
        pages={pages}
        none="Nobody has bid yet."
        keyOf={({ alias }) => `${alias}`}
        row={(bidder) => (
          <>
            <div>
              <p>
                Bidder {bidder.alias}: <Person userId={bidder.userId} />{' '}
                {bidder.alias === leader && <span class="tag tag-you">leads</span>}
                {bidder.removed && <span class="tag">removed</span>}
              </p>
              <p class="hint">
                {bidCountText(bidder.bids)}, at most {formatMoney(bidder.highest, currency)} · last{' '}
                {momentOf(bidder.lastAt)}
              </p>
            </div>
            {!bidder.removed && !isFinal && (
              <Button
                aria-label={`Remove bidder ${bidder.alias}`}
                onClick={() => {
                  commands.forgetNotice();
                  setAsking(bidder);
                }}
              >
                Remove
              </Button>
            )}
          </>
        )}
      />
      {asking !== null && (
        <ReasonDialog
          title={`Remove bidder ${asking.alias}?`}
          hint="Everybody who watches reads it."
          action="Remove"
          busyAction="Removing …"
          sender={commands}
          onGiven={(reason) => remove(asking, reason)}
          onClose={() => setAsking(null)}
        >
          The auction goes on as if {asking.userId} had not bid, and takes no more bids of theirs.
          This cannot be taken back.
        </ReasonDialog>
      )}
    </Panel>
  );
}
