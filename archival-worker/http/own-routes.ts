import {
  displayName,
  keptNotices,
  ownAuction,
  ownAuctionPage,
  savedAuctionPage,
  savedSchema,
} from '@outcry/shared/contracts/history-answers.ts';
import { MAX_SAVED, type OwnAuction } from '@outcry/shared/contracts/history.ts';
import {
  displayNameRequest,
  ownAuctionsQuery,
  pageQuery,
  readNoticesRequest,
} from '@outcry/shared/contracts/history-schemas.ts';
import { DEFAULT_INCREMENTS } from '@outcry/shared/domain/increments.ts';
import { ID_PATTERN, isAuctionId } from '@outcry/shared/domain/ids.ts';
import { answerJson } from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { chooseName } from '../history/display-names.ts';
import { markRead, noticesOf } from '../history/notices.ts';
import { auctionsOfSeller, ownAuctionById } from '../history/own-auctions.ts';
import { forgetAuction, saveAuction, savedAuctions } from '../history/watchlist.ts';
import { Refusal } from '../refusal.ts';
import { ARCHIVED, NAME } from './examples.ts';
import type { HistoryParts } from './history-parts.ts';

const OWN: OwnAuction = {
  ...ARCHIVED,
  terms: {
    startPrice: 500,
    reservePrice: 1_000,
    increments: DEFAULT_INCREMENTS.slice(0, 2),
    softClose: { windowSeconds: 30, extendSeconds: 30 },
    graceSeconds: 120,
    startsAt: ARCHIVED.startsAt,
    endsAt: ARCHIVED.endsAt,
  },
};

const SAVED_AT = '2026-01-05T18:00:30.000Z';

/**
 * What is the caller's own: what the caller sells, with the reserve and the other terms that nobody else is told,
 * and what is the same on every device: saved auctions, notices that were read or not, the name.
 */
export const OWN_ROUTES: readonly Route<HistoryParts>[] = [
  route(
    {
      method: 'get',
      path: '/v1/users/me/auctions',
      name: 'listOwnAuctions',
      summary:
        'The auctions that the caller sells, with all their terms: what opens or ends next comes first, of what is over the last',
      who: 'any user',
      query: ownAuctionsQuery,
      answer: { status: 200, schema: ownAuctionPage },
      refusals: [],
      example: { answer: { items: [OWN], nextCursor: null } },
    },
    async ({ x, caller, query }, { ask }: HistoryParts) =>
      answerJson(x, await auctionsOfSeller(ask, caller.userId, query)),
  ),

  route(
    {
      method: 'get',
      path: '/v1/users/me/auctions/{auctionId}',
      params: { auctionId: ID_PATTERN },
      name: 'readOwnAuction',
      summary: 'An auction that the caller sells, with all its terms',
      who: 'any user',
      answer: { status: 200, schema: ownAuction },
      refusals: ['AUCTION_NOT_FOUND'],
      example: { answer: OWN },
    },
    async ({ x, caller, params: { auctionId } }, { ask }: HistoryParts) =>
      answerJson(x, await ownAuctionById(ask, caller.userId, auctionId)),
  ),

  route(
    {
      method: 'get',
      path: '/v1/users/me/watchlist',
      name: 'listSaved',
      summary: 'The auctions that the caller has saved, the last first',
      who: 'any user',
      query: pageQuery,
      answer: { status: 200, schema: savedAuctionPage },
      refusals: [],
      example: { answer: { items: [{ ...ARCHIVED, savedAt: SAVED_AT }], nextCursor: null } },
    },
    async ({ x, caller, query }, { ask }: HistoryParts) =>
      answerJson(x, await savedAuctions(ask, caller.userId, query)),
  ),

  route(
    {
      method: 'put',
      path: '/v1/users/me/watchlist/{auctionId}',
      params: { auctionId: ID_PATTERN },
      name: 'saveAuction',
      summary: `Saves an auction for the caller, at most ${MAX_SAVED}`,
      who: 'any user',
      answer: { status: 200, schema: savedSchema },
      refusals: ['NOT_FOUND', 'AUCTION_NOT_FOUND', 'WATCHLIST_FULL'],
      example: { answer: { auctionId: ARCHIVED.id, savedAt: SAVED_AT } },
    },
    async ({ x, caller, params: { auctionId } }, { write, tellDevices, shards }: HistoryParts) => {
      if (!isAuctionId(auctionId, shards)) {
        throw new Refusal('AUCTION_NOT_FOUND', 'No auction has an id of this form.');
      }
      const saved = await saveAuction(write, caller.userId, auctionId);
      tellDevices(caller.userId);
      return answerJson(x, saved);
    },
  ),

  route(
    {
      method: 'delete',
      path: '/v1/users/me/watchlist/{auctionId}',
      params: { auctionId: ID_PATTERN },
      name: 'forgetAuction',
      summary: "Takes an auction out of the caller's watchlist, if it is there",
      who: 'any user',
      answer: { status: 204 },
      refusals: ['NOT_FOUND'],
      example: {},
    },
    async ({ caller, params: { auctionId } }, { write, tellDevices }: HistoryParts) => {
      await forgetAuction(write, caller.userId, auctionId);
      tellDevices(caller.userId);
      return { status: 204, body: null };
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/users/me/notices',
      name: 'listNotices',
      summary: 'What the caller is told on every device: outbid, won, ending soon; read or not',
      who: 'any user',
      answer: { status: 200, schema: keptNotices },
      refusals: [],
      example: {
        answer: {
          items: [
            {
              type: 'won',
              auctionId: ARCHIVED.id,
              title: ARCHIVED.item.title,
              currency: ARCHIVED.currency,
              price: ARCHIVED.price,
              status: ARCHIVED.status,
              endsAt: ARCHIVED.endsAt,
              at: ARCHIVED.endsAt,
              unread: true,
            },
          ],
          nextAt: null,
        },
      },
    },
    async ({ x, caller }, { ask }: HistoryParts) =>
      answerJson(x, await noticesOf(ask, caller.userId)),
  ),

  route(
    {
      method: 'put',
      path: '/v1/users/me/notices/read',
      name: 'readNotices',
      summary: 'Marks notices as read, on every device of the caller',
      who: 'any user',
      body: readNoticesRequest,
      answer: { status: 204 },
      refusals: [],
      example: {
        body: { items: [{ type: 'won', auctionId: ARCHIVED.id, upTo: ARCHIVED.endsAt }] },
      },
    },
    async ({ caller, body: { items } }, { write, tellDevices }: HistoryParts) => {
      await markRead(write, caller.userId, items);
      tellDevices(caller.userId);
      return { status: 204, body: null };
    },
  ),

  route(
    {
      method: 'put',
      path: '/v1/users/me/name',
      name: 'chooseName',
      summary: 'Chooses the name that the leaderboard shows; null takes it off',
      who: 'any user',
      body: displayNameRequest,
      maxBodyBytes: 4_096,
      answer: { status: 200, schema: displayName },
      refusals: ['NAME_TAKEN'],
      example: { body: { name: NAME }, answer: { userId: 'ann', name: NAME } },
    },
    async ({ x, body: { name }, caller: { userId } }, { answers, write }: HistoryParts) => {
      await chooseName(write, userId, name);
      answers.renew();
      return answerJson(x, { userId, name });
    },
  ),
];
