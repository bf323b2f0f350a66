import type { OwnBid } from '@outcry/shared/contracts/history.ts';
import { formatMoney } from '../format/money.ts';

/** What a bid offered, in words. */
export function offerText(
  { offered, type, amount }: Omit<OwnBid, 'opening'>,
  currency: string,
): string {
  if (offered !== null && 'maxAmount' in offered) {
    return `up to ${formatMoney(offered.maxAmount, currency)}`;
  }
  const sum = offered?.amount ?? amount;
  if (sum === null) return 'not known any more';
  return `${type === 'bought' ? 'bought for ' : ''}${formatMoney(sum, currency)}`;
}
