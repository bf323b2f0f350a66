import type { TargetedInputEvent } from 'preact';
import { useState } from 'preact/hooks';
import { REGISTRATION_KINDS, type SaleView } from '@outcry/shared/contracts/sales.ts';
import { MINOR_DIGITS } from '@outcry/shared/domain/currencies.ts';
import { good, useCommands } from '../desks/commands.ts';
import { Fold } from '../parts/fold.tsx';
import { FormField } from '../parts/form-field.tsx';
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

const REGISTRATION_WORDS = {
  none: 'Anybody may bid',
  open: 'Bidders register, and may bid at once',
  approval: 'Bidders register, and you approve them',
} as const;

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
  type Shown = {
    readonly hint?: string;
    readonly optional?: boolean;
    readonly type?: 'datetime-local';
    readonly inputMode?: 'numeric' | 'decimal';
  };
  const field = (
    name: Exclude<keyof SaleFields, 'currency' | 'registration' | 'description'>,
    label: string,
    { type, inputMode, ...shown }: Shown = {},
  ) => (
    <FormField
      label={label}
      {...shown}
      fault={faults[name]}
      control={(tied) => {
        const attributes = {
          ...tied,
          value: form[name],
          onInput: ({ currentTarget }: TargetedInputEvent<HTMLInputElement>) =>
            change({ [name]: currentTarget.value }),
        };
        return type === undefined ? (
          <input {...attributes} dir="auto" inputMode={inputMode} autoComplete="off" />
        ) : (
          <input {...attributes} type={type} />
        );
      }}
    />
  );
  return (
    <form
      class="stack"
      aria-label={sale === undefined ? 'New sale' : 'Change the sale'}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {field('title', 'Title')}
      <FormField
        label="Description"
        optional
        fault={faults.description}
        control={(tied) => (
          <textarea
            {...tied}
            dir="auto"
            rows={3}
            value={form.description}
            onInput={({ currentTarget }) => change({ description: currentTarget.value })}
          />
        )}
      />
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
            {field('staggerSeconds', 'Seconds between lots', {
              inputMode: 'numeric',
              hint: 'Each lot ends so long after the one before.',
            })}
            <FormField
              label="Currency"
              control={(tied) => (
                <select
                  {...tied}
                  value={form.currency}
                  onChange={({ currentTarget }) => change({ currency: currentTarget.value })}
                >
                  {[...MINOR_DIGITS.keys()].map((code) => (
                    <option key={code}>{code}</option>
                  ))}
                </select>
              )}
            />
          </div>
        </>
      )}
      <div class="field-row">
        <FormField
          label="Who may bid"
          control={(tied) => (
            <select
              {...tied}
              value={form.registration}
              onChange={({ currentTarget }) => change({ registration: currentTarget.value })}
            >
              {REGISTRATION_KINDS.map((kind) => (
                <option key={kind} value={kind}>
                  {REGISTRATION_WORDS[kind]}
                </option>
              ))}
            </select>
          )}
        />
        {form.registration !== 'none' &&
          field('defaultLimit', 'Limit of a bidder', {
            optional: true,
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
            {field('lateSeconds', 'Soft close window (seconds)', {
              inputMode: 'numeric',
              hint: 'A bid this close to the end moves it; 0 for never.',
            })}
            {field('addedSeconds', 'Soft close extension (seconds)', {
              inputMode: 'numeric',
              hint: 'Left after such a bid, at least.',
            })}
            {field('graceSeconds', 'Outage grace (seconds)', {
              inputMode: 'numeric',
              hint: 'Added if the site was away at the end; 0 for none.',
            })}
          </div>
        </Fold>
      )}
      <NoticeText notice={commands.notice} />
      <div class="row">
        <button
          type="submit"
          class="button button-primary"
          disabled={commands.busy || (sale !== undefined && isSame)}
        >
          {buttonText(sale !== undefined, commands.busy)}
        </button>
      </div>
    </form>
  );
}

function buttonText(isThere: boolean, isBusy: boolean): string {
  if (isThere) return isBusy ? 'Changing it …' : 'Change the sale';
  return isBusy ? 'Making it …' : 'Make the sale';
}
