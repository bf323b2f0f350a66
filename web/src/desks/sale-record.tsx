import type { SaleRecordEntry } from '@outcry/shared/contracts/history.ts';
import { momentText } from '../format/time.ts';
import { REGISTRATION_STATUS_WORDS } from '../sales/sale-words.ts';
import { slowClock } from '../state/clock.ts';
import { List, type Pages } from './pages.tsx';
import { Person } from './person.tsx';

const WORDS: Readonly<Record<SaleRecordEntry['type'], string>> = {
  scheduled: 'Made',
  edited: 'Terms changed',
  admitted: 'Registration decided',
  paused: 'Paused',
  resumed: 'Resumed',
};

/** What was decided about a sale and its bidders, by whom and why. */
export function SaleRecord({ pages }: { readonly pages: Pages<SaleRecordEntry> }) {
  return (
    <section class="panel" aria-label="Record">
      <h2>Record</h2>
      <List
        pages={pages}
        none="Nothing is archived yet."
        keyOf={({ epoch, seq }) => `${epoch} ${seq}`}
        row={(entry) => (
          <div>
            <p>
              <strong>{decisionText(entry)}</strong> by <Person userId={entry.userId} />
            </p>
            {entry.reason !== undefined && <p dir="auto">{entry.reason}</p>}
            <p class="hint">{momentText(Date.parse(entry.at), slowClock.value)}</p>
          </div>
        )}
      />
    </section>
  );
}

const decisionText = ({ type, paddle, status }: SaleRecordEntry): string =>
  paddle === undefined || status === undefined
    ? WORDS[type]
    : `Paddle ${paddle} ${REGISTRATION_STATUS_WORDS[status]}`;
