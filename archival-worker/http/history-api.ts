/** The history API. */
import type { Hono } from 'hono';
import { HISTORY_DOCUMENT } from '@outcry/shared/contracts/history.ts';
import type { Authentication } from '@outcry/shared/http/authenticate.ts';
import { createApi, type ApiContext } from '@outcry/shared/http/create-api.ts';
import { answerProblem, type Exchange, type HttpAnswer } from '@outcry/shared/http/exchange.ts';
import type { Route } from '@outcry/shared/http/route.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Refusal } from '../refusal.ts';
import { ACCOUNT_ROUTES } from './account-routes.ts';
import { ADMIN_ROUTES } from './admin-routes.ts';
import { AUCTION_ROUTES } from './auction-routes.ts';
import type { HistoryParts } from './history-parts.ts';
import { OWN_ROUTES } from './own-routes.ts';
import { REPORT_ROUTES } from './report-routes.ts';
import { SALE_ROUTES } from './sale-routes.ts';
import { USER_ROUTES } from './user-routes.ts';
import { WEBHOOK_ROUTES } from './webhook-routes.ts';

export const HISTORY_ROUTES: readonly Route<HistoryParts>[] = [
  ...AUCTION_ROUTES,
  ...SALE_ROUTES,
  ...USER_ROUTES,
  ...OWN_ROUTES,
  ...REPORT_ROUTES,
  ...ACCOUNT_ROUTES,
  ...WEBHOOK_ROUTES,
  ...ADMIN_ROUTES,
];

const DESCRIPTION = `Every auction and bid as far as they are archived, kept for ever, with proofs.

Amounts are whole numbers of minor units (cents). Times are ISO 8601 in UTC. Every error is
\`application/problem+json\` with a stable \`code\`.`;

export function createHistoryApi(
  parts: HistoryParts,
  edge: Authentication & { readonly corsOrigins: readonly string[]; readonly log: Logger },
  addOperations: (app: Hono<ApiContext>) => void,
): Hono<ApiContext> {
  const failure = (x: Exchange, error: unknown): HttpAnswer | undefined => {
    if (!(error instanceof Refusal)) return undefined;
    if (error.code === 'UNAVAILABLE') {
      edge.log.warn({ err: error, requestId: x.requestId }, 'a request could not be answered now');
    }
    return answerProblem(x, error.code, error.message, error.extras);
  };
  return createApi({
    ...edge,
    parts,
    routes: HISTORY_ROUTES,
    info: { title: 'Outcry: history', description: DESCRIPTION },
    documentPath: HISTORY_DOCUMENT,
    addOperations,
    failure,
  });
}
