import './desks.css';
import type { OwnList } from '@outcry/shared/contracts/history.ts';
import { ButtonLink } from '../parts/button.tsx';
import { Empty, Waiting } from '../parts/empty.tsx';
import { FailureBanner } from '../parts/failure-banner.tsx';
import { ReportButton } from '../parts/report-button.tsx';
import { query } from '../router.ts';
import { changeSalePath, SELL_PATH, SELLING_PATH } from '../routes.ts';
import { SaleEntry } from '../sales/sale-entry.tsx';
import { LiveViews } from '../state/live-views.ts';
import { useOpen, useReading } from '../state/reading.ts';
import { saleClient } from '../state/sales.ts';
import type { Services } from '../state/services.ts';
import { asUser, signedInAs } from '../state/session.ts';
import { List, usePages } from './pages.tsx';
import { SaleRow } from './sale-row.tsx';

const READ_EVERY_MS = 5_000;
const PAGE_SIZE = 24;

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
        <ButtonLink look="primary" href={SELL_PATH}>
          Sell something
        </ButtonLink>
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
              <ButtonLink href={changeSalePath(sale.id)}>Change</ButtonLink>
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
  const { client, feed } = services;
  const reading = useReading(
    () => asUser(client, () => client.ownAuctions({ list, limit: PAGE_SIZE, cursor: after })),
    READ_EVERY_MS,
    [client, list, after],
  );
  const views = useOpen(() => new LiveViews(feed), [feed]);
  const { items: auctions, nextCursor = null } = reading.value.value ?? {};
  const problem = reading.problem.value;
  return (
    <>
      <FailureBanner problem={problem}>
        Your auctions go on; the list is read again by itself.
      </FailureBanner>
      {auctions === undefined && problem === null && <Waiting>Reading your auctions …</Waiting>}
      {auctions?.length === 0 && (
        <Empty>
          <p>{NOTHING[list]}</p>
        </Empty>
      )}
      {auctions !== undefined && auctions.length > 0 && (
        <ul class="stack" data-testid="sales">
          {auctions.map((own) => (
            <SaleRow key={own.id} client={client} views={views} own={own} />
          ))}
        </ul>
      )}
      {(after !== undefined || nextCursor !== null) && (
        <nav class="pages bar" aria-label="Pages of this list">
          {after !== undefined && <ButtonLink href={deskPath(list)}>First page</ButtonLink>}
          {nextCursor !== null && (
            <ButtonLink href={deskPath(list, nextCursor)}>Next page</ButtonLink>
          )}
        </nav>
      )}
    </>
  );
}
