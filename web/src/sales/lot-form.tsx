import { useState } from 'preact/hooks';
import type { SaleView } from '@outcry/shared/contracts/sales.ts';
import { good, useCommands } from '../desks/commands.ts';
import { Button } from '../parts/button.tsx';
import { Form, textFieldsOf } from '../parts/form.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { serverNow } from '../state/clock.ts';
import { EMPTY_FORM } from '../state/sell-form.ts';
import { readSellForm, type SellFaults } from '../state/sell-request.ts';
import type { Services } from '../state/services.ts';

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
  const field = textFieldsOf<keyof SellFaults>(form, faults, (name, text) => {
    setForm({ ...form, [name]: text });
    setFaults({});
  });
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
    <Form class="stack" aria-label="Add a lot" onSubmit={submit}>
      <div class="lot-fields">
        {field('title', 'Title', { dir: 'auto' })}
        {field('description', 'Description', { dir: 'auto', optional: true })}
        {field('imageUrl', 'Image address', { dir: 'auto', optional: true })}
        {field('startPrice', 'Start price', { dir: 'auto', inputMode: 'decimal' })}
        {field('reservePrice', 'Reserve', { dir: 'auto', inputMode: 'decimal', optional: true })}
        {field('buyNowPrice', 'Buy now price', {
          dir: 'auto',
          inputMode: 'decimal',
          optional: true,
        })}
      </div>
      <NoticeText notice={commands.notice.value} />
      <div class="row">
        <Button type="submit" disabled={commands.busy}>
          {commands.busy ? 'Adding …' : 'Add the lot'}
        </Button>
      </div>
    </Form>
  );
}
