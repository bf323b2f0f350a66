import { useId } from 'preact/hooks';
import type { ListedStatus } from '../routes.ts';
import { FILTERS, toggled, type LobbyView } from '../state/lobby-view.ts';
import { SearchIcon } from './icons.tsx';

interface LobbyToolsProps {
  readonly status: ListedStatus;
  readonly search: string;
  readonly view: LobbyView;
  readonly onSearch: (search: string) => void;
  readonly onView: (view: LobbyView) => void;
}

/** Search, filters and order of a list. */
export function LobbyTools({ status, search, view, onSearch, onView }: LobbyToolsProps) {
  const searchId = useId();
  const orderId = useId();
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
      <div class="chips" role="group" aria-label="Show only">
        {FILTERS[status].map(([filter, label]) => (
          <button
            key={filter}
            type="button"
            class="chip"
            aria-pressed={view.only.includes(filter)}
            onClick={() => onView(toggled(view, filter))}
          >
            {label}
          </button>
        ))}
      </div>
      {status === 'live' && (
        <div class="order">
          <label for={orderId}>Order</label>
          <select
            id={orderId}
            class="input"
            value={view.order}
            onChange={({ currentTarget }) =>
              onView({
                ...view,
                order: currentTarget.value === 'most-bids' ? 'most-bids' : 'listed',
              })
            }
          >
            <option value="listed">Ending soonest</option>
            <option value="most-bids">Most bids</option>
          </select>
        </div>
      )}
    </div>
  );
}
