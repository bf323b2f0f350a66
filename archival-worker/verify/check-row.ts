/** Holds a stored row against its own bytes. Pure. */
import { decodeEntry, UndecodableError } from '../archive/decode-entry.ts';
import type { EventRow } from '../archive/event-row.ts';
import type { StoredAuction, StoredRow } from './ports.ts';

/** The row's bytes as an event, or why they are none, or not those of this row. */
export type CheckedRow =
  | { readonly event: EventRow; readonly fault?: undefined }
  | { readonly event?: undefined; readonly fault: string };

export function checkRow(auctionId: string, row: StoredRow): CheckedRow {
  const { publicText, salt, privateText } = row;
  const line = `{"v":1,"auctionId":"${auctionId}","public":${publicText},"salt":"${salt}","private":${privateText}}`;
  let decoded: EventRow[];
  try {
    decoded = decodeEntry(`verify.${auctionId}`, new TextEncoder().encode(line));
  } catch (error) {
    if (!(error instanceof UndecodableError)) throw error;
    return { fault: `its bytes are no event: ${error.message}` };
  }
  const [event] = decoded;
  if (event === undefined || decoded.length > 1) return { fault: 'its bytes are no single event' };
  if (event.payloadHash !== row.payloadHash) {
    return { fault: 'its bytes are not those that were archived: the payload hash differs' };
  }
  const wrong = columnsOf(event).find(([column, value]) => (row[column] ?? undefined) !== value);
  if (wrong === undefined) return { event };
  const [column, value] = wrong;
  return { fault: `column ${column} is ${String(row[column])}, its bytes say ${String(value)}` };
}

const columnsOf = (event: EventRow): [keyof StoredRow, string | number | undefined][] => [
  ['epoch', event.epoch],
  ['seq', event.seq],
  ['type', event.type],
  ['at', event.at],
  ['userId', event.userId],
  ['bidId', event.bidId],
  ['alias', event.alias],
  ['amount', event.amount],
  ['fork', event.fork],
];

/** What of the auction's own row is not the state right after this event, or undefined. */
export function stateFault(auction: StoredAuction, { state }: EventRow): string | undefined {
  const wrong = STATE.find((name) => (auction[name] ?? undefined) !== state[name]);
  if (wrong === undefined) return undefined;
  return `the auction's ${wrong} is ${String(auction[wrong])}, its last event says ${String(state[wrong])}`;
}

const STATE = [
  'status',
  'outcome',
  'price',
  'minimumBid',
  'leader',
  'leaderId',
  'bidCount',
  'reserveMet',
  'endsAt',
] as const;
