import type { LotResult } from '@outcry/shared/contracts/sales.ts';
import { formatMoney } from '../format/money.ts';
import { FailureBanner } from '../parts/failure-banner.tsx';
import { roomPath } from '../routes.ts';
import { useReading } from '../state/reading.ts';
import { saleClient } from '../state/sales.ts';
import type { Services } from '../state/services.ts';

/** Nothing of it changes any more, but for what the keeper has yet to close. */
const READ_EVERY_MS = 30_000;

interface SaleResultsProps {
  readonly services: Services;
  readonly saleId: string;
}

/** What became of each lot. */
export function SaleResults({ services, saleId }: SaleResultsProps) {
  const sales = saleClient(services);
  const reading = useReading(() => sales.results(saleId), READ_EVERY_MS, [sales, saleId]);
  return (
    <div class="sale-results">
      <FailureBanner problem={reading.problem.value}>They are read again.</FailureBanner>
      <table class="leader-table" data-testid="results">
        <thead>
          <tr>
            <th scope="col">Lot</th>
            <th scope="col">Outcome</th>
            <th scope="col">Paddle</th>
          </tr>
        </thead>
        <tbody>
          {reading.value.value?.map((result) => (
            <tr key={result.lot}>
              <th scope="row">
                {result.lot}{' '}
                <a href={roomPath(result.auctionId)} dir="auto">
                  {result.title}
                </a>
              </th>
              <td>{outcomeText(result)}</td>
              <td>{result.paddle ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function outcomeText({ outcome, price, currency }: LotResult): string {
  switch (outcome) {
    case 'sold':
      return price === null ? 'Sold' : `Sold for ${formatMoney(price, currency)}`;
    case 'reserve_not_met':
      return 'Not sold';
    case 'no_bids':
      return 'No bids';
    case 'cancelled':
      return 'Cancelled';
    case null:
      return 'Open';
  }
}
