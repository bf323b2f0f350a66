/** Sales and the user's own admission to them. */
import { effect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import { SaleClient } from '@outcry/client/sale-client.ts';
import type { LotResult, OwnRegistration, SaleView } from '@outcry/shared/contracts/sales.ts';
import { news } from './notices.ts';
import { useReading, type Reading } from './reading.ts';
import { clientOf, type Services } from './services.ts';
import { asUser, signedInAs } from './session.ts';

const READ_EVERY_MS = 5_000;

export const saleClient = (services: Services): SaleClient => clientOf(services, SaleClient);

/** A sale as pages show it. */
export interface KnownSale extends SaleView {
  /** Where the gateway has forgotten it, and the archive knows it alone: what became of its lots. */
  readonly results?: readonly LotResult[];
}

/** A sale from the gateway, or from the archive where the gateway has forgotten it. */
export async function readSale(sales: SaleClient, saleId: string): Promise<KnownSale> {
  try {
    return await sales.read(saleId);
  } catch (error) {
    if (!(error instanceof OutcryError) || error.code !== 'SALE_NOT_FOUND') throw error;
    const { lots, ...kept } = await sales.archived(saleId);
    const endsAt = kept.endedAt ?? kept.firstLotEndsAt;
    return { ...kept, lots, results: lots, endsAt, serverTime: endsAt };
  }
}

/**
 * The user's registration to a sale; null where there is none. Notices say that the limit moved: it is
 * read again.
 */
export function useAdmission(services: Services, saleId: string): Reading<OwnRegistration | null> {
  const userId = signedInAs.value;
  const sales = saleClient(services);
  const reading = useReading(
    async () => {
      if (userId === undefined) return null;
      try {
        return await asUser(services.client, () => sales.ownRegistration(saleId));
      } catch (error) {
        if (error instanceof OutcryError && error.code === 'NOT_REGISTERED') return null;
        throw error;
      }
    },
    READ_EVERY_MS,
    [sales, saleId, userId],
  );
  useEffect(
    () =>
      effect(() => {
        void news.value;
        void reading.again();
      }),
    [reading],
  );
  return reading;
}
