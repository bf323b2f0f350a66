import { RolePage, type Desk } from '../parts/role-page.tsx';
import type { Services } from '../state/services.ts';

const load = async (): Promise<Desk> => (await import('../desks/admin-desk.tsx')).AdminDesk;

/** Where admins look after the house. */
export function AdminPage({ services }: { readonly services: Services }) {
  return (
    <RolePage
      services={services}
      title="Admin’s desk"
      role="admin"
      purpose="see the admin’s desk"
      forWhom="This page is for admins, who run the house."
      load={load}
    />
  );
}
