import '../desks/desks.css';
import './sales.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { AuctionListener } from '@outcry/client/watched-auction.ts';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { OwnRegistration, SaleView } from '@outcry/shared/contracts/sales.ts';
import { isOver } from '@outcry/shared/contracts/events.ts';
import { usePages } from '../desks/pages.tsx';
import { formatMoney } from '../format/money.ts';
import { refusalWords } from '../format/refusals.ts';
import { ButtonLink } from '../parts/button.tsx';
import { Empty } from '../parts/empty.tsx';
import { FailureBanner } from '../parts/failure-banner.tsx';
import { LoadingCards, WatchedCard } from '../parts/lobby-cards.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Panel } from '../parts/panel.tsx';
import { ReportButton } from '../parts/report-button.tsx';
import { PageTurns } from '../parts/sheets.tsx';
import { route } from '../router.ts';
import { SALES_PATH } from '../routes.ts';
import { serverNow, slowClock } from '../state/clock.ts';
import { LiveViews } from '../state/live-views.ts';
import { OwnAliases } from '../state/own-aliases.ts';
import { type Reading, useOpen, useReading } from '../state/reading.ts';
import { readSale, saleClient, useAdmission } from '../state/sales.ts';
import type { Services } from '../state/services.ts';
import { isAdmin, signedInAs } from '../state/session.ts';
import { standingOf } from '../state/stakes.ts';
import { Admission } from './admission.tsx';
import { Bidders, ManageSale } from './manage-sale.tsx';
import { ResultTable, SaleResults } from './sale-results.tsx';
import { SALE_STATUS_WORDS, saleTermTexts } from './sale-words.ts';

const READ_EVERY_MS = 5_000;

/** One sale: its terms, its lots, and the user's part in it. */
export function SaleContent({ services }: { readonly services: Services }) {
  const here = route.value;
  const saleId = here.page === 'sale' ? here.saleId : '';
  const sales = saleClient(services);
  const reading = useReading(() => readSale(sales, saleId), READ_EVERY_MS, [sales, saleId]);
  const sale = reading.value.value;
  const problem = reading.problem.value;
  if (sale === undefined) {
    if (problem === null) return <LoadingCards />;
    const { title, advice } = refusalWords(problem);
    return (
      <>
        <PageHead title={title} />
        <Empty>
          <p>{advice}</p>
          <ButtonLink look="primary" href={SALES_PATH}>
            See all sales
          </ButtonLink>
        </Empty>
      </>
    );
  }
  return (
    <article class="stack sale-page" data-testid="sale-page">
      <PageHead title={sale.title}>
        <div class="room-status hint">
          <p>
            <span class={`tag tag-${sale.status}`} data-testid="sale-status">
              {SALE_STATUS_WORDS[sale.status]}
            </span>{' '}
            {sale.status === 'paused' && <PauseReason services={services} sale={sale} />}
          </p>
        </div>
      </PageHead>
      <FailureBanner problem={problem}>It is read again by itself.</FailureBanner>
      {sale.results === undefined ? (
        <AtGateway services={services} sale={sale} onChanged={() => void reading.again()} />
      ) : (
        <>
          <Terms sale={sale} />
          <Panel title="Results" class="stack">
            <ResultTable results={sale.results} />
          </Panel>
        </>
      )}
    </article>
  );
}

interface InSaleProps {
  readonly services: Services;
  readonly sale: SaleView;
}

interface AtGatewayProps extends InSaleProps {
  readonly onChanged: () => void;
}

/** What there is of a sale that is open, or was not long ago. */
function AtGateway({ services, sale, onChanged }: AtGatewayProps) {
  const admission = useAdmission(services, sale.id);
  const isTheirs = isAdmin.value || signedInAs.value === sale.sellerId;
  const hasEnded = sale.status === 'ended';
  // What is under the seller's finger when the sale ends stays there.
  const [hadEnded] = useState(hasEnded);
  return (
    <>
      <div class="sale-head">
        <Terms sale={sale} />
        <Panel title="You and this sale" class="stack">
          <OwnPart services={services} sale={sale} admission={admission} />
        </Panel>
      </div>
      {isTheirs && !hadEnded && (
        <ManageSale services={services} sale={sale} onChanged={onChanged} />
      )}
      {hasEnded ? (
        <section class="panel stack" aria-label="Results">
          <div class="desk-head bar spread">
            <h2>Results</h2>
            <ReportButton client={services.client} of={{ saleId: sale.id }} what="the results" />
          </div>
          <SaleResults
            services={services}
            saleId={sale.id}
            paddle={admission.value.value?.paddle}
          />
        </section>
      ) : (
        <Lots services={services} sale={sale} />
      )}
      {isTheirs && hadEnded && <Bidders services={services} sale={sale} mayDecide={false} />}
    </>
  );
}

