import { MINOR_DIGITS } from '@outcry/shared/domain/currencies.ts';
import type { SellFaults, SellForm } from '../state/sell-request.ts';
import { FormField, type TiedAttributes } from './form-field.tsx';

interface SellFieldsProps {
  readonly form: SellForm;
  readonly faults: SellFaults;
  readonly onChange: (changes: Partial<SellForm>) => void;
}

const FREQUENT_CURRENCIES = ['USD', 'EUR', 'GBP', 'CHF', 'JPY', 'INR', 'BRL', 'KWD'];
export const CURRENCIES = [...new Set([...FREQUENT_CURRENCIES, ...MINOR_DIGITS.keys()])];

const DURATIONS: readonly (readonly [seconds: number, label: string])[] = [
  [60, '1 minute'],
  [120, '2 minutes'],
  [300, '5 minutes'],
  [900, '15 minutes'],
  [3_600, '1 hour'],
  [86_400, '1 day'],
  [259_200, '3 days'],
  [604_800, '7 days'],
];

const OPENINGS: readonly (readonly [seconds: number, label: string])[] = [
  [0, 'At once'],
  [30, 'In 30 seconds'],
  [300, 'In 5 minutes'],
  [3_600, 'In 1 hour'],
  [86_400, 'In 1 day'],
];

type TextName = Exclude<keyof SellForm, 'durationSeconds' | 'opensInSeconds' | 'currency'>;

/** All fields of the sell form. */
export function SellFields({ form, faults, onChange }: SellFieldsProps) {
  const text = (
    name: TextName,
    attributes: { maxLength?: number; inputMode?: 'decimal' | 'url'; dir?: 'auto' },
  ) =>
    function textInput(tied: TiedAttributes) {
      return (
        <input
          {...tied}
          {...attributes}
          value={form[name]}
          autoComplete="off"
          onInput={(event) => onChange({ [name]: event.currentTarget.value })}
        />
      );
    };
  const choice = (
    name: 'durationSeconds' | 'opensInSeconds',
    options: readonly (readonly [number, string])[],
  ) =>
    function selectInput(tied: TiedAttributes) {
      return (
        <select
          {...tied}
          value={form[name]}
          onChange={(event) => onChange({ [name]: Number(event.currentTarget.value) })}
        >
          {options.map(([seconds, label]) => (
            <option key={seconds} value={seconds}>
              {label}
            </option>
          ))}
        </select>
      );
    };
  return (
    <>
      <FormField label="Title" fault={faults.title} control={text('title', { dir: 'auto' })} />
      <FormField
        label="Description"
        optional
        fault={faults.description}
        control={(tied) => (
          <textarea
            {...tied}
            rows={4}
            dir="auto"
            value={form.description}
            onInput={(event) => onChange({ description: event.currentTarget.value })}
          />
        )}
      />
      <FormField
        label="Image address"
        optional
        hint="Without one, a picture is drawn for it."
        fault={faults.imageUrl}
        control={text('imageUrl', { inputMode: 'url', maxLength: 2_000 })}
      />
      <div class="field-row">
        <FormField
          label="Start price"
          fault={faults.startPrice}
          control={text('startPrice', { inputMode: 'decimal' })}
        />
        <FormField
          label="Currency"
          control={(tied) => (
            <select
              {...tied}
              value={form.currency}
              onChange={(event) => onChange({ currency: event.currentTarget.value })}
            >
              {CURRENCIES.map((code) => (
                <option key={code}>{code}</option>
              ))}
            </select>
          )}
        />
      </div>
      <div class="field-row">
        <FormField
          label="Reserve"
          optional
          hint="The least you take. Stays secret."
          fault={faults.reservePrice}
          control={text('reservePrice', { inputMode: 'decimal' })}
        />
        <FormField
          label="Buy now price"
          optional
          hint="Ends the auction. Gone after the first bid."
          fault={faults.buyNowPrice}
          control={text('buyNowPrice', { inputMode: 'decimal' })}
        />
      </div>
      <div class="field-row">
        <FormField label="Opens" control={choice('opensInSeconds', OPENINGS)} />
        <FormField
          label="Lasts"
          hint="A bid in the last 30 seconds adds time."
          control={choice('durationSeconds', DURATIONS)}
        />
      </div>
    </>
  );
}
