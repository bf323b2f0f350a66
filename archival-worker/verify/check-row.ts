/** Holds a stored row against its own bytes. Pure. */
import { DELETED_USER } from '@outcry/shared/domain/ids.ts';
import { decodeEntry, decodePublic, UndecodableError } from '../archive/decode-entry.ts';
import type { ShownEvent } from '../archive/event-head.ts';
import type { EventRow } from '../archive/event-row.ts';
import type { StoredAuction, StoredRow } from './ports.ts';

/** What an event's bytes say of the auction's state; who leads is not known where that part is gone. */
type Told = Pick<EventRow, 'state'>;

/** The row's bytes as an event, or why they are none, or not those of this row. */
export type CheckedRow =
  | { readonly event: Told; readonly fault?: undefined }
  | { readonly event?: undefined; readonly fault: string };

export function checkRow(auctionId: string, row: StoredRow): CheckedRow {
  return row.hidden === null ? checkWhole(auctionId, row) : checkShown(auctionId, row);
}

/** A row of which only the public part is left, with the hash of the rest. */
function checkShown(auctionId: string, row: StoredRow): CheckedRow {
  let shown: ShownEvent;
  try {
    shown = decodePublic(auctionId, row.publicText);
  } catch (error) {
    return { fault: `its public part is no event: ${error instanceof Error ? error.message : ''}` };
  }
  const { epoch, seq, type, at, amount, state } = shown;
  const wrong = Object.entries({ epoch, seq, type, at, amount }).find(
    ([column, value]) => (Reflect.get(row, column) ?? undefined) !== value,
  );
  if (wrong === undefined) return { event: { state: { ...state, leaderId: undefined } } };
  const [column, value] = wrong;
  const stored: unknown = Reflect.get(row, column);
  return { fault: `column ${column} is ${String(stored)}, its bytes say ${String(value)}` };
}

function checkWhole(auctionId: string, row: StoredRow): CheckedRow {
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
export function stateFault(auction: StoredAuction, { state }: Told): string | undefined {
  // A leader who has deleted the account, or an event that does not say who leads any more.
  const isUnnamed = auction.leaderId === DELETED_USER || state.leaderId === undefined;
  const compared = isUnnamed ? STATE.filter((name) => name !== 'leaderId') : STATE;
  const wrong = compared.find((name) => (auction[name] ?? undefined) !== state[name]);
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
