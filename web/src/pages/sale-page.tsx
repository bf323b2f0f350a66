import { LoadedDesk, type Desk } from '../parts/role-page.tsx';
import type { Services } from '../state/services.ts';

const load = async (): Promise<Desk> => (await import('../sales/sale-view.tsx')).SaleContent;

/** One sale with its lots. */
export const SalePage = ({ services }: { readonly services: Services }) => (
  <LoadedDesk services={services} load={load} />
);
