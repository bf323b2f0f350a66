import { lobbyAddress, type LobbyWish } from '../state/lobby-wish.ts';
import { ButtonLink } from './button.tsx';

interface LobbyPagesProps {
  readonly wish: LobbyWish;
  /** What the next page follows; null on the last one. */
  readonly nextCursor: string | null;
}

const MAX_REMEMBERED = 100;

/** Where each page was come to from: cursors lead forward only. */
const cameFrom = new Map<string, string>();

/** The ways to the pages before and after this one. */
export function LobbyPages({ wish, nextCursor }: LobbyPagesProps) {
  if (wish.after === undefined && nextCursor === null) return null;
  const here = lobbyAddress(wish);
  const first = lobbyAddress({ ...wish, after: undefined });
  const previous = cameFrom.get(here) ?? first;
  const next = nextCursor === null ? null : lobbyAddress({ ...wish, after: nextCursor });
  return (
    <nav class="pages bar" aria-label="Pages of this list">
      {wish.after !== undefined && previous !== first && <a href={first}>First page</a>}
      {wish.after !== undefined && (
        <ButtonLink href={previous}>
          {cameFrom.has(here) ? 'Previous page' : 'First page'}
        </ButtonLink>
      )}
      {next !== null && (
        <ButtonLink href={next} onClick={() => rememberWay(here, next)}>
          Next page
        </ButtonLink>
      )}
    </nav>
  );
}

function rememberWay(from: string, to: string): void {
  cameFrom.set(to, from);
  const [oldest] = cameFrom.keys();
  if (cameFrom.size > MAX_REMEMBERED && oldest !== undefined) cameFrom.delete(oldest);
}
