import { RolePage, type Desk } from '../parts/role-page.tsx';
import type { Services } from '../state/services.ts';

const load = async (): Promise<Desk> => (await import('../desks/selling-desk.tsx')).SellingDesk;

/** What the user sells. */
export function SellingPage({ services }: { readonly services: Services }) {
  return (
    <RolePage
      services={services}
      title="Your auctions"
      role="seller"
      purpose="sell"
      forWhom="This page is for sellers, who see and manage their auctions here."
      load={load}
    />
  );
}
