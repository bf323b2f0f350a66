import { useState } from 'preact/hooks';
import type { AuctionView, BidRequest } from '@outcry/shared/contracts/api.ts';
import { formatMoney, moneyFault, moneyFieldText, parseMoney } from '../format/money.ts';
import {
  isSurprising,
  leastOffer,
  modeText,
  offerFault,
  offerHint,
  quickAmounts,
  surprisingText,
  type BidMode,
  type OfferFacts,
} from '../format/offers.ts';
import type { Notice } from '../state/command-sender.ts';
import type { Room } from '../state/room.ts';
import { Button } from './button.tsx';
import { Form, FormField, Segments } from './form.tsx';
import { BidBar } from './price-panel.tsx';

interface BidBoxProps {
  readonly auction: AuctionView;
  readonly room: Room;
}

const MODES = [
  ['maximum', 'Maximum bid'],
  ['exact', 'Exact bid'],
] as const;

/** Where a signed-in bidder bids while the auction is live. */
export function BidBox({ auction, room }: BidBoxProps) {
  const [mode, setMode] = useState<BidMode>('maximum');
  const [text, setText] = useState('');
  const [fault, setFault] = useState('');
  /** An amount so high that it is asked about once more. */
  const [doubted, setDoubted] = useState<number>();
  const { currency } = auction;
  const { bidding } = room;
  const facts = offerFacts(auction, room);
  const amount = parseMoney(text, currency);
  const sending = bidding.sending.value;

  const change = (typed: string): void => {
    setText(typed);
    setDoubted(undefined);
    setFault('');
  };

  const submit = async (): Promise<void> => {
    const wrong =
      amount === undefined
        ? moneyFault(text, currency, leastOffer(facts) ?? facts.price)
        : offerFault(amount, facts);
    setFault(wrong ?? '');
    if (amount === undefined || wrong !== undefined) return;
    if (isSurprising(amount, facts) && doubted !== amount) {
      setDoubted(amount);
      setFault(surprisingText(amount, facts));
      return;
    }
    const offer: BidRequest = mode === 'maximum' ? { maxAmount: amount } : { amount };
    if (await bidding.bid(offer, currency, auction.minimumBid)) setText('');
  };

  return (
    <Form class="stack tight" aria-label="Place a bid" onSubmit={submit}>
      <BidBar auction={auction} room={room}>
        <FormField
          label={mode === 'maximum' ? 'Your maximum bid' : 'Your bid'}
          hint={offerHint(mode, amount, facts)}
          fault={fault}
          control={(tied) => (
            <div class="entry">
              <input
                {...tied}
                class="input input-money"
                value={text}
                inputMode="decimal"
                autoComplete="off"
                enterkeyhint="send"
                placeholder={placeholderOf(mode, facts)}
                onInput={(event) => change(event.currentTarget.value)}
              />
              <Button look="primary" type="submit" disabled={sending !== null}>
                {sending === 'bid' ? sendingLabel(bidding.notice.value) : 'Place bid'}
              </Button>
            </div>
          )}
        />
      </BidBar>
      <QuickAmounts
        amounts={quickAmounts(mode, facts)}
        chosen={amount}
        facts={facts}
        onChoose={(chosen) => change(moneyFieldText(chosen, currency))}
      />
      <Segments label="How to bid" value={mode} choices={MODES} onValue={setMode} />
      <p class="hint mode-text">{modeText(mode, facts)}</p>
    </Form>
  );
}

/** A bid whose answer was lost is not being sent any more. */
const sendingLabel = (notice: Notice | null): string =>
  notice?.unresolved === true ? 'Finding out …' : 'Sending …';

function offerFacts(auction: AuctionView, room: Room): OfferFacts {
  const { currency, price, minimumBid, leader } = auction;
  // The leader's maximum is the price at least, also before it is known.
  const ownMaximum = room.leading.value ? (room.own.value?.maxAmount ?? price) : undefined;
  return { currency, price, minimumBid, leader, ownMaximum };
}

function placeholderOf(mode: BidMode, facts: OfferFacts): string {
  const { minimumBid, ownMaximum, currency } = facts;
  if (ownMaximum !== undefined) {
    return mode === 'maximum' ? `above ${formatMoney(ownMaximum, currency)}` : '';
  }
  return minimumBid === null ? '' : formatMoney(minimumBid, currency);
}

interface QuickAmountsProps {
  readonly amounts: readonly number[];
  readonly chosen: number | undefined;
  readonly facts: OfferFacts;
  readonly onChoose: (amount: number) => void;
}

function QuickAmounts({ amounts, chosen, facts, onChoose }: QuickAmountsProps) {
  const { currency, ownMaximum } = facts;
  return (
    <div class="raises" role="group" aria-label="Quick amounts">
      {amounts.length === 0 && ownMaximum !== undefined && (
        <p class="hint">Up to {formatMoney(ownMaximum, currency)} we bid for you already.</p>
      )}
      {amounts.map((amount) => (
        <button
          key={amount}
          type="button"
          class="raise"
          aria-pressed={amount === chosen}
          onClick={() => onChoose(amount)}
        >
          {formatMoney(amount, currency)}
        </button>
      ))}
    </div>
  );
}
