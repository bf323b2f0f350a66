import { useRef } from 'preact/hooks';
import { moneyPieces } from '../format/money.ts';

interface MoneyTextProps {
  readonly amount: number;
  readonly currency: string;
  /** Lights up for a moment when the amount changes. */
  readonly lively?: boolean;
}

/** More characters than this do not fit everywhere. */
const LONG = 12;

/** An amount in tabular figures, its fraction smaller than its whole. */
export function MoneyText({ amount, currency, lively = false }: MoneyTextProps) {
  const first = useRef(amount);
  const changed = lively && first.current !== amount;
  if (changed) first.current = NaN;
  const pieces = moneyPieces(amount, currency);
  const length = pieces.reduce((sum, { text }) => sum + text.length, 0);
  const classes = `money${changed ? ' money-changed' : ''}${length > LONG ? ' money-long' : ''}`;
  return (
    // A new key is a new element, and so the animation runs anew.
    <span key={amount} class={classes}>
      {pieces.map(({ text, isFraction }, i) =>
        isFraction ? (
          <span key={i} class="money-fraction">
            {text}
          </span>
        ) : (
          text
        ),
      )}
    </span>
  );
}
