import { SELL_PATH, type ListedStatus } from '../routes.ts';
import type { LobbyWish } from '../state/lobby-wish.ts';
import { ButtonLink } from './button.tsx';
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
      <p>Put something up yourself; an auction can be as short as a minute.</p>
      <ButtonLink look="primary" href={SELL_PATH}>
        Sell something
      </ButtonLink>
    </Empty>
  );
}

/** A list of which the wish leaves nothing. */
export function NothingFound({ wish }: { readonly wish: LobbyWish }) {
  if (wish.after !== undefined) {
    return (
      <Empty title="Nothing more here">
        <p>What was on this page is over, or has moved. Start again at the first page.</p>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing like this here">
      <p>
        {wish.search === ''
          ? 'No auction passes these filters. Switch one off to see more.'
          : `No title has words that begin like “${wish.search}”. Try fewer words, or another list.`}
      </p>
    </Empty>
  );
}
