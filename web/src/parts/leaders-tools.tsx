import type { Leaderboard } from '@outcry/shared/contracts/history.ts';
import { BY, WINDOWS, type LeadersWish } from '../state/leaders-wish.ts';
import { Chips } from './chips.tsx';
import { Choice } from './choice.tsx';

interface LeadersToolsProps {
  readonly wish: LeadersWish;
  readonly board: Leaderboard | undefined;
  readonly onChange: (wish: LeadersWish) => void;
}

/** What is counted, since when, and in which currency. */
export function LeadersTools({ wish, board, onChange }: LeadersToolsProps) {
  const currencies = board?.currencies ?? [];
  return (
    <div class="leaders-tools lobby-tools bar">
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
          onValue={(currency) => onChange({ ...wish, currency })}
        />
      )}
      <Choice
        label="Time"
        value={wish.window}
        choices={WINDOWS}
        onValue={(window) => onChange({ ...wish, window })}
      />
    </div>
  );
}
