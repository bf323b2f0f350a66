import { useState } from 'preact/hooks';
import type { SaleView } from '@outcry/shared/contracts/sales.ts';
import { good, useCommands } from '../desks/commands.ts';
import { FormField } from '../parts/form-field.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { serverNow } from '../state/clock.ts';
import { EMPTY_FORM } from '../state/sell-form.ts';
import { readSellForm, type SellFaults } from '../state/sell-request.ts';
import type { Services } from '../state/services.ts';

const FIELDS = [
  ['title', 'Title', false],
  ['description', 'Description', true],
  ['imageUrl', 'Image address', true],
  ['startPrice', 'Start price', false],
  ['reservePrice', 'Reserve', true],
  ['buyNowPrice', 'Buy now price', true],
] as const;

interface LotFormProps {
  readonly services: Services;
  readonly sale: SaleView;
  readonly onAdded: () => void;
}

/** Adds a lot, which takes the sale's next number. */
export function LotForm({ services, sale, onAdded }: LotFormProps) {
  const { client } = services;
  const commands = useCommands(client);
  const empty = { ...EMPTY_FORM, currency: sale.currency };
  const [form, setForm] = useState(empty);
  const [faults, setFaults] = useState<SellFaults>({});
  const submit = async (): Promise<void> => {
    const reading = readSellForm(form, serverNow());
    setFaults(reading.ok ? {} : reading.faults);
    if (!reading.ok) return;
    const { item, startPrice, reservePrice, buyNowPrice } = reading.request;
    const isAdded = await commands.run({
      name: 'Your lot',
      request: (options) =>
        client.createAuction(
          { saleId: sale.id, item, startPrice, reservePrice, buyNowPrice },
          options,
        ),
      done: (auction) => good('Added', `It is lot ${auction.lot ?? ''} now.`),
    });
    if (!isAdded) return;
    setForm(empty);
    onAdded();
  };
  return (
    <form
      class="stack"
      aria-label="Add a lot"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div class="lot-fields">
        {FIELDS.map(([name, label, optional]) => (
          <FormField
            key={name}
            label={label}
            optional={optional}
            fault={faults[name]}
            control={(tied) => (
              <input
                {...tied}
                dir="auto"
                autoComplete="off"
                inputMode={name.endsWith('Price') ? 'decimal' : 'text'}
                value={form[name]}
                onInput={({ currentTarget }) => {
                  setForm({ ...form, [name]: currentTarget.value });
                  setFaults({});
                }}
              />
            )}
          />
        ))}
      </div>
      <NoticeText notice={commands.notice} />
      <div class="row">
        <button type="submit" class="button" disabled={commands.busy}>
          {commands.busy ? 'Adding …' : 'Add the lot'}
        </button>
      </div>
    </form>
  );
}
