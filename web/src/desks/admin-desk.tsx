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

const SECTIONS = {
  user: UserSection,
  auction: AuctionSection,
  bid: BidSection,
  sale: SaleSection,
} as const;

/** What admins find by its id, and what they look after. */
export function AdminDesk({ services }: { readonly services: Services }) {
  const { client } = services;
  const admin = clientOf(services, AdminClient);
  const { what, id } = soughtBy(query.value) ?? { what: 'auction' as const, id: '' };
  const key = `${what} ${id}`;
  const Found = SECTIONS[what];
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
          <Found key={key} services={services} id={id} />
          <p>
            <a href={ADMIN_PATH}>Announcements and dead letters</a>
          </p>
        </>
      )}
    </div>
  );
}
