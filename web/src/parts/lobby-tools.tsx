import { useId } from 'preact/hooks';
import type { ListedStatus } from '../routes.ts';
import { FILTERS, toggled, type LobbyOrder, type LobbyView } from '../state/lobby-view.ts';
import { Chips } from './chips.tsx';
import { Choice } from './choice.tsx';
import { SearchIcon } from './icons.tsx';

interface LobbyToolsProps {
  readonly status: ListedStatus;
  readonly search: string;
  readonly view: LobbyView;
  readonly onSearch: (search: string) => void;
  readonly onView: (view: LobbyView) => void;
}

const ORDERS: readonly (readonly [LobbyOrder, string])[] = [
  ['listed', 'Ending soonest'],
  ['most-bids', 'Most bids'],
];

/** Search, filters and order of a list. */
export function LobbyTools({ status, search, view, onSearch, onView }: LobbyToolsProps) {
  const searchId = useId();
  return (
    <div class="lobby-tools">
      <form role="search" class="search" onSubmit={(event) => event.preventDefault()}>
        <label class="unseen" for={searchId}>
          Search titles
        </label>
        <SearchIcon />
        <input
          id={searchId}
          class="input"
          type="search"
          placeholder="Search titles"
          maxLength={200}
          autoComplete="off"
          enterkeyhint="search"
          value={search}
          onInput={(event) => onSearch(event.currentTarget.value)}
        />
      </form>
      <Chips
        label="Show only"
        choices={FILTERS[status]}
        isPressed={(filter) => view.only.includes(filter)}
        onPress={(filter) => onView(toggled(view, filter))}
      />
      {status === 'live' && (
        <Choice
          label="Order"
          value={view.order}
          choices={ORDERS}
          onChange={(order) => onView({ ...view, order })}
        />
      )}
    </div>
  );
}
