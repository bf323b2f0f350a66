/** What viewers and operators ask over HTTP; the rest is Socket.IO. */
import type { Hono } from 'hono';
import { z } from 'zod';
import {
  alias,
  amount,
  auctionViewSchema,
  id,
  time,
} from '@outcry/shared/contracts/api-answers.ts';
import { EVENT_TYPES } from '@outcry/shared/contracts/events.ts';
import type { EventsMessage } from '@outcry/shared/contracts/live.ts';
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import type { Authentication } from '@outcry/shared/http/authenticate.ts';
import { createApi, type ApiContext } from '@outcry/shared/http/create-api.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { StreamAuctions } from './stream-auctions.ts';

/** What the routes work with. */
export interface LiveParts {
  readonly streams: StreamAuctions;
  /** Tells everybody who is connected. */
  announce(text: string): void;
}

const state = auctionViewSchema.pick({
  status: true,
  outcome: true,
  price: true,
  minimumBid: true,
  leader: true,
  bidCount: true,
  reserveMet: true,
  endsAt: true,
});
const place = { epoch: z.int().min(1), seq: z.int().min(1) };

const eventsMessage = z.strictObject({
  auctionId: id,
  ...place,
  events: z.array(
    z.strictObject({
      ...place,
      type: z.enum(EVENT_TYPES),
      at: time,
      state,
      bid: z.strictObject({ alias, amount }).exactOptional(),
      bidder: alias.exactOptional().describe('who was removed'),
      reason: z
        .string()
        .exactOptional()
        .describe('why the auction was managed so; outage: the engine was away'),
      parent: z.int().min(1).exactOptional().describe('the epoch that an epoch forked from'),
    }),
  ),
  state: state.describe('absolute: what is true at this seq'),
  serverTime: time,
}) satisfies z.ZodType<EventsMessage>;

export const LIVE_ROUTES: readonly Route<LiveParts>[] = [
  route(
    {
      method: 'get',
      path: '/v1/auctions/{id}/stream',
      params: { id: ID_PATTERN },
      name: 'streamAuction',
      summary:
        'Every event of an auction as Server-Sent Events, each message with its place as id; goes on after Last-Event-ID',
      who: 'anyone',
      answer: { status: 200, type: 'text/event-stream', schema: eventsMessage },
      refusals: ['AUCTION_NOT_FOUND', 'FORBIDDEN', 'INVALID_REQUEST'],
      example: {
        answer: {
          auctionId: 'a7-b2xkIGxhbXAgMTkyMA',
          epoch: 1,
          seq: 5,
          events: [],
          state: {
            status: 'live',
            price: 1_050,
            minimumBid: 1_100,
            leader: 2,
            bidCount: 3,
            reserveMet: true,
            endsAt: '2026-01-05T18:05:00.000Z',
          },
          serverTime: '2026-01-05T18:01:30.250Z',
        },
      },
    },
    ({ x, params }, { streams }: LiveParts) => streams.answer(x, params.id),
  ),

  route(
    {
      method: 'post',
      path: '/v1/announcements',
      name: 'announce',
      summary: 'Tells everybody who is connected to any node',
      who: 'admin',
      body: z.strictObject({ text: z.string().min(1).max(500) }),
      maxBodyBytes: 4_096,
      answer: { status: 202 },
      refusals: [],
      example: { body: { text: 'Back in five minutes.' } },
    },
    ({ body }, parts: LiveParts) => {
      parts.announce(body.text);
      return { status: 202, body: null };
    },
  ),
];

const DESCRIPTION = `Auctions as they go on, over HTTP alone; Socket.IO at the same address has more.

Every error is \`application/problem+json\` with a stable \`code\`.`;

export const createLiveApi = (
  parts: LiveParts,
  edge: Authentication & { readonly corsOrigins: readonly string[]; readonly log: Logger },
  addOperations: (app: Hono<ApiContext>) => void,
): Hono<ApiContext> =>
  createApi({
    ...edge,
    parts,
    routes: LIVE_ROUTES,
    info: { title: 'Outcry: live', description: DESCRIPTION },
    documentPath: '/openapi.json',
    addOperations,
    failure: () => undefined,
  });
