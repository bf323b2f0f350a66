import { useState } from 'preact/hooks';
import type { SaleView } from '@outcry/shared/contracts/sales.ts';
import { MINOR_DIGITS } from '@outcry/shared/domain/currencies.ts';
import { good, useCommands } from '../desks/commands.ts';
import { Button } from '../parts/button.tsx';
import { Fold } from '../parts/fold.tsx';
import { Form, SelectField, textFieldsOf } from '../parts/form.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { saleClient } from '../state/sales.ts';
import type { Services } from '../state/services.ts';
import {
  changesOf,
  EMPTY_SALE,
  fieldsOf,
  readSaleForm,
  type SaleFaults,
  type SaleFields,
} from './sale-form-values.ts';

const REGISTRATION_CHOICES = [
  ['none', 'Anybody may bid'],
  ['open', 'Bidders register, and may bid at once'],
  ['approval', 'Bidders register, and you approve them'],
] as const satisfies readonly (readonly [SaleView['registration'], string])[];

const CURRENCY_CHOICES = [...MINOR_DIGITS.keys()].map((code) => [code, code] as const);

interface SaleFormProps {
  readonly services: Services;
  /** The sale to change; without it a new one is made. */
  readonly sale?: SaleView;
  readonly onDone: (sale: SaleView) => void;
}

/** Makes a sale, or changes one that has not started; lots are added on its page. */
export function SaleForm({ services, sale, onDone }: SaleFormProps) {
  const commands = useCommands(services.client);
  // What others change meanwhile stays as they have it.
  const [before, setBefore] = useState(() => (sale === undefined ? EMPTY_SALE : fieldsOf(sale)));
  const [form, setForm] = useState(before);
  const [faults, setFaults] = useState<SaleFaults>({});
  const hasLots = sale !== undefined && sale.lots.length > 0;
  const isSame = JSON.stringify(form) === JSON.stringify(before);
  const change = (changes: Partial<SaleFields>): void => {
    setForm({ ...form, ...changes });
    setFaults({});
    commands.forgetNotice();
  };
  const submit = async (): Promise<void> => {
    const reading = readSaleForm(form);
    setFaults('faults' in reading ? reading.faults : {});
    if ('faults' in reading) return;
    const { request } = reading;
    const sales = saleClient(services);
    await commands.run({
      name: 'Your sale',
      request: (options) => {
        if (sale === undefined) return sales.create(request, options);
        const then = readSaleForm(before);
        return sales.edit(sale.id, 'request' in then ? changesOf(then.request, request) : request);
      },
      done: (changed) => {
        onDone(changed);
        if (sale === undefined) return null;
        setBefore(form);
        return good('Changed', 'Everybody sees it so from now on.');
      },
    });
  };
  const field = textFieldsOf<keyof SaleFields>(form, faults, (name, text) =>
    change({ [name]: text }),
  );
  const seconds = (name: keyof SaleFields, label: string, hint: string) =>
    field(name, label, { hint, dir: 'auto', inputMode: 'numeric' });
  return (
    <Form
      class="stack"
      aria-label={sale === undefined ? 'New sale' : 'Change the sale'}
      onSubmit={submit}
    >
      {field('title', 'Title', { dir: 'auto' })}
      {field('description', 'Description', { optional: true, dir: 'auto', rows: 3 })}
      {hasLots ? (
        <p class="hint">Times, currency and late bids stay as they are: its lots have them too.</p>
      ) : (
        <>
          <div class="field-row">
            {field('startsAt', 'Starts', {
              type: 'datetime-local',
              optional: true,
              hint: 'At once without it. In your time zone.',
            })}
            {field('firstLotEndsAt', 'First lot ends', { type: 'datetime-local' })}
          </div>
          <div class="field-row">
            {seconds(
              'staggerSeconds',
              'Seconds between lots',
              'Each lot ends so long after the one before.',
            )}
            <SelectField
              label="Currency"
              value={form.currency}
              choices={CURRENCY_CHOICES}
              onValue={(currency) => change({ currency })}
            />
          </div>
        </>
      )}
      <div class="field-row">
        <SelectField
          label="Who may bid"
          value={form.registration}
          choices={REGISTRATION_CHOICES}
          onValue={(registration) => change({ registration })}
        />
        {form.registration !== 'none' &&
          field('defaultLimit', 'Limit of a bidder', {
            optional: true,
            dir: 'auto',
            inputMode: 'decimal',
            hint: 'The most that each may owe in this sale.',
          })}
      </div>
      {!hasLots && (
        <Fold
          title="More terms"
          isWanted={
            (faults.lateSeconds ?? faults.addedSeconds ?? faults.graceSeconds) !== undefined
          }
        >
          <div class="field-row">
            {seconds(
              'lateSeconds',
              'Soft close window (seconds)',
              'A bid this close to the end moves it; 0 for never.',
            )}
            {seconds(
              'addedSeconds',
              'Soft close extension (seconds)',
              'Left after such a bid, at least.',
            )}
            {seconds(
              'graceSeconds',
              'Outage grace (seconds)',
              'Added if the site was away at the end; 0 for none.',
            )}
          </div>
        </Fold>
      )}
      <NoticeText notice={commands.notice.value} />
      <div class="row">
        <Button
          look="primary"
          type="submit"
          disabled={commands.busy || (sale !== undefined && isSame)}
        >
          {buttonText(sale !== undefined, commands.busy)}
        </Button>
      </div>
    </Form>
  );
}

function buttonText(isThere: boolean, isBusy: boolean): string {
  if (isThere) return isBusy ? 'Changing it …' : 'Change the sale';
  return isBusy ? 'Making it …' : 'Make the sale';
}
