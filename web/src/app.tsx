import { LobbyPage } from './pages/lobby-page.tsx';
import { LeadersPage } from './pages/leaders-page.tsx';
import { MyBidsPage } from './pages/my-bids-page.tsx';
import { NowherePage } from './pages/nowhere-page.tsx';
import { OperationsPage } from './pages/operations-page.tsx';
import { RoomPage } from './pages/room-page.tsx';
import { SellPage } from './pages/sell-page.tsx';
import { StartPage } from './pages/start-page.tsx';
import { SignInDialog } from './parts/sign-in-dialog.tsx';
import { SiteFooter } from './parts/site-footer.tsx';
import { SiteHeader } from './parts/site-header.tsx';
import { Toasts } from './parts/toasts.tsx';
import { route } from './router.ts';
import { announcement } from './state/announcer.ts';
import { start, type Services } from './state/services.ts';

/** The frame around every page. */
export function App() {
  const current = start.value;
  // The operator's page is of most use when nothing else answers.
  const isOperations = route.value.page === 'operations';
  const services = current.phase === 'ready' ? current.services : null;
  return (
    <>
      <a class="skip" href="#page">
        Skip to the page
      </a>
      <SiteHeader signInPossible={services?.config.authMode === 'dev'} />
      <main class="page" id="page" tabIndex={-1}>
        {current.phase === 'ready' && <Page services={current.services} />}
        {current.phase !== 'ready' && !isOperations && <StartPage start={current} />}
        {current.phase !== 'ready' && isOperations && <OperationsPage />}
      </main>
      <SiteFooter gatewayUrl={services?.config.gatewayUrl} />
      {services !== null && <SignInDialog client={services.client} />}
      <Toasts />
      <p class="unseen" aria-live="polite" data-testid="announcer">
        {announcement.value}
      </p>
    </>
  );
}

function Page({ services }: { readonly services: Services }) {
  const current = route.value;
  switch (current.page) {
    case 'lobby':
      return <LobbyPage key={current.status} services={services} status={current.status} />;
    case 'room':
      return <RoomPage key={current.auctionId} services={services} auctionId={current.auctionId} />;
    case 'sell':
      return <SellPage services={services} />;
    case 'my-bids':
      return <MyBidsPage services={services} />;
    case 'leaders':
      return <LeadersPage services={services} />;
    case 'operations':
      return <OperationsPage />;
    case 'nowhere':
      return <NowherePage />;
  }
}
