import { CURRENCIES } from '../format/currencies.ts';
import { AT_A_DATE, DURATIONS, EMPTY_FORM, type SellForm } from '../state/sell-form.ts';
import type { SellFaults } from '../state/sell-request.ts';
import { Fold } from './fold.tsx';
import { SelectField, textFieldsOf } from './form.tsx';

interface SellFieldsProps {
  readonly form: SellForm;
  readonly faults: SellFaults;
  readonly onChange: (changes: Partial<SellForm>) => void;
}

const OPENINGS: readonly (readonly [seconds: number, label: string])[] = [
  [0, 'At once'],
  [30, 'In 30 seconds'],
  [300, 'In 5 minutes'],
  [3_600, 'In 1 hour'],
  [86_400, 'In 1 day'],
  [AT_A_DATE, 'On a date'],
];

const LASTS: typeof OPENINGS = [...DURATIONS, [AT_A_DATE, 'Until a date']];

/** Terms that most sellers leave as they are. */
const MORE_TERMS = [
  'lateSeconds',
  'addedSeconds',
  'mostMinutes',
  'increments',
  'highestBid',
  'graceSeconds',
] as const;

/** All fields of the sell form. */
export function SellFields({ form, faults, onChange }: SellFieldsProps) {
  const field = textFieldsOf<keyof SellFaults>(form, faults, (name, text) =>
    onChange({ [name]: text }),
  );
  const date = (name: 'opensAt' | 'endsAt', label: string) =>
    field(name, label, { type: 'datetime-local', hint: 'In your time zone.' });
  return (
    <>
      {field('title', 'Title', { dir: 'auto' })}
      {field('description', 'Description', { optional: true, rows: 4, dir: 'auto' })}
      {field('imageUrl', 'Image address', {
        optional: true,
        hint: 'Without one, a picture is drawn for it.',
        inputMode: 'url',
        maxLength: 2_000,
      })}
      <div class="field-row">
        {field('startPrice', 'Start price', { inputMode: 'decimal' })}
        <SelectField
          label="Currency"
          value={form.currency}
          choices={CURRENCIES.map((code) => [code, code] as const)}
          onValue={(currency) => onChange({ currency })}
        />
      </div>
      <div class="field-row">
        {field('reservePrice', 'Reserve', {
          optional: true,
          hint: 'The least you take. Stays secret.',
          inputMode: 'decimal',
        })}
        {field('buyNowPrice', 'Buy now price', {
          optional: true,
          hint: 'Ends the auction. Gone after the first bid.',
          inputMode: 'decimal',
        })}
      </div>
      <div class="field-row">
        <SelectField
          label="Opens"
          value={form.opensInSeconds}
          choices={OPENINGS}
          onValue={(opensInSeconds) => onChange({ opensInSeconds })}
        />
        {form.opensInSeconds === AT_A_DATE && date('opensAt', 'Opens on')}
      </div>
      <div class="field-row">
        <SelectField
          label="Lasts"
          value={form.durationSeconds}
          choices={LASTS}
          onValue={(durationSeconds) => onChange({ durationSeconds })}
        />
        {form.durationSeconds === AT_A_DATE && date('endsAt', 'Ends on')}
      </div>
      <Fold
        title="More terms"
        isOpen={MORE_TERMS.some((name) => form[name] !== EMPTY_FORM[name])}
        isWanted={MORE_TERMS.some((name) => faults[name] !== undefined)}
      >
        <div class="stack">
          <div class="field-row">
            {field('lateSeconds', 'Soft close window (seconds)', {
              hint: 'A bid this close to the end moves it; 0 for never.',
              inputMode: 'numeric',
            })}
            {field('addedSeconds', 'Soft close extension (seconds)', {
              hint: 'Left after such a bid, at least.',
              inputMode: 'numeric',
            })}
          </div>
          <div class="field-row">
            {field('mostMinutes', 'Latest end (minutes later)', {
              optional: true,
              hint: 'How far late bids can move the end. Usually a day.',
              inputMode: 'numeric',
            })}
            {field('graceSeconds', 'Outage grace (seconds)', {
              hint: 'Added if the site was away at the end; 0 for none.',
              inputMode: 'numeric',
            })}
          </div>
          {field('highestBid', 'Highest bid', {
            optional: true,
            hint: 'No bid above it is taken.',
            inputMode: 'decimal',
          })}
          {field('increments', 'Increments', {
            optional: true,
            hint: 'One a line: from which price, a colon, by how much. For instance “0: 5”, then “100: 10”.',
            rows: 3,
          })}
        </div>
      </Fold>
    </>
  );
}
