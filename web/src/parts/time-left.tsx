import { useComputed } from '@preact/signals';
import { countdown } from '../format/countdown.ts';
import { clock } from '../state/clock.ts';
import { ClockIcon } from './icons.tsx';

interface TimeLeftProps {
  /** The moment counted down to, ms by the server's clock. */
  readonly untilMs: number;
  /** Said before the time: `Starts in`. */
  readonly prefix?: string;
  /** Said when the time is over, until somebody tells what comes then. */
  readonly over: string;
}

/** A small running countdown that changes its colour as the end comes near. */
export function TimeLeft({ untilMs, prefix, over }: TimeLeftProps) {
  // Compared as text, so that a card is drawn anew only when its text changes.
  const shown = useComputed(() => {
    const { text, mood } = countdown(untilMs - clock.value);
    return `${mood} ${text}`;
  });
  const [mood = 'calm', ...words] = shown.value.split(' ');
  const label = mood === 'over' ? over : words.join(' ');
  return (
    <span class={`time-left time-left-${mood}`}>
      <ClockIcon />
      {prefix === undefined || mood === 'over' ? '' : `${prefix} `}
      {label}
    </span>
  );
}