function Terms({ sale }: { readonly sale: SaleView }) {
  void slowClock.value;
  return (
    <Panel title="Terms" class="stack">
      {sale.description !== undefined && <p dir="auto">{sale.description}</p>}
      <ul class="sale-terms">
        {saleTermTexts(sale, serverNow()).map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </Panel>
  );
}

interface OwnPartProps extends InSaleProps {
  readonly admission: Reading<OwnRegistration | null>;
}

function OwnPart({ services, sale, admission }: OwnPartProps) {
  const own = admission.value.value;
  if (signedInAs.value === sale.sellerId) return <p class="muted">This sale is yours.</p>;
  if (sale.registration === 'none') return <p class="muted">No registration is needed.</p>;
  if (sale.status === 'ended' && !own) return <p class="muted">It is over.</p>;
  if (sale.status === 'ended' && own?.status === 'approved') {
    return (
      <p data-testid="admission">
        <strong>Paddle {own.paddle}</strong>{' '}
        {own.committed === 0
          ? 'has won nothing.'
          : `has won lots for ${formatMoney(own.committed, sale.currency)} in all.`}
      </p>
    );
  }
  return (
    <Admission
      services={services}
      saleId={sale.id}
      currency={sale.currency}
      admission={admission}
    />
  );
}

/** Viewers of a lot are told why it was paused; the sale's lots were paused with it. */
function PauseReason({ services, sale }: InSaleProps) {
  const { client, feed } = services;
  const [reason, setReason] = useState('');
  const lot = sale.lots.at(-1)?.auctionId;
  useEffect(() => {
    if (lot === undefined) return undefined;
    let stop = (): void => {};
    let gone = false;
    const listen = async (): Promise<void> => {
      const { epoch, seq } = await client.auction(lot);
      if (gone) return;
      const listener: AuctionListener = {
        onStep: (step) => {
          if (step.kind === 'event' && step.event.type === 'paused') {
            setReason(step.event.reason ?? '');
          }
        },
      };
      const after = { epoch, seq: Math.max(0, seq - 1) };
      feed.watch(lot, listener, { after, counted: false });
      stop = () => feed.unwatch(lot, listener);
    };
    listen().catch((error: unknown) => console.warn('the reason could not be read', error));
    return () => {
      gone = true;
      stop();
    };
  }, [client, feed, lot]);
  return (
    <span class="pause-reason" dir="auto" data-testid="pause-reason">
      {reason}
    </span>
  );
}

function Lots({ services, sale }: InSaleProps) {
  const { client, feed } = services;
  const sales = saleClient(services);
  const pages = usePages(client, (query) => sales.lots(sale.id, query));
  const own = useOwnAliases(client, pages.items);
  const views = useOpen(() => new LiveViews(feed, (auctionId) => own.ask(auctionId)), [feed, own]);
  const { items, previous, next } = pages;
  const section = useRef<HTMLElement>(null);
  const turn = (to: () => void): void => {
    to();
    section.current?.scrollIntoView({ behavior: 'instant' });
  };
  return (
    <section class="stack sale-lots" aria-label="Lots" ref={section}>
      <h2>{sale.lots.length === 0 ? 'No lots yet' : `${sale.lots.length} lots`}</h2>
      <FailureBanner problem={pages.problem}>The lots are read again by themselves.</FailureBanner>
      {items === undefined && sale.lots.length > 0 && <LoadingCards />}
      {items !== undefined && items.length > 0 && (
        <ul class="cards" data-testid="lots">
          {items.map((listed) => {
            const auction = views.newest(listed);
            return (
              <WatchedCard key={auction.id} views={views} auction={auction}>
                <LotMark auction={auction} alias={own.known.value.get(auction.id) ?? null} />
              </WatchedCard>
            );
          })}
        </ul>
      )}
      <nav class="pages bar" aria-label="Pages of the lots">
        <PageTurns
          previous={previous && (() => turn(previous))}
          next={next && (() => turn(next))}
        />
      </nav>
    </section>
  );
}

/** Who the user is in the lots on this page: asked of those with bids, and of what the feed says has changed. */
function useOwnAliases(client: OutcryClient, lots: readonly AuctionView[] | undefined): OwnAliases {
  const userId = signedInAs.value;
  const own = useOpen(() => new OwnAliases(client), [client, userId]);
  useEffect(() => {
    for (const { id, bidCount } of lots ?? []) if (bidCount > 0) own.askOnce(id);
  }, [own, lots]);
  return own;
}

const STANDING_WORDS = {
  leading: 'You lead',
  outbid: 'Outbid',
  won: 'You won',
  lost: 'Lost',
  unsold: 'Not sold',
} as const;

interface LotMarkProps {
  readonly auction: AuctionView;
  /** The user's own; null for who has not bid. */
  readonly alias: number | null;
}

/** The lot's number, and where the user stands in it. */
function LotMark({ auction, alias }: LotMarkProps) {
  const standing = alias === null ? undefined : standingOf(auction, alias);
  const isGood = standing === 'leading' || standing === 'won';
  return (
    <p class="lot-mark">
      <span class="tag">Lot {auction.lot}</span>
      {standing !== undefined && (
        <span class={`tag ${isGood ? 'tag-you' : isOver(auction.status) ? '' : 'tag-open'}`}>
          {STANDING_WORDS[standing]}
        </span>
      )}
    </p>
  );
}
