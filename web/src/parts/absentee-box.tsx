import { useState } from 'preact/hooks';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { formatMoney, moneyFault, parseMoney } from '../format/money.ts';
import type { Room } from '../state/room.ts';
import { Button } from './button.tsx';
import { Form, FormField } from './form.tsx';
import { NoticeText } from './notice-text.tsx';
import { BidBar } from './price-panel.tsx';

interface AbsenteeBoxProps {
  readonly auction: AuctionView;
  readonly room: Room;
}

/** Leaving a maximum before the start, raising it and taking it back. */
export function AbsenteeBox({ auction, room }: AbsenteeBoxProps) {
  const [text, setText] = useState('');
  const [fault, setFault] = useState('');
  const { currency, minimumBid, price } = auction;
  const { bidding } = room;
  const isBusy = bidding.busy;
  const left = room.own.value?.maxAmount ?? null;
  const submit = async (): Promise<void> => {
    const maxAmount = parseMoney(text, currency);
    const wrong =
      maxAmount === undefined
        ? moneyFault(text, currency, minimumBid ?? price)
        : left !== null && maxAmount <= left
          ? `You have left ${formatMoney(left, currency)}: a raise must be above it.`
          : '';
    setFault(wrong);
    if (maxAmount === undefined || wrong !== '') return;
    if (await bidding.bid({ maxAmount }, currency, minimumBid)) setText('');
  };
  return (
    <Form class="stack tight" aria-label="Leave a bid" onSubmit={submit}>
      <BidBar auction={auction} room={room}>
        <FormField
          label={left === null ? 'Leave a maximum' : 'Raise your maximum'}
          hint={
            left === null
              ? 'It counts at the start. Nobody else sees it.'
              : `You have left ${formatMoney(left, currency)}. Nobody else sees it.`
          }
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
                onInput={(event) => {
                  setText(event.currentTarget.value);
                  setFault('');
                }}
              />
              <Button look="primary" type="submit" disabled={isBusy}>
                {left === null ? 'Leave it' : 'Raise it'}
              </Button>
            </div>
          )}
        />
      </BidBar>
      <div class="standing" data-testid="absentee">
        {left === null ? (
          <p class="aside">Bidding opens by itself. Until then you can leave a maximum bid.</p>
        ) : (
          <p class="aside">
            You have left <strong>{formatMoney(left, currency)}</strong>. It counts at the start: we
            then bid for you, only as much as needed. Nobody else sees it.{' '}
            <Button disabled={isBusy} onClick={() => void bidding.withdraw()}>
              Withdraw it
            </Button>
          </p>
        )}
        <NoticeText notice={bidding.notice.value} />
      </div>
    </Form>
  );
}
