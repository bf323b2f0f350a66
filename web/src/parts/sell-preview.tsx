import { slowClock } from '../state/clock.ts';
import { previewOf, termsInWords } from '../state/sell-preview.ts';
import type { SellForm } from '../state/sell-form.ts';
import { session } from '../state/session.ts';
import { AuctionCard } from './auction-card.tsx';

/** What the form will become: its card in the lobby, and its terms in words. */
export function SellPreview({ form }: { readonly form: SellForm }) {
  const now = slowClock.value;
  const sellerId = session.value?.userId ?? '';
  return (
    <aside class="sell-preview" aria-label="Preview">
      <h2>Preview</h2>
      {/* A picture of a card: its link leads nowhere yet. */}
      <div class="sell-card" inert aria-hidden="true">
        <AuctionCard auction={previewOf(form, sellerId, now)} />
      </div>
      <ul class="sell-terms" data-testid="terms">
        {termsInWords(form, now).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <p class="hint">
        Trying it alone? Make it last two minutes, open it in a private window, sign in there as
        someone else, and bid from both sides.
      </p>
    </aside>
  );
}
