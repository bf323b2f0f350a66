import { useId, useState } from 'preact/hooks';
import { FormField } from '../parts/form-field.tsx';
import { goTo } from '../router.ts';
import { searchPath, SOUGHT, typedId, type Sought } from './search.ts';

const LABELS: Readonly<Record<Sought, string>> = {
  user: 'User',
  auction: 'Auction',
  bid: 'Bid',
  sale: 'Sale',
};

interface SearchFormProps {
  /** What the page shows. */
  readonly what: Sought;
  readonly id: string;
}

/** Finds a user, an auction, a bid or a sale by its id. */
export function SearchForm({ what: shown, id }: SearchFormProps) {
  const [what, setWhat] = useState(shown);
  const [text, setText] = useState(id);
  const [fault, setFault] = useState('');
  const name = useId();
  return (
    <form
      class="panel desk-search"
      role="search"
      aria-label="Find by id"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const typed = typedId(text);
        if (typed === undefined) setFault('Enter an id: letters, digits, - and _.');
        else goTo(searchPath(what, typed));
      }}
    >
      <fieldset class="segments">
        <legend class="unseen">What to find</legend>
        {SOUGHT.map((each) => (
          <label key={each} class="segment">
            <input
              type="radio"
              name={name}
              checked={each === what}
              onChange={() => setWhat(each)}
            />
            <span>{LABELS[each]}</span>
          </label>
        ))}
      </fieldset>
      <FormField
        label={`${LABELS[what]} id`}
        hint={what === 'auction' || what === 'sale' ? 'Or the address of its page.' : ''}
        fault={fault}
        control={(tied) => (
          <input
            {...tied}
            value={text}
            autoComplete="off"
            autoCapitalize="none"
            spellcheck={false}
            onInput={({ currentTarget }) => {
              setText(currentTarget.value);
              setFault('');
            }}
          />
        )}
      />
      <button type="submit" class="button button-primary">
        Find
      </button>
    </form>
  );
}
