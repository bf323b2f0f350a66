import type { ArchivedSale } from '@outcry/shared/contracts/history.ts';
import type { SaleView } from '@outcry/shared/contracts/sales.ts';
import { salePath } from '../routes.ts';
import { momentOf } from '../state/clock.ts';
import { SALE_STATUS_WORDS } from './sale-words.ts';

/** A sale in a list, as the gateway or the archive knows it. */
export function SaleEntry({ sale }: { readonly sale: SaleView | ArchivedSale }) {
  const facts = [SALE_STATUS_WORDS[sale.status], countText(sale), timeText(sale)];
  return (
    <div data-testid="sale">
      <h2>
        <a href={salePath(sale.id)} dir="auto">
          {sale.title}
        </a>
      </h2>
      <p class="muted">{facts.filter((fact) => fact !== '').join(' · ')}</p>
    </div>
  );
}

function countText(sale: SaleView | ArchivedSale): string {
  if (!('lots' in sale)) return '';
  return `${sale.lots.length} ${sale.lots.length === 1 ? 'lot' : 'lots'}`;
}

function timeText(sale: SaleView | ArchivedSale): string {
  if (sale.status === 'scheduled' && sale.startsAt !== undefined) {
    return `starts ${momentOf(sale.startsAt)}`;
  }
  const endsAt = 'lots' in sale ? sale.endsAt : sale.endedAt;
  if (endsAt === null) return '';
  return `${sale.status === 'ended' ? 'ended' : 'ends'} ${momentOf(endsAt)}`;
}
