import { AccountPage } from './pages/account-page.tsx';
import {
  AdminPage,
  SalePage,
  SalesPage,
  SellingPage,
  SellPage,
  WebhooksPage,
} from './pages/loaded-pages.tsx';
import { LobbyPage } from './pages/lobby-page.tsx';
import { LeadersPage } from './pages/leaders-page.tsx';
import { MyBidsPage } from './pages/my-bids-page.tsx';
import { NowherePage } from './pages/nowhere-page.tsx';
import { RoomPage } from './pages/room-page.tsx';
import { SavedPage } from './pages/saved-page.tsx';
import { SignedInPage } from './pages/signed-in-page.tsx';
import { StartPage } from './pages/start-page.tsx';
import { SignInDialog } from './parts/sign-in-dialog.tsx';
import { SignInTrouble } from './parts/sign-in-trouble.tsx';
import { SiteHeader } from './parts/site-header.tsx';
import { Toasts } from './parts/toasts.tsx';
import { query, route } from './router.ts';
import { announcement } from './state/announcer.ts';
import { start, type Start } from './state/services.ts';

/** The frame around every page. */
export function App() {
  const current = start.value;
  const services = current.phase === 'ready' ? current.services : null;
  return (
    <>
      <a class="skip" href="#page">
        Skip to the page
      </a>
      <SiteHeader services={services} />
      <main class="page" id="page" tabIndex={-1}>
        <SignInTrouble />
        <Page start={current} />
      </main>
      <footer class="site-foot hint">
        <div class="site-foot-row">
          <p>Every bid is decided in the moment, and sealed when the auction is over.</p>
        </div>
      </footer>
      {services !== null && <SignInDialog services={services} />}
      <Toasts />
      <p class="unseen" aria-live="polite" data-testid="announcer">
        {announcement.value}
      </p>
    </>
  );
}

function Page({ start: started }: { readonly start: Start }) {
  const current = route.value;
  if (started.phase !== 'ready') return <StartPage start={started} />;
  const { services } = started;
  switch (current.page) {
    case 'lobby':
      return <LobbyPage key={current.status} services={services} status={current.status} />;
    case 'room':
      return <RoomPage key={current.auctionId} services={services} auctionId={current.auctionId} />;
    case 'sell':
      return <SellPage key={`sell ${query.value.toString()}`} services={services} />;
    case 'selling':
      return <SellingPage services={services} />;
    case 'sales':
      return <SalesPage services={services} />;
    case 'sale':
      return <SalePage key={current.saleId} services={services} />;
    case 'my-bids':
      return <MyBidsPage services={services} />;
    case 'saved':
      return <SavedPage services={services} />;
    case 'leaders':
      return <LeadersPage services={services} />;
    case 'account':
      return <AccountPage services={services} />;
    case 'admin':
      return <AdminPage services={services} />;
    case 'webhooks':
      return <WebhooksPage services={services} />;
    case 'signed-in':
      return <SignedInPage services={services} />;
    case 'nowhere':
      return <NowherePage />;
  }
}
