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
  /** The user's, whose lots stand out. */
  readonly paddle: number | undefined;
}

/** What became of each lot. */
export function SaleResults({ services, saleId, paddle }: SaleResultsProps) {
  const sales = saleClient(services);
  const reading = useReading(() => sales.results(saleId), READ_EVERY_MS, [sales, saleId]);
  return (
    <>
      <FailureBanner problem={reading.problem.value}>They are read again.</FailureBanner>
      <ResultTable results={reading.value.value ?? []} paddle={paddle} />
    </>
  );
}

interface ResultTableProps {
  readonly results: readonly LotResult[];
  readonly paddle?: number | undefined;
}

/** What became of lots, one a row. */
export function ResultTable({ results, paddle }: ResultTableProps) {
  return (
    <table class="leader-table sale-results" data-testid="results">
      <thead>
        <tr>
          <th scope="col">Lot</th>
          <th scope="col">Outcome</th>
          <th scope="col">Paddle</th>
        </tr>
      </thead>
      <tbody>
        {results.map((result) => {
          const isOwn = paddle !== undefined && result.paddle === paddle;
          return (
            <tr key={result.lot} class={isOwn ? 'leader-row-you' : ''}>
              <th scope="row">
                {result.lot}{' '}
                <a href={roomPath(result.auctionId)} dir="auto">
                  {result.title}
                </a>
              </th>
              <td>{outcomeText(result)}</td>
              <td>
                {result.paddle ?? '–'} {isOwn && <span class="tag tag-you">you</span>}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
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
