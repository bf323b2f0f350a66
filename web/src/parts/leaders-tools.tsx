import type { Leaderboard, LeaderboardQuery } from '@outcry/shared/contracts/history.ts';
import { Chips } from './chips.tsx';
import { Choice } from './choice.tsx';

export type LeadersWish = Pick<LeaderboardQuery, 'by' | 'window'> & {
  readonly currency: string | undefined;
};

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
  const currencies = board?.currencies ?? [];
  return (
    <div class="leaders-tools">
      <Chips
        label="Ranked by"
        choices={BY}
        isPressed={(by) => by === wish.by}
        onPress={(by) => onChange({ ...wish, by })}
      />
      {wish.by === 'spent' && currencies.length > 1 && (
        <Choice
          label="Currency"
          value={wish.currency ?? board?.currency ?? ''}
          choices={currencies.map((code) => [code, code] as const)}
          onChange={(currency) => onChange({ ...wish, currency })}
        />
      )}
      <Choice
        label="Time"
        value={wish.window}
        choices={WINDOWS}
        onChange={(window) => onChange({ ...wish, window })}
      />
    </div>
  );
}
