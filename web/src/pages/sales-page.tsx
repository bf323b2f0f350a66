import { PageHead } from '../parts/page-head.tsx';
import { LoadedDesk, type Desk } from '../parts/role-page.tsx';
import type { Services } from '../state/services.ts';

const load = async (): Promise<Desk> => (await import('../sales/sale-list.tsx')).SaleList;

/** Sales of many lots: live, coming and ended. */
export function SalesPage({ services }: { readonly services: Services }) {
  return (
    <>
      <PageHead title="Sales">
        <p class="page-intro">Many lots under common terms, one after the other.</p>
      </PageHead>
      <LoadedDesk services={services} load={load} />
    </>
  );
}
