import '../desks/desks.css';
import { useEffect, useState } from 'preact/hooks';
import type { ArchivedSale } from '@outcry/shared/contracts/history.ts';
import type { SaleStatus, SaleView } from '@outcry/shared/contracts/sales.ts';
import { isRead, List, usePages } from '../desks/pages.tsx';
import { Chips } from '../parts/chips.tsx';
import { Panel } from '../parts/panel.tsx';
import { goTo } from '../router.ts';
import { salePath } from '../routes.ts';
import { saleClient } from '../state/sales.ts';
import type { Services } from '../state/services.ts';
import { mayAct, session } from '../state/session.ts';
import { SaleEntry } from './sale-entry.tsx';
import { SaleForm } from './sale-form.tsx';

const CHOICES: readonly (readonly [SaleStatus, string])[] = [
  ['live', 'Live'],
  ['scheduled', 'Coming'],
  ['paused', 'Paused'],
  ['ended', 'Ended'],
];

/** Sales by status, and for sellers the form for another. */
export function SaleList({ services }: { readonly services: Services }) {
  const [status, setStatus] = useState<SaleStatus>('live');
  const [isListed, setListed] = useState(false);
  return (
    <div class="stack desk">
      <section class="panel" aria-label="Sales">
        <Chips
          label="Which sales"
          choices={CHOICES}
          isPressed={(choice) => choice === status}
          onPress={setStatus}
        />
        <SalesOf
          key={status}
          services={services}
          status={status}
          onListed={() => setListed(true)}
        />
      </section>
      {isListed && session.value !== null && mayAct('seller') && (
        <Panel title="New sale" class="stack">
          <SaleForm services={services} onDone={({ id }) => goTo(salePath(id))} />
        </Panel>
      )}
    </div>
  );
}

interface SalesOfProps {
  readonly services: Services;
  readonly status: SaleStatus;
  readonly onListed: () => void;
}

function SalesOf({ services, status, onListed }: SalesOfProps) {
  const sales = saleClient(services);
  // Of what has ended the gateway knows the newest only.
  const pages = usePages<SaleView | ArchivedSale>(services.client, (query) =>
    status === 'ended'
      ? sales.archivedList({ ...query, status })
      : sales.list({ ...query, status }),
  );
  const isListed = isRead(pages);
  useEffect(() => {
    if (isListed) onListed();
  }, [isListed]);
  return (
    <div>
      <List
        pages={pages}
        none="There is none now."
        keyOf={({ id }) => id}
        row={(sale) => <SaleEntry sale={sale} />}
      />
    </div>
  );
}
