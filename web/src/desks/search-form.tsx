import { useState } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { Form, Segments, TextField } from '../parts/form.tsx';
import { goTo } from '../router.ts';
import { searchPath, SOUGHT, typedId, type Sought } from './search.ts';

const LABELS: Readonly<Record<Sought, string>> = {
  user: 'User',
  auction: 'Auction',
  bid: 'Bid',
  sale: 'Sale',
};

const CHOICES = SOUGHT.map((what) => [what, LABELS[what]] as const);

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
  const submit = (): void => {
    const typed = typedId(text);
    if (typed === undefined) setFault('Enter an id: letters, digits, - and _.');
    else goTo(searchPath(what, typed));
  };
  return (
    <Form
      class="panel desk-search stack tight"
      role="search"
      aria-label="Find by id"
      onSubmit={submit}
    >
      <Segments label="What to find" value={what} choices={CHOICES} onValue={setWhat} />
      <TextField
        label={`${LABELS[what]} id`}
        hint={what === 'auction' || what === 'sale' ? 'Or the address of its page.' : ''}
        fault={fault}
        value={text}
        autoCapitalize="none"
        spellcheck={false}
        onValue={(typed) => {
          setText(typed);
          setFault('');
        }}
      />
      <Button look="primary" type="submit">
        Find
      </Button>
    </Form>
  );
}
