import type { Leaderboard } from '@outcry/shared/contracts/history.ts';
import { formatMoney } from '../format/money.ts';

const VALUE_HEADINGS: Readonly<Record<Leaderboard['by'], string>> = {
  spent: 'Spent',
  wins: 'Auctions won',
  bids: 'Bids',
};

interface LeaderTableProps {
  readonly board: Leaderboard;
  readonly ownName: string | undefined;
}

export function LeaderTable({ board, ownName }: LeaderTableProps) {
  const { by, currency, items } = board;
  const best = items[0]?.value ?? 1;
  const text = (value: number): string =>
    by === 'spent' && currency !== null ? formatMoney(value, currency) : value.toLocaleString();
  return (
    <table class="leader-table" data-testid="leaderboard">
      <caption class="unseen">Ranked by {VALUE_HEADINGS[by].toLowerCase()}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span aria-hidden="true">#</span>
            <span class="unseen">Rank</span>
          </th>
          <th scope="col">Name</th>
          <th scope="col" class="number">
            {VALUE_HEADINGS[by]}
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map(({ rank, name, value }) => (
          <tr key={name} class={name === ownName ? 'leader-row-you' : ''}>
            <td>
              <span class={`rank rank-${rank}`}>{rank}</span>
            </td>
            <th scope="row">
              <bdi>{name}</bdi> {name === ownName && <span class="tag tag-you">you</span>}
            </th>
            <td class="number" style={{ '--share': `${Math.round((value / best) * 100)}%` }}>
              {text(value)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
