import { auctionPage } from '@outcry/shared/contracts/api-answers.ts';
import {
  admissionRequest,
  emptyRequest,
  optionalReasonRequest,
  saleListQuery,
  salePatch,
  saleQuery,
  saleRequest,
} from '@outcry/shared/contracts/api-schemas.ts';
import {
  lotResults,
  ownRegistration,
  registrationPage,
  registrationView,
  salePage,
  saleView,
} from '@outcry/shared/contracts/sale-answers.ts';
import type { LotResult, SalePatch, SaleView } from '@outcry/shared/contracts/sales.ts';
import type { Table } from '@outcry/shared/http/csv.ts';
import {
  answerJson,
  answerProblem,
  setHeader,
  type Exchange,
  type HttpAnswer,
} from '@outcry/shared/http/exchange.ts';
import { fieldFaults } from '@outcry/shared/http/read-request.ts';
import { streamReport } from '@outcry/shared/http/report.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { fingerprintOf } from '../auctions/create-requests.ts';
import { NO_LIMIT, type Answer } from '../bidding/auction-commands.ts';
import {
  newSale,
  registrationFrom,
  registrationViewFrom,
  saleTerms,
  saleViewFrom,
} from '../sales/sale-requests.ts';
import { answerDecided } from './answers.ts';
import { claim, decide, readSale, sellersShard, type AskedOfOne, type Wish } from './asked.ts';
import { AUCTION, SALE } from './examples.ts';
import type { GatewayParts } from './gateway-parts.ts';

const REGISTRATION = {
  paddle: 12,
  status: 'approved',
  limit: 500_000,
  committed: 120_000,
  available: 380_000,
} as const;

const RESULTS: Table<LotResult> = {
  columns: ['lot', 'auctionId', 'title', 'outcome', 'paddle', 'price', 'currency'],
  money: ['price'],
};

const ADMISSIONS = { approved: 'approve', refused: 'refuse', blocked: 'block' } as const;

