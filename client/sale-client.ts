/** Sales: lots under common terms, and who is admitted to bid on them. */
import type { AuctionView, Page } from '@outcry/shared/contracts/api.ts';
import type {
  ArchivedSale,
  ArchivedSaleWithLots,
  SaleRecordEntry,
} from '@outcry/shared/contracts/history.ts';
import type {
  AdmissionRequest,
  LotResult,
  OwnRegistration,
  RegistrationView,
  SalePatch,
  SaleRequest,
  SaleStatus,
  SaleView,
} from '@outcry/shared/contracts/sales.ts';
import { having, isAuctionPage, pageOf, type Guard } from './answers.ts';
import type { CommandOptions, HttpTransport } from './http-transport.ts';
import type { PageQuery } from './outcry-client.ts';
import { pagesOf } from './pages.ts';
import { Services, type OutcryClientOptions } from './services.ts';

const isSale = having<SaleView>({
  id: 'string',
  title: 'string',
  status: 'string',
  lots: 'object',
  endsAt: 'string',
  serverTime: 'string',
});

const isSalePage = pageOf(isSale);

const isOwnRegistration = having<OwnRegistration>({
  paddle: 'number',
  status: 'string',
  committed: 'number',
});

const isRegistration = having<RegistrationView>({
  userId: 'string',
  paddle: 'number',
  status: 'string',
  committed: 'number',
});

const isRegistrationPage = pageOf(isRegistration);

const isLotResult = having<LotResult>({ lot: 'number', auctionId: 'string', title: 'string' });

const isLotResults: Guard<readonly LotResult[]> = (body): body is readonly LotResult[] =>
  Array.isArray(body) && body.every(isLotResult);

const isArchivedSale = having<ArchivedSale>({ id: 'string', title: 'string', status: 'string' });

const isArchivedSalePage = pageOf(isArchivedSale);

const isArchivedSaleWithLots = having<ArchivedSaleWithLots>({
  id: 'string',
  title: 'string',
  status: 'string',
  lots: 'object',
});

const isSaleRecordPage = pageOf(
  having<SaleRecordEntry>({ epoch: 'number', seq: 'number', at: 'string', type: 'string' }),
);

export type SaleQuery = PageQuery & {
  /** Default: every status. */
  readonly status?: SaleStatus | undefined;
};

/** Every method throws `OutcryError`, after the same retries as those of `OutcryClient`. */
export class SaleClient {
  readonly #gateway: HttpTransport;
  readonly #history: HttpTransport;

  constructor(options: OutcryClientOptions) {
    ({ gateway: this.#gateway, history: this.#history } = new Services(options));
  }

  /** Its lots are auctions that are created with its id: `createAuction({ saleId, … })`. */
  create(request: SaleRequest, options?: CommandOptions): Promise<SaleView> {
    return this.#gateway.post('/v1/sales', request, isSale, options);
  }

  /**
   * One page of sales. Of open ones those that end soon come first, of ended ones the newest; of every
   * status what ends last.
   */
  list(query: SaleQuery = {}): Promise<Page<SaleView>> {
    return this.#gateway.get('/v1/sales', isSalePage, query);
  }

  read(saleId: string): Promise<SaleView> {
    return this.#gateway.get(salePath(saleId), isSale);
  }

  /** Before its first lot starts; what lots share changes only while there are none. Null takes away. */
  edit(saleId: string, changes: SalePatch): Promise<SaleView> {
    return this.#gateway.patch(salePath(saleId), changes, isSale);
  }

  /** One page of the sale's auctions, by lot number. */
  lots(saleId: string, query: PageQuery = {}): Promise<Page<AuctionView>> {
    return this.#gateway.get(`${salePath(saleId)}/lots`, isAuctionPage, query);
  }

  /** All pages of {@link lots}, one after the other. */
  lotPages(
    saleId: string,
    query: PageQuery = {},
  ): AsyncGenerator<readonly AuctionView[], void, void> {
    return pagesOf((cursor) => this.lots(saleId, { ...query, cursor }), query.cursor);
  }

  /** All lots at one instant, until {@link resume}. @param reason what viewers read */
  pause(saleId: string, reason: string, options?: CommandOptions): Promise<SaleView> {
    return this.#gateway.post(`${salePath(saleId)}/pause`, { reason }, isSale, options);
  }

  resume(saleId: string, options?: CommandOptions): Promise<SaleView> {
    return this.#gateway.post(`${salePath(saleId)}/resume`, {}, isSale, options);
  }

  /** Registers the caller as a bidder; a second time it answers what there is. */
  register(saleId: string, options?: CommandOptions): Promise<OwnRegistration> {
    const path = `${salePath(saleId)}/registrations`;
    return this.#gateway.post(path, {}, isOwnRegistration, options);
  }

  /** The caller's paddle, limit and what of it is left; `NOT_REGISTERED` (404) where there is none. */
  ownRegistration(saleId: string): Promise<OwnRegistration> {
    return this.#gateway.get(`${salePath(saleId)}/registrations/me`, isOwnRegistration);
  }

  /** One page of the bidders, by paddle; for the seller and admins. */
  registrations(saleId: string, query: PageQuery = {}): Promise<Page<RegistrationView>> {
    return this.#gateway.get(`${salePath(saleId)}/registrations`, isRegistrationPage, query);
  }

  /** Approves, refuses or blocks a bidder, and sets the limit: null for none, as it is without it. */
  decideRegistration(
    saleId: string,
    paddle: number,
    decision: AdmissionRequest,
  ): Promise<RegistrationView> {
    const path = `${salePath(saleId)}/registrations/${paddle}`;
    return this.#gateway.put(path, decision, isRegistration);
  }

  /** What became of each lot. As a file: `report` of `OutcryClient`. */
  results(saleId: string): Promise<readonly LotResult[]> {
    return this.#gateway.get(`${salePath(saleId)}/results`, isLotResults);
  }

  /** The sale as the archive has it, also long after the gateway has forgotten it. */
  archived(saleId: string): Promise<ArchivedSaleWithLots> {
    return this.#history.get(archivePath(saleId), isArchivedSaleWithLots);
  }

  /** One page of what was decided about the sale, by whom and why; for its seller and admins. */
  record(saleId: string, query: PageQuery = {}): Promise<Page<SaleRecordEntry>> {
    return this.#history.get(`${archivePath(saleId)}/record`, isSaleRecordPage, query);
  }

  /** One page of all sales that the archive has, the newest first. */
  archivedList(
    query: SaleQuery & { readonly seller?: string | undefined } = {},
  ): Promise<Page<ArchivedSale>> {
    return this.#history.get('/v1/history/sales', isArchivedSalePage, query);
  }
}

const salePath = (id: string): string => `/v1/sales/${encodeURIComponent(id)}`;

const archivePath = (id: string): string => `/v1/history/sales/${encodeURIComponent(id)}`;
