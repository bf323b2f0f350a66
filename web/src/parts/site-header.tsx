import type { ComponentChildren, JSX } from 'preact';
import { initials } from '../format/user-names.ts';
import { route } from '../router.ts';
import {
  ACCOUNT_PATH,
  ADMIN_PATH,
  LEADERS_PATH,
  lobbyPath,
  MY_BIDS_PATH,
  SALES_PATH,
  SAVED_PATH,
  SELL_PATH,
  SELLING_PATH,
  WEBHOOKS_PATH,
  type Route,
} from '../routes.ts';
import { signOutEverywhere, type Services } from '../state/services.ts';
import { isAdmin, mayAct, nameOf, session } from '../state/session.ts';
import { askToSignIn } from '../state/sign-in-request.ts';
import { Button } from './button.tsx';
import { BookmarkIcon, GavelIcon, HandIcon, ListIcon, TagIcon, TrophyIcon } from './icons.tsx';
import { NoticeBell } from './notice-bell.tsx';

const LINKS: readonly {
  readonly path: string;
  readonly label: string;
  readonly pages: readonly Route['page'][];
  readonly icon: () => JSX.Element;
}[] = [
  { path: lobbyPath('live'), label: 'Auctions', pages: ['lobby', 'room'], icon: GavelIcon },
  { path: SALES_PATH, label: 'Sales', pages: ['sales', 'sale'], icon: ListIcon },
  { path: MY_BIDS_PATH, label: 'My bids', pages: ['my-bids'], icon: HandIcon },
  { path: SAVED_PATH, label: 'Saved', pages: ['saved'], icon: BookmarkIcon },
  { path: SELL_PATH, label: 'Sell', pages: ['sell'], icon: TagIcon },
  { path: SELLING_PATH, label: 'Selling', pages: ['selling', 'sell'], icon: TagIcon },
  { path: LEADERS_PATH, label: 'Leaders', pages: ['leaders'], icon: TrophyIcon },
];

/** The top of every page: the mark, where to go, who is signed in. */
export function SiteHeader({ services }: { readonly services: Services | null }) {
  const { page } = route.value;
  const isSeller = session.value !== null && mayAct('seller');
  // Sellers have their desk, which leads to the form; visitors learn that they can sell.
  const links = LINKS.filter(({ path }) => {
    if (path === SELLING_PATH) return isSeller;
    return path !== SELL_PATH || session.value === null;
  });
  return (
    <header class="site-head">
      <div class="site-head-row">
        <a class="brand" href={lobbyPath('live')}>
          <Mark />
          <span>Outcry</span>
        </a>
        <nav class="site-nav" aria-label="Main">
          {links.map(({ path, label, pages, icon: PageIcon }) => (
            <a key={path} href={path} aria-current={pages.includes(page) ? 'page' : undefined}>
              <PageIcon />
              {label}
            </a>
          ))}
        </nav>
        {services?.signIn !== undefined && <UserCorner services={services} />}
      </div>
    </header>
  );
}

const USER_MENU = 'user-menu';

function UserCorner({ services }: { readonly services: Services }) {
  const current = session.value;
  if (current === null) {
    return <Button onClick={() => askToSignIn('bid and sell')}>Sign in</Button>;
  }
  const name = nameOf(current);
  return (
    <>
      <NoticeBell />
      <button type="button" class="user" popovertarget={USER_MENU}>
        <span class="avatar" aria-hidden="true">
          {initials(name)}
        </span>
        <span class="unseen">Signed in as </span>
        <span class="user-name clip">{name}</span>
      </button>
      <div id={USER_MENU} class="user-menu" popover="auto">
        <p>
          Signed in as <strong>{name}</strong>
        </p>
        {services.signIn === 'name' && (
          <Button
            popovertarget={USER_MENU}
            popovertargetaction="hide"
            onClick={() => askToSignIn('bid as someone else')}
          >
            Switch user
          </Button>
        )}
        <MenuLink path={ACCOUNT_PATH}>Your account</MenuLink>
        {mayAct('seller') && <MenuLink path={WEBHOOKS_PATH}>Webhooks</MenuLink>}
        {isAdmin.value && <MenuLink path={ADMIN_PATH}>Admin’s desk</MenuLink>}
        <Button onClick={() => signOutEverywhere(services)}>Sign out</Button>
      </div>
    </>
  );
}

interface MenuLinkProps {
  readonly path: string;
  readonly children: ComponentChildren;
}

function MenuLink({ path, children }: MenuLinkProps) {
  return (
    <a
      class="button"
      href={path}
      onClick={({ currentTarget }) => {
        currentTarget.closest<HTMLElement>('[popover]')?.hidePopover();
      }}
    >
      {children}
    </a>
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
