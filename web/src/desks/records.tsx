import type { RecordEntry, SaleRecordEntry } from '@outcry/shared/contracts/history.ts';
import { REGISTRATION_STATUS_WORDS } from '../sales/sale-words.ts';
import { momentOf } from '../state/clock.ts';
import { ListPanel, type Pages } from './pages.tsx';
import { Person } from './person.tsx';

const OF_AUCTIONS: Readonly<Record<RecordEntry['type'], string>> = {
  scheduled: 'Put up',
  extended: 'Extended',
  paused: 'Paused',
  resumed: 'Resumed',
  removed: 'Bidder removed',
  cancelled: 'Cancelled',
};

const OF_SALES: Readonly<Record<SaleRecordEntry['type'], string>> = {
  scheduled: 'Made',
  edited: 'Terms changed',
  admitted: 'Registration decided',
  paused: 'Paused',
  resumed: 'Resumed',
};

/** What was done with an auction, by whom and why. */
export const AuctionRecord = ({ pages }: { readonly pages: Pages<RecordEntry> }) => (
  <DeskRecord
    pages={pages}
    what={({ type, bidder }) =>
      bidder === undefined ? OF_AUCTIONS[type] : `Bidder ${bidder} removed`
    }
  />
);

/** What was decided about a sale and its bidders, by whom and why. */
export const SaleRecord = ({ pages }: { readonly pages: Pages<SaleRecordEntry> }) => (
  <DeskRecord
    pages={pages}
    what={({ type, paddle, status }) =>
      paddle === undefined || status === undefined
        ? OF_SALES[type]
        : `Paddle ${paddle} ${REGISTRATION_STATUS_WORDS[status]}`
    }
  />
);

interface DeskRecordProps<Entry> {
  readonly pages: Pages<Entry>;
  readonly what: (entry: Entry) => string;
}

function DeskRecord<Entry extends RecordEntry | SaleRecordEntry>({
  pages,
  what,
}: DeskRecordProps<Entry>) {
  return (
    <ListPanel
      title="Record"
      pages={pages}
      none="Nothing is archived yet."
      keyOf={({ epoch, seq }) => `${epoch} ${seq}`}
      row={(entry) => (
        <div>
          <p>
            <strong>{what(entry)}</strong> by{' '}
            {entry.userId === null ? (
              'the engine, after an outage'
            ) : (
              <Person userId={entry.userId} />
            )}
          </p>
          {entry.reason !== undefined && entry.userId !== null && <p dir="auto">{entry.reason}</p>}
          <p class="hint">
            {momentOf(entry.at)}
            {'endsAt' in entry && ` · ends ${momentOf(entry.endsAt)}`}
          </p>
        </div>
      )}
    />
  );
}
