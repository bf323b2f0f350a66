import { CURRENCIES } from '../format/currencies.ts';
import { FormField, type TiedAttributes } from './form-field.tsx';
import { SellTerms } from './sell-terms.tsx';
import { SellTimes, type SellFieldsProps } from './sell-times.tsx';

type TextName = 'title' | 'imageUrl' | 'startPrice' | 'reservePrice' | 'buyNowPrice';

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
      <SellTimes form={form} faults={faults} onChange={onChange} />
      <SellTerms form={form} faults={faults} onChange={onChange} />
    </>
  );
}
