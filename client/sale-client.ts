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
import { HttpTransport, type CommandOptions } from './http-transport.ts';
import type { PageQuery } from './outcry-client.ts';
import { pagesOf } from './pages.ts';
import { queryText, ServiceAddresses, type OutcryClientOptions } from './service-addresses.ts';

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

export interface SaleQuery extends PageQuery {
  /** Default: every status. */
  readonly status?: SaleStatus | undefined;
}

/** Every method throws `OutcryError`, after the same retries as those of `OutcryClient`. */
export class SaleClient {
  readonly #http: HttpTransport;
  readonly #addresses: ServiceAddresses;

  constructor(options: OutcryClientOptions) {
    this.#http = new HttpTransport(options);
    this.#addresses = new ServiceAddresses(options, this.#http);
  }

  /** Its lots are auctions that are created with its id: `createAuction({ saleId, … })`. */
  create(request: SaleRequest, options?: CommandOptions): Promise<SaleView> {
    return this.#http.post(`${this.#addresses.gateway}/v1/sales`, request, isSale, options);
  }

  /**
   * One page of sales. Of open ones those that end soon come first, of ended ones the newest; of every
   * status what ends last.
   */
  list(query: SaleQuery = {}): Promise<Page<SaleView>> {
    const url = `${this.#addresses.gateway}/v1/sales${queryText({ ...query })}`;
    return this.#http.get(url, isSalePage);
  }

  read(saleId: string): Promise<SaleView> {
    return this.#http.get(this.#url(saleId), isSale);
  }

  /** Before its first lot starts; what lots share changes only while there are none. Null takes away. */
  edit(saleId: string, changes: SalePatch): Promise<SaleView> {
    return this.#http.patch(this.#url(saleId), changes, isSale);
  }

  /** One page of the sale's auctions, by lot number. */
  lots(saleId: string, query: PageQuery = {}): Promise<Page<AuctionView>> {
    return this.#http.get(`${this.#url(saleId)}/lots${queryText({ ...query })}`, isAuctionPage);
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
    return this.#http.post(`${this.#url(saleId)}/pause`, { reason }, isSale, options);
  }

  resume(saleId: string, options?: CommandOptions): Promise<SaleView> {
    return this.#http.post(`${this.#url(saleId)}/resume`, {}, isSale, options);
  }

  /** Registers the caller as a bidder; a second time it answers what there is. */
  register(saleId: string, options?: CommandOptions): Promise<OwnRegistration> {
    const url = `${this.#url(saleId)}/registrations`;
    return this.#http.post(url, {}, isOwnRegistration, options);
  }

  /** The caller's paddle, limit and what of it is left; `NOT_REGISTERED` (404) where there is none. */
  ownRegistration(saleId: string): Promise<OwnRegistration> {
    return this.#http.get(`${this.#url(saleId)}/registrations/me`, isOwnRegistration);
  }

  /** One page of the bidders, by paddle; for the seller and admins. */
  registrations(saleId: string, query: PageQuery = {}): Promise<Page<RegistrationView>> {
    const url = `${this.#url(saleId)}/registrations${queryText({ ...query })}`;
    return this.#http.get(url, isRegistrationPage);
  }

  /** Approves, refuses or blocks a bidder, and sets the limit: null for none, as it is without it. */
  decideRegistration(
    saleId: string,
    paddle: number,
    decision: AdmissionRequest,
  ): Promise<RegistrationView> {
    const url = `${this.#url(saleId)}/registrations/${paddle}`;
    return this.#http.put(url, decision, isRegistration);
  }

  /** What became of each lot. As a file: `report` of `OutcryClient`. */
  results(saleId: string): Promise<readonly LotResult[]> {
    return this.#http.get(`${this.#url(saleId)}/results`, isLotResults);
  }

  /** The sale as the archive has it, also long after the gateway has forgotten it. */
  async archived(saleId: string): Promise<ArchivedSaleWithLots> {
    return this.#http.get(await this.#archiveUrl(saleId), isArchivedSaleWithLots);
  }

  /** One page of what was decided about the sale, by whom and why; for its seller and admins. */
  async record(saleId: string, query: PageQuery = {}): Promise<Page<SaleRecordEntry>> {
    const url = await this.#archiveUrl(saleId);
    return this.#http.get(`${url}/record${queryText({ ...query })}`, isSaleRecordPage);
  }

  /** One page of all sales that the archive has, the newest first. */
  async archivedList(
    query: SaleQuery & { readonly seller?: string | undefined } = {},
  ): Promise<Page<ArchivedSale>> {
    const url = `${await this.#addresses.history()}/v1/history/sales${queryText({ ...query })}`;
    return this.#http.get(url, isArchivedSalePage);
  }

  async #archiveUrl(saleId: string): Promise<string> {
    return `${await this.#addresses.history()}/v1/history/sales/${encodeURIComponent(saleId)}`;
  }

  #url(saleId: string): string {
    return `${this.#addresses.gateway}/v1/sales/${encodeURIComponent(saleId)}`;
  }
}
