import { RolePage, type Desk } from '../parts/role-page.tsx';
import type { Services } from '../state/services.ts';

const load = async (): Promise<Desk> => (await import('../desks/webhooks-desk.tsx')).WebhooksDesk;

/** Which other systems are told of auctions. */
export function WebhooksPage({ services }: { readonly services: Services }) {
  return (
    <RolePage
      services={services}
      title="Webhooks"
      role="seller"
      purpose="see your webhooks"
      forWhom="This page is for sellers and admins, who have other systems told of their auctions."
      load={load}
    />
  );
}
