import { SELL_PATH, type ListedStatus } from '../routes.ts';
import { Empty } from './empty.tsx';

/** A list that has nothing in it. */
export function EmptyLobby({ status }: { readonly status: ListedStatus }) {
  if (status === 'ended') {
    return (
      <Empty title="Nothing has ended yet">
        <p>Auctions appear here when they are over.</p>
      </Empty>
    );
  }
  return (
    <Empty title={status === 'live' ? 'Nothing is on sale right now' : 'Nothing is coming up'}>
      <p>
        Fill the house with real auctions and bidders: run <code>npm run demo</code> in a terminal.
      </p>
      <p>Or put something up yourself; an auction can be as short as a minute.</p>
      <a class="button button-primary" href={SELL_PATH}>
        Sell something
      </a>
    </Empty>
  );
}

/** A list of which search or filters leave nothing. */
export function NothingFound({ search }: { readonly search: string }) {
  return (
    <Empty title="Nothing like this here">
      <p>
        {search === ''
          ? 'No auction passes these filters. Switch one off to see more.'
          : `No title has words that begin like “${search}”. Try fewer words, or another list.`}
      </p>
    </Empty>
  );
}
