import type { AuctionView, Page, PageQuery } from '@outcry/shared/contracts/api.ts';
import type {
  LotResult,
  RegistrationView,
  SaleStatus,
  SaleView,
} from '@outcry/shared/contracts/sales.ts';

/** Sales as they are read from Redis beside their line. All throw NotRunError; lists CursorError. */
export interface SaleStore {
  /** Open ones by their end, ended ones newest first; of every status what ends last first. */
  list(query: PageQuery & { readonly status?: SaleStatus | undefined }): Promise<Page<SaleView>>;
  /** @returns undefined when the sale is not here */
  lots(saleId: string, query: PageQuery): Promise<Page<AuctionView> | undefined>;
  /**
   * By paddle.
   * @returns undefined when the sale is not here
   */
  registrations(
    saleId: string,
    query: PageQuery,
  ): Promise<(Page<RegistrationView> & { readonly sellerId: string }) | undefined>;
  /** @returns undefined when the sale, or one of its lots, is not here any more */
  results(saleId: string): Promise<readonly LotResult[] | undefined>;
}
