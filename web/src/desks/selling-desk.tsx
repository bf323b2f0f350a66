import './desks.css';
import { useEffect, useMemo } from 'preact/hooks';
import type { OwnList } from '@outcry/shared/contracts/history.ts';
import { Empty } from '../parts/empty.tsx';
import { FailureBanner } from '../parts/failure-banner.tsx';
import { ReportButton } from '../parts/report-button.tsx';
import { SaleEntry } from '../sales/sale-entry.tsx';
import { List, usePages } from './pages.tsx';
import { SaleRow } from './sale-row.tsx';
import { query } from '../router.ts';
import { changeSalePath, SELL_PATH, SELLING_PATH } from '../routes.ts';
import { OwnSales } from '../state/own-sales.ts';
import { saleClient } from '../state/sales.ts';
import type { Services } from '../state/services.ts';
import { signedInAs } from '../state/session.ts';

/** `sales`: those of many lots. */
const LISTS = ['open', 'scheduled', 'sold', 'unsold', 'sales'] as const;
type DeskList = (typeof LISTS)[number];

const LABELS: Readonly<Record<DeskList, string>> = {
  open: 'Live',
  scheduled: 'Scheduled',
  sold: 'Sold',
  unsold: 'Not sold',
  sales: 'Sales',
};

const NOTHING: Readonly<Record<OwnList, string>> = {
  open: 'Nothing of yours is open for bids right now.',
  scheduled: 'Nothing of yours is going to open.',
  sold: 'Nothing is sold yet.',
  unsold: 'Nothing has ended without a buyer.',
};

/** The seller's desk: what the user sells, and all that can be done with it. */
export function SellingDesk({ services }: { readonly services: Services }) {
  const asked = query.value.get('list');
  const list = LISTS.find((name) => name === asked) ?? 'open';
  const after = query.value.get('after') ?? undefined;
  return (
    <>
      <p class="page-intro">Only you see this page. Reserves stay secret.</p>
      <div class="row sale-tools">
        <a class="button button-primary" href={SELL_PATH}>
          Sell something
        </a>
        <ReportButton client={services.client} of="own sales" what="my sales" />
      </div>
      <nav class="tabs" aria-label="Your auctions by how they stand">
        {LISTS.map((tab) => (
          <a key={tab} href={deskPath(tab)} aria-current={tab === list ? 'page' : undefined}>
            {LABELS[tab]}
          </a>
        ))}
      </nav>
      {list === 'sales' ? (
        <OwnSalesOfLots services={services} />
      ) : (
        <Sales key={`${list} ${after}`} services={services} list={list} after={after} />
      )}
    </>
  );
}

function deskPath(list: DeskList, after?: string): string {
  const asked = new URLSearchParams(list === 'open' ? {} : { list });
  if (after !== undefined) asked.set('after', after);
  return SELLING_PATH + (asked.size === 0 ? '' : `?${asked.toString()}`);
}

/** The user's sales of many lots, from the archive. */
function OwnSalesOfLots({ services }: { readonly services: Services }) {
  const seller = signedInAs.value;
  const pages = usePages(services.client, (page) =>
    saleClient(services).archivedList({ ...page, seller }),
  );
  return (
    <section aria-label="Your sales">
      <List
        pages={pages}
        none="You have made no sale of several lots yet."
        keyOf={({ id }) => id}
        row={(sale) => (
          <>
            <SaleEntry sale={sale} />
            {sale.status === 'scheduled' && (
              <a class="button" href={changeSalePath(sale.id)}>
                Change
              </a>
            )}
          </>
        )}
      />
    </section>
  );
}

interface SalesProps {
  readonly services: Services;
  readonly list: OwnList;
  readonly after: string | undefined;
}

function Sales({ services, list, after }: SalesProps) {
  const own = useMemo(() => new OwnSales(services, list, after), [services, list, after]);
  useEffect(() => {
    own.open();
    return () => own.close();
  }, [own]);
  const sales = own.sales.value;
  const problem = own.problem.value;
  const nextCursor = own.nextCursor.value;
  return (
    <>
      <FailureBanner problem={problem}>
        Your auctions go on; the list is read again by itself.
      </FailureBanner>
      {sales === null && problem === null && (
        <p class="muted" role="status">
          Reading your auctions …
        </p>
      )}
      {sales?.length === 0 && (
        <Empty>
          <p>{NOTHING[list]}</p>
        </Empty>
      )}
      {sales !== null && sales.length > 0 && (
        <ul class="sales" data-testid="sales">
          {sales.map((sale) => (
            <SaleRow key={sale.own.id} client={services.client} views={own.views} sale={sale} />
          ))}
        </ul>
      )}
      {(after !== undefined || nextCursor !== null) && (
        <nav class="pages" aria-label="Pages of this list">
          {after !== undefined && (
            <a class="button" href={deskPath(list)}>
              First page
            </a>
          )}
          {nextCursor !== null && (
            <a class="button" href={deskPath(list, nextCursor)}>
              Next page
            </a>
          )}
        </nav>
      )}
    </>
  );
}
