/** Holds a stored row against its own bytes. Pure. */
import { DELETED_USER } from '@outcry/shared/domain/ids.ts';
import { decodeEntry, decodePublic, UndecodableError } from '../archive/decode-entry.ts';
import type { EventRow } from '../archive/event-row.ts';
import type { StoredAuction, StoredRow } from './verified-archive.ts';

/** What an event's bytes say of the auction's state; who leads is not known where that part is gone. */
type Told = Pick<EventRow, 'state'>;

/** The row's bytes as an event, or why they are none, or not those of this row. */
export type CheckedRow =
  | { readonly event: Told; readonly fault?: undefined }
  | { readonly event?: undefined; readonly fault: string };

export function checkRow(auctionId: string, row: StoredRow): CheckedRow {
  const told = row.hidden === null ? wholeEvent(auctionId, row) : shownEvent(auctionId, row);
  if (typeof told === 'string') return { fault: told };
  const { state, columns } = told;
  const wrong = Object.entries(columns).find(
    ([name, value]) => (Reflect.get(row, name) ?? undefined) !== value,
  );
  if (wrong === undefined) return { event: { state } };
  const [name, value] = wrong;
  const stored: unknown = Reflect.get(row, name);
  return { fault: `column ${name} is ${String(stored)}, its bytes say ${String(value)}` };
}

/** An event, and the columns that repeat it. */
interface ToldEvent extends Told {
  readonly columns: Readonly<Record<string, string | number | undefined>>;
}

/** Of a row of which only the public part is left, with the hash of the rest; or what is wrong with it. */
function shownEvent(auctionId: string, row: StoredRow): ToldEvent | string {
  try {
    const shown = decodePublic(auctionId, row.publicText);
    const { epoch, seq, type, at, amount, state } = shown;
    return { state, columns: { epoch, seq, type, at, amount } };
  } catch (error) {
    return `its public part is no event: ${error instanceof Error ? error.message : ''}`;
  }
}

function wholeEvent(auctionId: string, row: StoredRow): ToldEvent | string {
  const { publicText, salt, privateText } = row;
  const line = `{"v":1,"auctionId":"${auctionId}","public":${publicText},"salt":"${salt}","private":${privateText}}`;
  let decoded: EventRow[];
  try {
    decoded = decodeEntry(`verify.${auctionId}`, new TextEncoder().encode(line));
  } catch (error) {
    if (!(error instanceof UndecodableError)) throw error;
    return `its bytes are no event: ${error.message}`;
  }
  const [event] = decoded;
  if (event === undefined || decoded.length > 1) return 'its bytes are no single event';
  if (event.payloadHash !== row.payloadHash) {
    return 'its bytes are not those that were archived: the payload hash differs';
  }
  const { epoch, seq, type, at, userId, bidId, alias, amount, fork, state } = event;
  return { state, columns: { epoch, seq, type, at, userId, bidId, alias, amount, fork } };
}

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
