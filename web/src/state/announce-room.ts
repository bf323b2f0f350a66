/** What a room says to screen readers: price, being outbid, the end. */
import { isOver } from '@outcry/shared/contracts/events.ts';
import { effect, untracked } from '@preact/signals';
import { formatMoney } from '../format/money.ts';
import { bidderName, outcomeWords } from '../format/outcome.ts';
import { announceLatest, announceNow } from './announcer.ts';
import type { Room } from './room.ts';

type Told = Pick<Room, 'auction' | 'own' | 'leading' | 'bidding'>;

/** @returns stops it */
export function announceRoom(room: Told): () => void {
  let toldPrice: number | undefined;
  let wasLeading = false;
  let wasOpen = false;
  return effect(() => {
    const auction = room.auction.value;
    const leading = room.leading.value;
    if (auction === null) return;
    untracked(() => {
      const { price, currency, status, leader } = auction;
      const isOpen = !isOver(status);
      const sum = formatMoney(price, currency);
      if (!isOpen && wasOpen) {
        room.bidding.forgetNotice();
        const words = outcomeWords(auction, currency, room.own.value?.alias ?? null);
        if (words !== undefined) announceNow(`The auction is over: ${words.title} ${words.detail}`);
      } else if (isOpen && wasLeading && !leading) {
        // "You lead" is no longer true.
        room.bidding.forgetNotice();
        announceNow(`You were outbid. The price is now ${sum}.`);
      } else if (isOpen && toldPrice !== undefined && price !== toldPrice) {
        announceLatest(`${sum}, ${leading ? 'you lead' : `${bidderName(leader)} leads`}`);
      }
      wasOpen = isOpen;
      wasLeading = leading;
      toldPrice = price;
    });
  });
}
