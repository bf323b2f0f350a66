import { useId } from 'preact/hooks';
import type { Leaderboard } from '@outcry/shared/contracts/history.ts';
import type { LeadersWish } from '../pages/leaders-page.tsx';

interface LeadersToolsProps {
  readonly wish: LeadersWish;
  readonly board: Leaderboard | undefined;
  readonly onChange: (wish: LeadersWish) => void;
}

const BY: readonly (readonly [LeadersWish['by'], string])[] = [
  ['spent', 'Spent'],
  ['wins', 'Won'],
  ['bids', 'Bids'],
];

const WINDOWS: readonly (readonly [LeadersWish['window'], string])[] = [
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
  ['all', 'All time'],
];

/** What is counted, since when, and in which currency. */
export function LeadersTools({ wish, board, onChange }: LeadersToolsProps) {
  const windowId = useId();
  const currencyId = useId();
  const currencies = board?.currencies ?? [];
  return (
    <div class="leaders-tools">
      <div class="chips" role="group" aria-label="Ranked by">
        {BY.map(([by, label]) => (
          <button
            key={by}
            type="button"
            class="chip"
            aria-pressed={wish.by === by}
            onClick={() => onChange({ ...wish, by })}
          >
            {label}
          </button>
        ))}
      </div>
      {wish.by === 'spent' && currencies.length > 1 && (
        <div class="order">
          <label for={currencyId}>Currency</label>
          <select
            id={currencyId}
            class="input"
            value={wish.currency ?? board?.currency ?? ''}
            onChange={({ currentTarget }) => onChange({ ...wish, currency: currentTarget.value })}
          >
            {currencies.map((code) => (
              <option key={code}>{code}</option>
            ))}
          </select>
        </div>
      )}
      <div class="order">
        <label for={windowId}>Time</label>
        <select
          id={windowId}
          class="input"
          value={wish.window}
          onChange={({ currentTarget }) => {
            const chosen = WINDOWS.find(([window]) => window === currentTarget.value);
            if (chosen !== undefined) onChange({ ...wish, window: chosen[0] });
          }}
        >
          {WINDOWS.map(([window, label]) => (
            <option key={window} value={window}>
              {label}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}
