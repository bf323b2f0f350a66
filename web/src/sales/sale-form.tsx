import { useState } from 'preact/hooks';
import { REGISTRATION_KINDS, type SaleRequest } from '@outcry/shared/contracts/sales.ts';
import { MINOR_DIGITS } from '@outcry/shared/domain/currencies.ts';
import { textFault, tidyText, TITLE_RULE } from '@outcry/shared/domain/text.ts';
import { useCommands } from '../desks/commands.ts';
import { moneyFault, parseMoney } from '../format/money.ts';
import { FormField } from '../parts/form-field.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { goTo } from '../router.ts';
import { salePath } from '../routes.ts';
import { saleClient } from '../state/sales.ts';
import type { Services } from '../state/services.ts';

const REGISTRATION_WORDS = {
  none: 'Anybody may bid',
  open: 'Bidders register, and may bid at once',
  approval: 'Bidders register, and you approve them',
} as const;

const EMPTY = {
  title: '',
  currency: 'USD',
  startsAt: '',
  firstLotEndsAt: '',
  staggerSeconds: '60',
  registration: 'none',
  defaultLimit: '',
};
type Form = typeof EMPTY;
type Faults = Partial<Record<keyof Form, string>>;

const MAX_STAGGER_SECONDS = 3_600;
const EXAMPLE_LIMIT = 100_000;

/** @returns the request, or what is wrong with the form */
function readForm(form: Form): { readonly request: SaleRequest } | { readonly faults: Faults } {
  const faults: { -readonly [Field in keyof Faults]: Faults[Field] } = {};
  const title = tidyText(form.title);
  const titleFault = title === '' ? 'is missing' : textFault(title, TITLE_RULE);
  if (titleFault !== undefined) faults.title = `The title ${titleFault}.`;
  const ends = Date.parse(form.firstLotEndsAt);
  if (Number.isNaN(ends)) faults.firstLotEndsAt = 'Say when the first lot ends.';
  const starts = Date.parse(form.startsAt);
  if (starts >= ends) faults.startsAt = 'It must start before its first lot ends.';
  const stagger = /^\d{1,4}$/u.test(form.staggerSeconds) ? Number(form.staggerSeconds) : NaN;
  if (!(stagger <= MAX_STAGGER_SECONDS)) faults.staggerSeconds = 'Enter 0 to 3600 seconds.';
  const registration = REGISTRATION_KINDS.find((kind) => kind === form.registration) ?? 'none';
  const hasLimit = registration !== 'none' && form.defaultLimit.trim() !== '';
  const limit = hasLimit ? parseMoney(form.defaultLimit, form.currency) : undefined;
  if (hasLimit && limit === undefined) {
    faults.defaultLimit = moneyFault(form.defaultLimit, form.currency, EXAMPLE_LIMIT);
  }
  if (Object.keys(faults).length > 0) return { faults };
  return {
    request: {
      title,
      currency: form.currency,
      ...(Number.isNaN(starts) ? {} : { startsAt: new Date(starts).toISOString() }),
      firstLotEndsAt: new Date(ends).toISOString(),
      staggerSeconds: stagger,
      registration,
      ...(limit === undefined ? {} : { defaultLimit: limit }),
    },
  };
}

/** Makes a sale; its lots are added on its own page. */
export function SaleForm({ services }: { readonly services: Services }) {
  const { client } = services;
  const commands = useCommands(client);
  const [form, setForm] = useState(EMPTY);
  const [faults, setFaults] = useState<Faults>({});
  const change = (changes: Partial<Form>): void => {
    setForm({ ...form, ...changes });
    setFaults({});
    commands.forgetNotice();
  };
  const submit = async (): Promise<void> => {
    const reading = readForm(form);
    setFaults('faults' in reading ? reading.faults : {});
    if ('faults' in reading) return;
    await commands.run({
      name: 'Your sale',
      request: (options) => saleClient(services).create(reading.request, options),
      done: (sale) => {
        goTo(salePath(sale.id));
        return null;
      },
    });
  };
  type Shown = { readonly hint?: string; readonly optional?: boolean };
  const date = (name: 'startsAt' | 'firstLotEndsAt', label: string, shown: Shown = {}) => (
    <FormField
      label={label}
      {...shown}
      fault={faults[name]}
      control={(tied) => (
        <input
          {...tied}
          type="datetime-local"
          value={form[name]}
          onInput={({ currentTarget }) => change({ [name]: currentTarget.value })}
        />
      )}
    />
  );
  const text = (
    name: 'title' | 'staggerSeconds' | 'defaultLimit',
    label: string,
    { inputMode, ...shown }: Shown & { readonly inputMode?: 'numeric' | 'decimal' } = {},
  ) => (
    <FormField
      label={label}
      {...shown}
      fault={faults[name]}
      control={(tied) => (
        <input
          {...tied}
          dir="auto"
          inputMode={inputMode}
          autoComplete="off"
          value={form[name]}
          onInput={({ currentTarget }) => change({ [name]: currentTarget.value })}
        />
      )}
    />
  );
  return (
    <form
      class="panel stack"
      aria-label="New sale"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <h2>New sale</h2>
      {text('title', 'Title')}
      <div class="field-row">
        {date('startsAt', 'Starts', {
          optional: true,
          hint: 'At once without it. In your time zone.',
        })}
        {date('firstLotEndsAt', 'First lot ends')}
      </div>
      <div class="field-row">
        {text('staggerSeconds', 'Seconds between lots', {
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
          text('defaultLimit', 'Limit of a bidder', {
            optional: true,
            inputMode: 'decimal',
            hint: 'The most that each may owe in this sale.',
          })}
      </div>
      <NoticeText notice={commands.notice} />
      <button type="submit" class="button button-primary" disabled={commands.busy}>
        {commands.busy ? 'Making it …' : 'Make the sale'}
      </button>
    </form>
  );
}
