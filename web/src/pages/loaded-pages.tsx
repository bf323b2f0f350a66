/** Pages whose scripts come when they are first shown. */
import { PageHead } from '../parts/page-head.tsx';
import { LoadedDesk, RolePage } from '../parts/role-page.tsx';
import type { Services } from '../state/services.ts';

interface PageProps {
  readonly services: Services;
}

export const SellPage = ({ services }: PageProps) => (
  <LoadedDesk services={services} load={async () => (await import('./sell-page.tsx')).SellPage} />
);

/** One sale with its lots. */
export const SalePage = ({ services }: PageProps) => (
  <LoadedDesk
    services={services}
    load={async () => (await import('../sales/sale-view.tsx')).SaleContent}
  />
);

/** Sales of many lots: live, coming and ended. */
export const SalesPage = ({ services }: PageProps) => (
  <>
    <PageHead title="Sales">
      <p class="page-intro">Many lots under common terms, one after the other.</p>
    </PageHead>
    <LoadedDesk
      services={services}
      load={async () => (await import('../sales/sale-list.tsx')).SaleList}
    />
  </>
);

/** What the user sells. */
export const SellingPage = ({ services }: PageProps) => (
  <RolePage
    services={services}
    title="Your auctions"
    role="seller"
    purpose="sell"
    forWhom="This page is for sellers, who see and manage their auctions here."
    load={async () => (await import('../desks/selling-desk.tsx')).SellingDesk}
  />
);

/** Which other systems are told of auctions. */
export const WebhooksPage = ({ services }: PageProps) => (
  <RolePage
    services={services}
    title="Webhooks"
    role="seller"
    purpose="see your webhooks"
    forWhom="This page is for sellers and admins, who have other systems told of their auctions."
    load={async () => (await import('../desks/webhooks-desk.tsx')).WebhooksDesk}
  />
);

/** Where admins look after the house. */
export const AdminPage = ({ services }: PageProps) => (
  <RolePage
    services={services}
    title="Admin’s desk"
    role="admin"
    purpose="see the admin’s desk"
    forWhom="This page is for admins, who run the house."
    load={async () => (await import('../desks/admin-desk.tsx')).AdminDesk}
  />
);
