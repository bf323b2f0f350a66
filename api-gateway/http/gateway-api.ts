/** The gateway's HTTP API. */
import type { Hono } from 'hono';
import { createApi, type ApiContext } from '@outcry/shared/http/create-api.ts';
import type { Route } from '@outcry/shared/http/route.ts';
import { answerFailure } from './answers.ts';
import { AUCTION_ROUTES } from './auction-routes.ts';
import { BID_ROUTES } from './bid-routes.ts';
import { addDocsPages } from './docs-pages.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { ITEM_ROUTES } from './item-routes.ts';
import { SALE_ROUTES } from './sale-routes.ts';
import { SIGN_IN_ROUTES } from './sign-in-routes.ts';

export const GATEWAY_ROUTES: readonly Route<GatewayParts>[] = [
  ...BID_ROUTES,
  ...AUCTION_ROUTES,
  ...ITEM_ROUTES,
  ...SALE_ROUTES,
  ...SIGN_IN_ROUTES,
];

const DESCRIPTION = `Bids are decided one after another, durably, by Redis's clock.

Amounts are whole numbers of minor units (cents). Times are ISO 8601 in UTC. Every error is
\`application/problem+json\` with a stable \`code\`. Send an \`Idempotency-Key\` with every POST: a
repeated request with the same key gets the first answer, marked \`Idempotency-Replayed: true\`.`;

/** Every route but the one for bids (answer-bids.ts), and the pages that describe the API. */
export const createGatewayApi = (
  parts: GatewayParts,
  addOperations: (app: Hono<ApiContext>) => void,
): Hono<ApiContext> =>
  createApi({
    ...parts,
    parts,
    routes: GATEWAY_ROUTES,
    info: { title: 'Outcry', description: DESCRIPTION, url: parts.publicConfig.gatewayUrl },
    documentPath: '/openapi.json',
    addOperations,
    addPages: (app) => addDocsPages(app, parts.publicConfig),
    failure: answerFailure,
  });