/** Sales: lots under common terms, and who is admitted to bid on them. */
export const SALE_ROUTES: readonly Route<GatewayParts>[] = [
  route(
    {
      method: 'post',
      path: '/v1/sales',
      name: 'createSale',
      summary: 'Creates a sale; its lots are auctions that are created with its id',
      who: 'seller',
      idempotent: true,
      body: saleRequest,
      answer: { status: 201, schema: saleView },
      refusals: ['QUOTA_REACHED'],
      example: {
        body: {
          title: SALE.title,
          currency: 'EUR',
          firstLotEndsAt: SALE.firstLotEndsAt,
          staggerSeconds: 60,
          registration: 'approval',
          defaultLimit: 500_000,
        },
        answer: { ...SALE, lots: [] },
      },
    },
    async (asked, parts: GatewayParts) => {
      const { x, body, caller } = asked;
      const fingerprint = fingerprintOf('sales', body);
      const shard = sellersShard(parts, caller);
      const claimed = await claim(asked, parts, 's', shard, fingerprint);
      if (!claimed.ok) return claimed.answer;
      const { id } = claimed.value;
      const creation = newSale(saleTerms(id, caller.userId, body), fingerprint);
      const viewWithPlace = (answer: Answer): string => {
        setHeader(x, 'location', `/v1/sales/${id}`);
        return viewJson(answer);
      };
      const wish = { kind: 'create', fingerprint, creation } as const;
      return commandSale({ ...asked, params: { id } }, parts, wish, viewWithPlace, 201);
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/sales',
      name: 'listSales',
      summary:
        'Sales, what ends last first; of a status, open ones ending soonest first, ended ones newest first',
      who: 'anyone',
      query: saleListQuery,
      answer: { status: 200, schema: salePage },
      refusals: [],
      example: { answer: { items: [SALE], nextCursor: null } },
    },
    async ({ x, query }, { sales }: GatewayParts) => answerJson(x, await sales.list(query)),
  ),

  route(
    {
      method: 'get',
      path: '/v1/sales/{id}',
      name: 'readSale',
      summary: 'The sale now',
      who: 'anyone',
      answer: { status: 200, schema: saleView },
      refusals: ['SALE_NOT_FOUND'],
      example: { answer: SALE },
    },
    async ({ x, params }, parts: GatewayParts) => {
      const sale = await readSale(x, parts, params.id);
      return sale.ok ? answerJson(x, sale.value) : sale.answer;
    },
  ),

  route(
    {
      method: 'patch',
      path: '/v1/sales/{id}',
      name: 'editSale',
      summary:
        'Changes a sale before its first lot starts, null taking away; what its lots share only while it has none',
      who: 'seller',
      body: salePatch,
      answer: { status: 200, schema: saleView },
      refusals: ['SALE_NOT_FOUND', 'SALE_ENDED', 'NOT_SELLER', 'SALE_STARTED', 'SALE_HAS_LOTS'],
      example: { body: { title: SALE.title }, answer: SALE },
    },
    async (asked, parts: GatewayParts) => {
      const { x, params, body } = asked;
      const sale = await readSale(x, parts, params.id);
      if (!sale.ok) return sale.answer;
      const request = saleRequest.safeParse(patched(sale.value, body));
      if (!request.success) {
        const errors = fieldFaults(request.error);
        return answerProblem(x, 'INVALID_REQUEST', 'The sale cannot be so.', { errors });
      }
      const terms = saleTerms(params.id, sale.value.sellerId, request.data);
      const fingerprint = fingerprintOf('sales', terms);
      const creation = newSale(terms, fingerprint);
      return commandSale(asked, parts, { kind: 'edit', fingerprint, creation });
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/sales/{id}/lots',
      name: 'listLots',
      summary: 'The auctions of a sale, by lot number',
      who: 'anyone',
      query: saleQuery,
      answer: { status: 200, schema: auctionPage },
      refusals: ['SALE_NOT_FOUND'],
      example: { answer: { items: [{ ...AUCTION, saleId: SALE.id, lot: 1 }], nextCursor: null } },
    },
    async ({ x, params, query }, { sales }: GatewayParts) => {
      const page = await sales.lots(params.id, query);
      return page === undefined ? noSuchSale(x) : answerJson(x, page);
    },
  ),

  route(
    {
      method: 'post',
      path: '/v1/sales/{id}/pause',
      name: 'pauseSale',
      summary: 'Pauses all lots of the sale at one instant',
      who: 'seller',
      idempotent: true,
      body: optionalReasonRequest,
      answer: { status: 200, schema: saleView },
      refusals: ['SALE_NOT_FOUND', 'SALE_ENDED', 'NOT_SELLER', 'ALREADY_PAUSED'],
      example: {
        body: { reason: 'The fire alarm rings.' },
        answer: { ...SALE, status: 'paused' },
      },
    },
    (asked, parts: GatewayParts) => changePause(asked, parts, 'pause', asked.body),
  ),

  route(
    {
      method: 'post',
      path: '/v1/sales/{id}/resume',
      name: 'resumeSale',
      summary:
        'Resumes a paused sale and the lots that were paused with it; ends move by the time paused',
      who: 'seller',
      idempotent: true,
      body: optionalReasonRequest,
      answer: { status: 200, schema: saleView },
      refusals: ['SALE_NOT_FOUND', 'SALE_ENDED', 'NOT_SELLER', 'NOT_PAUSED'],
      example: { body: {}, answer: SALE },
    },
    (asked, parts: GatewayParts) => changePause(asked, parts, 'resume', asked.body),
  ),

  route(
    {
      method: 'post',
      path: '/v1/sales/{id}/registrations',
      name: 'registerForSale',
      summary: 'Registers the caller as a bidder; a second time answers what there is',
      who: 'bidder',
      idempotent: true,
      body: emptyRequest,
      answer: { status: 201, schema: ownRegistration },
      refusals: [
        'SALE_NOT_FOUND',
        'SALE_ENDED',
        'SELLER_CANNOT_BID',
        'NO_REGISTRATION',
        'SALE_FULL',
      ],
      example: { body: {}, answer: { ...REGISTRATION, committed: 0, available: 500_000 } },
    },
    (asked, parts: GatewayParts) =>
      commandSale(
        asked,
        parts,
        { kind: 'register', fingerprint: 'register' },
        ownRegistrationJson,
        201,
      ),
  ),

  route(
    {
      method: 'get',
      path: '/v1/sales/{id}/registrations/me',
      name: 'readOwnRegistration',
      summary: "The caller's paddle, limit, and what of it is left",
      who: 'bidder',
      answer: { status: 200, schema: ownRegistration },
      refusals: ['SALE_NOT_FOUND', 'NOT_REGISTERED'],
      example: { answer: REGISTRATION },
    },
    async (asked, parts: GatewayParts) => {
      const { x } = asked;
      const answer = await decide(asked, parts, { kind: 'me', fingerprint: '' }, 'sale');
      if (answer.body.startsWith('0 ')) {
        const detail = 'You have not registered for this sale.';
        return answerProblem(x, 'NOT_REGISTERED', detail, { status: 404 });
      }
      return answerDecided(x, answer, 200, ownRegistrationJson);
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/sales/{id}/registrations',
      name: 'listRegistrations',
      summary: 'The bidders of the sale, by paddle',
      who: 'seller',
      query: saleQuery,
      answer: { status: 200, schema: registrationPage },
      refusals: ['SALE_NOT_FOUND', 'NOT_SELLER'],
      example: { answer: { items: [{ ...REGISTRATION, userId: 'ann' }], nextCursor: null } },
    },
    async ({ x, params, query, caller }, { sales }: GatewayParts) => {
      const found = await sales.registrations(params.id, query);
      if (found === undefined) return noSuchSale(x);
      const { sellerId, ...page } = found;
      return sellerId === caller.userId || caller.roles.has('admin')
        ? answerJson(x, page)
        : answerProblem(x, 'NOT_SELLER', 'The sale belongs to another seller.');
    },
  ),

  route(
    {
      method: 'put',
      path: '/v1/sales/{id}/registrations/{paddle}',
      params: { paddle: /^[1-9]\d{0,8}$/ },
      name: 'decideRegistration',
      summary: 'Approves, refuses or blocks a bidder, and sets the limit',
      who: 'seller',
      body: admissionRequest,
      answer: { status: 200, schema: registrationView },
      refusals: [
        'SALE_NOT_FOUND',
        'SALE_ENDED',
        'NOT_SELLER',
        'REGISTRATION_NOT_FOUND',
        'LIMIT_BELOW_COMMITTED',
      ],
      example: {
        body: { status: 'approved', limit: 500_000 },
        answer: { ...REGISTRATION, userId: 'ann' },
      },
    },
    (asked, parts: GatewayParts) => {
      const { params, body } = asked;
      const wish = {
        kind: ADMISSIONS[body.status],
        fingerprint: fingerprintOf('admit', body),
        amount: Number(params.paddle),
        maxAmount: body.limit === null ? NO_LIMIT : (body.limit ?? 0),
      };
      return commandSale(asked, parts, wish, ({ body: receipt }) =>
        JSON.stringify(registrationViewFrom(receipt)),
      );
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/sales/{id}/results',
      name: 'readResults',
      summary: 'What became of each lot, as JSON or CSV (Accept)',
      who: 'anyone',
      answer: { status: 200, schema: lotResults, alsoCsv: true },
      refusals: ['SALE_NOT_FOUND'],
      example: {
        answer: [
          {
            lot: 1,
            auctionId: AUCTION.id,
            title: AUCTION.item.title,
            outcome: 'sold',
            paddle: 12,
            price: 1_050,
            currency: 'EUR',
          },
        ],
      },
    },
    async ({ x, params }, { sales }: GatewayParts) => {
      const results = await sales.results(params.id);
      return results === undefined
        ? noSuchSale(x)
        : streamReport(x, `results-${params.id}`, RESULTS, inOnePiece(results));
    },
  ),
];

