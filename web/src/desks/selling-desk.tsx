import { useEffect, useMemo } from 'preact/hooks';
import { OWN_LISTS, type OwnList } from '@outcry/shared/contracts/history.ts';
import { Empty } from '../parts/empty.tsx';
import { FailureBanner } from '../parts/failure-banner.tsx';
import { ReportButton } from '../parts/report-button.tsx';
import { SaleRow } from './sale-row.tsx';
import { query } from '../router.ts';
import { SELL_PATH, SELLING_PATH } from '../routes.ts';
import { OwnSales } from '../state/own-sales.ts';
import type { Services } from '../state/services.ts';

const LABELS: Readonly<Record<OwnList, string>> = {
  open: 'Live',
  scheduled: 'Scheduled',
  sold: 'Sold',
  unsold: 'Not sold',
};
const TABS: readonly OwnList[] = ['open', 'scheduled', 'sold', 'unsold'];

const NOTHING: Readonly<Record<OwnList, string>> = {
  open: 'Nothing of yours is open for bids right now.',
  scheduled: 'Nothing of yours is going to open.',
  sold: 'Nothing is sold yet.',
  unsold: 'Nothing has ended without a buyer.',
};

/** The seller's desk: what the user sells, and all that can be done with it. */
export function SellingDesk({ services }: { readonly services: Services }) {
  const list = OWN_LISTS.find((name) => name === query.value.get('list')) ?? 'open';
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
        {TABS.map((tab) => (
          <a key={tab} href={deskPath(tab)} aria-current={tab === list ? 'page' : undefined}>
            {LABELS[tab]}
          </a>
        ))}
      </nav>
      <Sales key={`${list} ${after}`} services={services} list={list} after={after} />
    </>
  );
}

function deskPath(list: OwnList, after?: string): string {
  const asked = new URLSearchParams(list === 'open' ? {} : { list });
  if (after !== undefined) asked.set('after', after);
  return SELLING_PATH + (asked.size === 0 ? '' : `?${asked.toString()}`);
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
