import { useComputed } from '@preact/signals';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { countdown } from '../format/countdown.ts';
import { clock } from '../state/clock.ts';
import { ClockIcon } from './icons.tsx';

interface TimeLeftProps {
  /** Live, or scheduled. */
  readonly auction: Pick<AuctionView, 'status' | 'startsAt' | 'endsAt'>;
}

/** A small running countdown that changes its colour as the end, or the start, comes near. */
export function TimeLeft({ auction: { status, startsAt, endsAt } }: TimeLeftProps) {
  const isLive = status === 'live';
  const untilMs = Date.parse(isLive ? endsAt : startsAt);
  // Compared as text, so that a card is drawn anew only when its text changes.
  const shown = useComputed(() => {
    const { text, mood } = countdown(untilMs - clock.value);
    return `${mood} ${text}`;
  });
  const [mood = 'calm', ...words] = shown.value.split(' ');
  // Until somebody tells what comes then.
  const over = isLive ? 'closing' : 'opening';
  return (
    <span class={`time-left time-left-${mood}`}>
      <ClockIcon />
      {mood === 'over' ? over : `${isLive ? '' : 'in '}${words.join(' ')}`}
    </span>
  );
}
