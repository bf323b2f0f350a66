import './desks.css';
import { AdminClient } from '@outcry/client/admin-client.ts';
import { query } from '../router.ts';
import { ADMIN_PATH } from '../routes.ts';
import { clientOf, type Services } from '../state/services.ts';
import { AnnouncementForm } from './announcement-form.tsx';
import { AuctionSection } from './auction-section.tsx';
import { BidSection } from './bid-section.tsx';
import { DeadLetters } from './dead-letters.tsx';
import { SaleSection } from './sale-section.tsx';
import { SearchForm } from './search-form.tsx';
import { soughtBy } from './search.ts';
import { UserSection } from './user-section.tsx';

/** What admins find by its id, and what they look after. */
export function AdminDesk({ services }: { readonly services: Services }) {
  const { client } = services;
  const admin = clientOf(services, AdminClient);
  const { what, id } = soughtBy(query.value) ?? { what: 'auction' as const, id: '' };
  const key = `${what} ${id}`;
  return (
    <div class="stack desk">
      <SearchForm key={key} what={what} id={id} />
      {id === '' ? (
        <>
          <AnnouncementForm client={client} admin={admin} />
          <DeadLetters client={client} admin={admin} />
        </>
      ) : (
        <>
          {what === 'user' && <UserSection key={key} services={services} userId={id} />}
          {what === 'auction' && (
            <AuctionSection key={key} client={client} admin={admin} auctionId={id} />
          )}
          {what === 'bid' && <BidSection key={key} client={client} admin={admin} bidId={id} />}
          {what === 'sale' && <SaleSection key={key} services={services} saleId={id} />}
          <p>
            <a href={ADMIN_PATH}>Announcements and dead letters</a>
          </p>
        </>
      )}
    </div>
  );
}
