import { useId, useState } from 'preact/hooks';
import type { AuctionView, BidRequest, OwnView } from '@outcry/shared/contracts/api.ts';
import { formatMoney, moneyFault, moneyFieldText, parseMoney } from '../format/money.ts';
import { leadersRaises, quickRaises } from '../format/raises.ts';
import type { Bidding } from '../state/bidding.ts';
import type { Notice } from '../state/command-sender.ts';
import { BuyNow } from './buy-now.tsx';
import { FormField } from './form-field.tsx';
import { NoticeText } from './notice-text.tsx';

type BidMode = 'maximum' | 'exact';

const EXPLANATIONS: Readonly<Record<BidMode, string>> = {
  maximum: 'We bid for you, only as much as needed to lead, up to your maximum. It stays secret.',
  exact: 'The price becomes exactly what you bid, if you lead with it.',
};

interface BidBoxProps {
  readonly auction: AuctionView;
  readonly own: OwnView | null;
  readonly leading: boolean;
  readonly bidding: Bidding;
}

/** Where a signed-in bidder bids while the auction is live. */
export function BidBox({ auction, own, leading, bidding }: BidBoxProps) {
  const [mode, setMode] = useState<BidMode>('maximum');
  const [text, setText] = useState('');
  const [fault, setFault] = useState('');
  const { currency } = auction;
  const least = leastOffer(auction, own, leading);
  const amount = parseMoney(text, currency);
  const sending = bidding.sending.value;

  const choose = (chosen: number): void => {
    setText(moneyFieldText(chosen, currency));
    setFault('');
  };

  const submit = async (): Promise<void> => {
    if (amount === undefined) {
      setFault(moneyFault(text, currency, least));
      return;
    }
    setFault('');
    const offer: BidRequest = mode === 'maximum' ? { maxAmount: amount } : { amount };
    if (await bidding.bid(offer, currency)) setText('');
  };

  const raises =
    leading && own?.maxAmount ? leadersRaises(auction, own.maxAmount) : quickRaises(auction);
  return (
    <div class="bid-box">
      <form
        class="stack"
        noValidate
        aria-label="Place a bid"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <ModeChoice mode={mode} onChange={setMode} />
        <p class="hint">{EXPLANATIONS[mode]}</p>
        <div class="raises" role="group" aria-label="Quick amounts">
          {raises.map((raise) => (
            <button
              key={raise}
              type="button"
              class="raise"
              aria-pressed={raise === amount}
              onClick={() => choose(raise)}
            >
              {formatMoney(raise, currency)}
            </button>
          ))}
        </div>
        <FormField
          label={mode === 'maximum' ? 'Your maximum bid' : 'Your bid'}
          hint={amountHint(amount, least, leading, currency)}
          fault={fault}
          control={(tied) => (
            <input
              {...tied}
              class="input input-money"
              value={text}
              inputMode="decimal"
              autoComplete="off"
              enterkeyhint="send"
              placeholder={`${formatMoney(least, currency)} or more`}
              onInput={(event) => {
                setText(event.currentTarget.value);
                setFault('');
              }}
            />
          )}
        />
        <button
          type="submit"
          class="button button-primary button-large"
          disabled={sending !== null}
        >
          {sending === 'bid'
            ? sendingLabel(bidding.notice.value)
            : submitLabel(mode, amount, currency)}
        </button>
      </form>
      <NoticeText notice={bidding.notice.value} />
      <BuyNow auction={auction} bidding={bidding} />
    </div>
  );
}

/** The least that makes sense to offer: the minimum bid, or for the leader above the own maximum. */
function leastOffer(auction: AuctionView, own: OwnView | null, leading: boolean): number {
  if (leading && own !== null && own.maxAmount !== null) return own.maxAmount + 1;
  return auction.minimumBid;
}

function amountHint(
  amount: number | undefined,
  least: number,
  leading: boolean,
  currency: string,
): string {
  if (leading) return 'You lead. A higher maximum makes it harder to beat you.';
  const minimum = formatMoney(least, currency);
  if (amount !== undefined && amount < least) return `This is below the minimum bid of ${minimum}.`;
  return `Minimum bid ${minimum}`;
}

/** A bid whose answer was lost is not being sent any more. */
const sendingLabel = (notice: Notice | null): string =>
  notice?.unresolved === true ? 'Finding out …' : 'Sending …';

function submitLabel(mode: BidMode, amount: number | undefined, currency: string): string {
  if (amount === undefined) return 'Place bid';
  const sum = formatMoney(amount, currency);
  return mode === 'maximum' ? `Place bid up to ${sum}` : `Place bid of ${sum}`;
}

interface ModeChoiceProps {
  readonly mode: BidMode;
  readonly onChange: (mode: BidMode) => void;
}

function ModeChoice({ mode, onChange }: ModeChoiceProps) {
  const name = useId();
  const choice = (value: BidMode, label: string) => (
    <label class="segment">
      <input type="radio" name={name} checked={mode === value} onChange={() => onChange(value)} />
      <span>{label}</span>
    </label>
  );
  return (
    <fieldset class="segments">
      <legend class="unseen">How to bid</legend>
      {choice('maximum', 'Maximum bid')}
      {choice('exact', 'Exact bid')}
    </fieldset>
  );
}
