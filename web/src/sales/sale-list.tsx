import '../desks/desks.css';
import { useState } from 'preact/hooks';
import type { SaleStatus, SaleView } from '@outcry/shared/contracts/sales.ts';
import { List, usePages } from '../desks/pages.tsx';
import { momentText } from '../format/time.ts';
import { Chips } from '../parts/chips.tsx';
import { salePath } from '../routes.ts';
import { serverNow } from '../state/clock.ts';
import { saleClient } from '../state/sales.ts';
import type { Services } from '../state/services.ts';
import { mayAct, session } from '../state/session.ts';
import { SaleForm } from './sale-form.tsx';
import { SALE_STATUS_WORDS } from './sale-words.ts';

const CHOICES: readonly (readonly [SaleStatus, string])[] = [
  ['live', 'Live'],
  ['scheduled', 'Coming'],
  ['paused', 'Paused'],
  ['ended', 'Ended'],
];

/** Sales by status, and for sellers the form for another. */
export function SaleList({ services }: { readonly services: Services }) {
  const [status, setStatus] = useState<SaleStatus>('live');
  return (
    <div class="stack desk">
      <section class="panel" aria-label="Sales">
        <Chips
          label="Which sales"
          choices={CHOICES}
          isPressed={(choice) => choice === status}
          onPress={setStatus}
        />
        <SalesOf key={status} services={services} status={status} />
      </section>
      {session.value !== null && mayAct('seller') && <SaleForm services={services} />}
    </div>
  );
}

interface SalesOfProps {
  readonly services: Services;
  readonly status: SaleStatus;
}

function SalesOf({ services, status }: SalesOfProps) {
  const sales = saleClient(services);
  const pages = usePages(services.client, (query) => sales.list({ ...query, status }));
  return (
    <div class="sale-list">
      <List
        pages={pages}
        none="There is none now."
        keyOf={({ id }) => id}
        row={(sale) => <SaleRow sale={sale} />}
      />
    </div>
  );
}

function SaleRow({ sale }: { readonly sale: SaleView }) {
  const { id, title, status, lots, startsAt, endsAt } = sale;
  const isComing = status === 'scheduled' && startsAt !== undefined;
  const verb = isComing ? 'starts' : status === 'ended' ? 'ended' : 'ends';
  const moment = momentText(Date.parse(isComing ? startsAt : endsAt), serverNow());
  return (
    <div data-testid="sale">
      <h2 class="card-title">
        <a href={salePath(id)} dir="auto">
          {title}
        </a>
      </h2>
      <p class="muted">
        {SALE_STATUS_WORDS[status]} · {lots.length} {lots.length === 1 ? 'lot' : 'lots'} · {verb}{' '}
        {moment}
      </p>
    </div>
  );
}
