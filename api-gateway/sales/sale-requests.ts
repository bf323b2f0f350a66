/** From requests about sales to what the engine stores, and from its answers to views. */
import type { AuctionRequest } from '@outcry/shared/contracts/api.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import { isoTime } from '@outcry/shared/contracts/records.ts';
import type {
  LotPlace,
  OwnRegistration,
  RegistrationView,
  SaleRequest,
  SaleStatus,
  SaleTerms,
  SaleView,
} from '@outcry/shared/contracts/sales.ts';
import { DEFAULT_GRACE_SECONDS, DEFAULT_SOFT_CLOSE } from '../auctions/create-requests.ts';
import type { Answer, NewAuction } from '../bidding/auction-commands.ts';

/** A request with its defaults; members that were not given are left out. */
export function saleTerms(id: string, sellerId: string, request: SaleRequest): SaleTerms {
  const { description, startsAt, defaultLimit } = request;
  return {
    id,
    sellerId,
    title: request.title,
    ...(description === undefined ? {} : { description }),
    currency: request.currency,
    ...(startsAt === undefined ? {} : { startsAt: isoTime(`${Date.parse(startsAt)}`) }),
    firstLotEndsAt: isoTime(`${Date.parse(request.firstLotEndsAt)}`),
    staggerSeconds: request.staggerSeconds,
    registration: request.registration,
    ...(defaultLimit === undefined ? {} : { defaultLimit }),
    softClose: request.softClose === undefined ? DEFAULT_SOFT_CLOSE : request.softClose,
    graceSeconds: request.graceSeconds ?? DEFAULT_GRACE_SECONDS,
  };
}

/**
 * The terms as the script takes them: their JSON, and beside it what it decides by.
 * @param fingerprint of the command that brings them along: the commands of a call share one
 */
export function newSale(terms: SaleTerms, fingerprint: string): NewAuction {
  const plan = {
    sellerId: terms.sellerId,
    currency: terms.currency,
    registration: terms.registration,
    defaultLimit: terms.defaultLimit ?? 0,
    firstLotEndsAt: Date.parse(terms.firstLotEndsAt),
    startsAt: terms.startsAt === undefined ? 0 : Date.parse(terms.startsAt),
    staggerMs: terms.staggerSeconds * 1000,
    softWindowMs: (terms.softClose?.windowSeconds ?? 0) * 1000,
    softExtendMs: (terms.softClose?.extendSeconds ?? 0) * 1000,
    graceMs: terms.graceSeconds * 1000,
  };
  return {
    creationText: JSON.stringify(terms),
    openTermsText: JSON.stringify(plan),
    itemText: fingerprint,
  };
}

/** A sale from an `epoch seq at status endsAt` receipt, and its lots and terms as decide.lua replies them. */
export function saleViewFrom({ body, terms }: Answer): SaleView {
  const [, , at = '', status = '', endsAt = ''] = body.split(' ');
  const end = terms.indexOf('\n');
  return saleView(terms.slice(end + 1), terms.slice(0, end), status, endsAt, at);
}

/** A sale from what Redis holds of it, in its texts. @param now ms, as `endsAt` */
export const saleView = (
  terms: string,
  lots: string,
  status: string,
  endsAt: string,
  now: string,
): SaleView => ({
  ...ownJson<SaleTerms>(terms),
  status: status as SaleStatus,
  lots: readLots(lots),
  endsAt: isoTime(endsAt),
  serverTime: isoTime(now),
});

/** @param text `lot:auction id`, joined by commas */
export const readLots = (text: string): LotPlace[] =>
  text === ''
    ? []
    : text.split(',').map((place) => {
        const [lot, auctionId = ''] = place.split(':');
        return { lot: Number(lot), auctionId };
      });

/** From a `paddle status limit committed` receipt; undefined when there is none. */
export function registrationFrom(receipt: string): OwnRegistration | undefined {
  const [paddle = '0', status = '', limit, committed] = receipt.split(' ');
  if (paddle === '0') return undefined;
  return registrationOf(Number(paddle), status, Number(limit), Number(committed));
}

/** @param limit 0 for none; amounts in minor units */
export const registrationOf = (
  paddle: number,
  status: string,
  limit: number,
  committed: number,
): OwnRegistration => ({
  paddle,
  status: status as OwnRegistration['status'],
  limit: limit === 0 ? null : limit,
  committed,
  available: limit === 0 ? null : Math.max(0, limit - committed),
});

/** The same with the user behind it. @throws Error when the receipt has not this form */
export function registrationViewFrom(receipt: string): RegistrationView {
  const own = registrationFrom(receipt);
  const userId = receipt.split(' ')[4];
  if (own === undefined || userId === undefined) throw new Error(`no registration: ${receipt}`);
  return { ...own, userId };
}

/** The request for a lot with what follows from its sale. @param lot its number there */
export const lotRequest = (
  request: AuctionRequest,
  { currency, softClose, graceSeconds }: SaleTerms,
  lot: number,
): AuctionRequest => ({ ...request, currency, softClose, graceSeconds, lot });

/** The number after the highest. */
export const nextLot = ({ lots }: SaleView): number => (lots.at(-1)?.lot ?? 0) + 1;
