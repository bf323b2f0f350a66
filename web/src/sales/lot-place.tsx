import { useEffect } from 'preact/hooks';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { roomPath, salePath } from '../routes.ts';
import { useReading } from '../state/reading.ts';
import type { Room } from '../state/room.ts';
import { readSale, saleClient, useAdmission } from '../state/sales.ts';
import type { Services } from '../state/services.ts';
import { Admission } from './admission.tsx';

/** Who comes and goes among the lots matters little in a room. */
const READ_EVERY_MS = 30_000;

interface SalePlaceProps {
  readonly services: Services;
  readonly saleId: string;
  readonly auction: AuctionView;
}

/** Where a lot stands in its sale: the sale, and the lots before and after. */
export function SalePlace({ services, saleId, auction }: SalePlaceProps) {
  const sales = saleClient(services);
  const reading = useReading(() => readSale(sales, saleId), READ_EVERY_MS, [sales, saleId]);
  const sale = reading.value.value;
  const at = sale?.lots.findIndex(({ auctionId }) => auctionId === auction.id) ?? -1;
  const before = at > 0 ? sale?.lots[at - 1] : undefined;
  const after = at >= 0 ? sale?.lots[at + 1] : undefined;
  return (
    <nav class="sale-place bar spread" aria-label="Sale">
      <a href={salePath(saleId)} dir="auto">
        Lot {auction.lot} of {sale?.title ?? 'a sale'}
      </a>
      <span class="row">
        {before !== undefined && <a href={roomPath(before.auctionId)}>Previous lot</a>}
        {after !== undefined && <a href={roomPath(after.auctionId)}>Next lot</a>}
      </span>
    </nav>
  );
}

interface LotAdmissionProps extends SalePlaceProps {
  readonly room: Room;
}

/** In the room of a lot that can still be bid on: whether the user may, and up to what. */
export function LotAdmission({ services, saleId, auction, room }: LotAdmissionProps) {
  const sales = saleClient(services);
  const reading = useReading(() => readSale(sales, saleId), READ_EVERY_MS, [sales, saleId]);
  const registration = reading.value.value?.registration;
  if (registration === undefined) return null;
  return registration === 'none' ? (
    <p class="admission bar muted">No registration is needed in this sale.</p>
  ) : (
    <OwnPlace services={services} saleId={saleId} auction={auction} room={room} />
  );
}

function OwnPlace({ services, saleId, auction, room }: LotAdmissionProps) {
  const admission = useAdmission(services, saleId);
  const own = room.own.value;
  // An own bid, and one that beat it, move what is committed.
  useEffect(() => void admission.again(), [admission, own, room.leading.value]);
  return (
    <Admission
      services={services}
      saleId={saleId}
      currency={auction.currency}
      admission={admission}
    />
  );
}