const noSuchSale = (x: Exchange): HttpAnswer =>
  answerProblem(x, 'SALE_NOT_FOUND', 'No sale with this id is open or recently closed.');

async function* inOnePiece<T>(list: readonly T[]): AsyncGenerator<readonly T[], void, void> {
  yield list;
}

/** A command of a user on a sale. @param body writes the JSON of its answer; without it the sale's */
async function commandSale(
  asked: AskedOfOne,
  parts: GatewayParts,
  wish: Wish,
  body = viewJson,
  status: 200 | 201 = 200,
): Promise<HttpAnswer> {
  const answer = await decide(asked, parts, wish, 'sale');
  return answerDecided(asked.x, answer, status, body, 'firstLotEndsAt');
}

const changePause = (
  asked: AskedOfOne,
  parts: GatewayParts,
  kind: 'pause' | 'resume',
  body: { readonly reason?: string | undefined },
): Promise<HttpAnswer> =>
  commandSale(asked, parts, { kind, fingerprint: fingerprintOf(kind, body), reason: body.reason });

const viewJson = (answer: Answer): string => JSON.stringify(saleViewFrom(answer));

const ownRegistrationJson = ({ body }: Answer): string => JSON.stringify(registrationFrom(body));

/**
 * What a request for the sale as it is to be would say. Null takes away, but for the soft close, where it
 * says that there is to be none.
 */
const patched = (sale: SaleView, patch: SalePatch): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries({ ...sale, ...patch }).filter(
      ([name, value]) =>
        Object.hasOwn(salePatch.shape, name) && (value !== null || name === 'softClose'),
    ),
  );
