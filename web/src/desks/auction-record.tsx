import type { RecordEntry } from '@outcry/shared/contracts/history.ts';
import { momentText } from '../format/time.ts';
import { slowClock } from '../state/clock.ts';
import { List, type Pages } from './pages.tsx';
import { Person } from './person.tsx';

const WORDS: Readonly<Record<RecordEntry['type'], string>> = {
  scheduled: 'Put up',
  extended: 'Extended',
  paused: 'Paused',
  resumed: 'Resumed',
  removed: 'Bidder removed',
  cancelled: 'Cancelled',
};

/** What was done with an auction, by whom and why. */
export function AuctionRecord({ pages }: { readonly pages: Pages<RecordEntry> }) {
  return (
    <section class="panel" aria-label="Record">
      <h2>Record</h2>
      <List
        pages={pages}
        none="Nothing is archived yet."
        keyOf={({ epoch, seq }) => `${epoch} ${seq}`}
        row={({ type, userId, reason, bidder, at, endsAt }) => (
          <div>
            <p>
              <strong>{bidder === undefined ? WORDS[type] : `Bidder ${bidder} removed`}</strong> by{' '}
              {userId === null ? 'the engine, after an outage' : <Person userId={userId} />}
            </p>
            {reason !== undefined && userId !== null && <p dir="auto">{reason}</p>}
            <p class="hint">
              {momentText(Date.parse(at), slowClock.value)} · ends{' '}
              {momentText(Date.parse(endsAt), slowClock.value)}
            </p>
          </div>
        )}
      />
    </section>
  );
}
