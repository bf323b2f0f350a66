import '../sales/sales.css';
import { Facts } from '../parts/panel.tsx';
import { salePath } from '../routes.ts';
import { Bidders, ManageSale } from '../sales/manage-sale.tsx';
import { SALE_STATUS_WORDS } from '../sales/sale-words.ts';
import { momentOf } from '../state/clock.ts';
import { useReading } from '../state/reading.ts';
import { readSale, saleClient } from '../state/sales.ts';
import { NotFound } from './not-found.tsx';
import { usePages } from './pages.tsx';
import { Person } from './person.tsx';
import { SaleRecord } from './records.tsx';
import type { FoundProps } from './search.ts';

const READ_EVERY_MS = 5_000;

/** A sale: how it stands, what an admin may do with it, and what was done. */
export function SaleSection({ services, id: saleId }: FoundProps) {
  const sales = saleClient(services);
  const reading = useReading(() => readSale(sales, saleId), READ_EVERY_MS, [sales, saleId]);
  const record = usePages(services.client, (query) => sales.record(saleId, query));
  const sale = reading.value.value;
  if (sale === undefined) return <NotFound problem={reading.problem.value} what="Sale" />;
  const changed = (): void => {
    void reading.again();
    record.again();
  };
  const isEnded = sale.status === 'ended';
  // What the gateway has forgotten comes with its results.
  const isAtGateway = sale.results === undefined;
  return (
    <>
      <section class="panel desk-first stack" aria-label="Sale">
        <h2 dir="auto">{sale.title}</h2>
        <Facts
          testId="sale-facts"
          facts={[
            ['Page', <a href={salePath(sale.id)}>{sale.id}</a>],
            ['Status', SALE_STATUS_WORDS[sale.status]],
            ['Seller', <Person userId={sale.sellerId} />],
            ['Lots', sale.lots.length.toLocaleString()],
            [isEnded ? 'Ended' : 'Ends', momentOf(sale.endsAt)],
          ]}
        />
      </section>
      {isAtGateway && !isEnded && (
        <ManageSale services={services} sale={sale} onChanged={changed} />
      )}
      {isAtGateway && isEnded && <Bidders services={services} sale={sale} mayDecide={false} />}
      <SaleRecord pages={record} />
    </>
  );
}
