import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { CURRENCIES } from '../format/currencies.ts';
import { sellerName } from '../format/user-names.ts';
import { FILTERS, isByPrice, ORDERS, toggled, type LobbyWish } from '../state/lobby-wish.ts';
import { Chips } from './chips.tsx';
import { Choice } from './choice.tsx';
import { Form } from './form.tsx';
import { SearchIcon } from './icons.tsx';

interface LobbyToolsProps {
  readonly wish: LobbyWish;
  /** Gets wishes for the first page. */
  readonly onChange: (wish: LobbyWish) => void;
}

/** Between the last key pressed and the search. */
const SEARCH_PAUSE_MS = 300;

/** Search, filters and order of a list. */
export function LobbyTools({ wish, onChange }: LobbyToolsProps) {
  const { status, order, currency } = wish;
  const change = (changes: Partial<LobbyWish>): void =>
    onChange({ ...wish, after: undefined, ...changes });
  return (
    <div class="lobby-tools bar">
      <SearchField search={wish.search} onSearch={(search) => change({ search })} />
      <Chips
        label="Show only"
        choices={
          wish.seller === undefined
            ? FILTERS[status]
            : [[SELLER, `Sold by ${sellerName(wish.seller)}`] as const, ...FILTERS[status]]
        }
        isPressed={(filter) => filter === SELLER || wish.only.includes(filter)}
        onPress={(filter) =>
          change(filter === SELLER ? { seller: undefined } : { only: toggled(wish, filter).only })
        }
      />
      {isByPrice(order) && (
        <Choice
          label="Currency"
          value={currency ?? ''}
          choices={CURRENCY_CHOICES}
          onValue={(code) => change({ currency: code === '' ? undefined : code })}
        />
      )}
      <Choice
        label="Order"
        value={order}
        choices={ORDERS[status]}
        onValue={(chosen) =>
          change({ order: chosen, currency: isByPrice(chosen) ? currency : undefined })
        }
      />
    </div>
  );
}

/** A chip as long as only one seller's auctions are shown. */
const SELLER = 'seller';

const CURRENCY_CHOICES: readonly (readonly [string, string])[] = [
  ['', 'All'],
  ...CURRENCIES.map((code) => [code, code] as const),
];

interface SearchFieldProps {
  readonly search: string;
  readonly onSearch: (search: string) => void;
}

/** Searches when nothing has been typed for a moment, or at once on Enter. */
function SearchField({ search, onSearch }: SearchFieldProps) {
  const id = useId();
  const [text, setText] = useState(search);
  const asked = useRef(search);
  const ask = (): void => {
    const wanted = text.trim();
    if (wanted === asked.current) return;
    asked.current = wanted;
    onSearch(wanted);
  };
  useEffect(() => {
    const timer = setTimeout(ask, text === '' ? 0 : SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, onSearch]);
  // Back, forward and other links bring searches that were not typed here.
  useEffect(() => {
    if (search === asked.current) return;
    asked.current = search;
    setText(search);
  }, [search]);
  return (
    <Form role="search" class="search" onSubmit={ask}>
      <label class="unseen" for={id}>
        Search titles
      </label>
      <SearchIcon />
      <input
        id={id}
        class="input"
        type="search"
        placeholder="Search titles"
        maxLength={200}
        autoComplete="off"
        enterkeyhint="search"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </Form>
  );
}
