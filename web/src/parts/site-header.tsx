import { initials } from '../format/user-names.ts';
import { route } from '../router.ts';
import { lobbyPath, SELL_PATH } from '../routes.ts';
import { session, signOut } from '../state/session.ts';
import { askToSignIn } from '../state/sign-in-request.ts';

/** The top of every page: the mark, where to go, who is signed in. */
export function SiteHeader({ signInPossible }: { readonly signInPossible: boolean }) {
  const { page } = route.value;
  return (
    <header class="site-head">
      <div class="site-head-row">
        <a class="brand" href={lobbyPath('live')}>
          <Mark />
          <span class="brand-name">Outcry</span>
        </a>
        <nav class="site-nav" aria-label="Main">
          <a href={lobbyPath('live')} aria-current={page === 'lobby' ? 'page' : undefined}>
            Auctions
          </a>
          <a href={SELL_PATH} aria-current={page === 'sell' ? 'page' : undefined}>
            Sell
          </a>
        </nav>
        {signInPossible && <UserCorner />}
      </div>
    </header>
  );
}

const USER_MENU = 'user-menu';

function UserCorner() {
  const current = session.value;
  if (current === null) {
    return (
      <button type="button" class="button" onClick={() => askToSignIn('bid and sell')}>
        Sign in
      </button>
    );
  }
  return (
    <>
      <button
        type="button"
        class="user"
        aria-label={`Signed in as ${current.userId}`}
        popovertarget={USER_MENU}
      >
        <span class="avatar" aria-hidden="true">
          {initials(current.userId)}
        </span>
        <span class="user-name">{current.userId}</span>
      </button>
      <div id={USER_MENU} class="user-menu" popover="auto">
        <p>
          Signed in as <strong>{current.userId}</strong>
        </p>
        <button
          type="button"
          class="button"
          popovertarget={USER_MENU}
          popovertargetaction="hide"
          onClick={() => askToSignIn('bid as someone else')}
        >
          Switch user
        </button>
        <button type="button" class="button" onClick={signOut}>
          Sign out
        </button>
      </div>
    </>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" />
      <path d="M10 13v6M16 8v16M22 11.5v9" />
    </svg>
  );
}
