import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Role } from '@outcry/shared/contracts/api.ts';
import { lobbyPath } from '../routes.ts';
import type { Services } from '../state/services.ts';
import { mayAct, session } from '../state/session.ts';
import { Button } from './button.tsx';
import { Empty } from './empty.tsx';
import { PageHead } from './page-head.tsx';
import { SignInFirst } from './sign-in-first.tsx';

export type Desk = ComponentType<{ readonly services: Services }>;

interface RolePageProps {
  readonly services: Services;
  readonly title: string;
  readonly role: Role;
  /** Completes "Sign in to …". */
  readonly purpose: string;
  /** For whom it is, as a sentence. */
  readonly forWhom: string;
  /** Asked for once whoever is signed in has the role. */
  readonly load: () => Promise<Desk>;
}

/** A page of some users only: nobody else loads its script. What they may do, the services decide. */
export function RolePage({ services, title, role, purpose, forWhom, load }: RolePageProps) {
  const isTheirs = session.value !== null && mayAct(role);
  return (
    <>
      <PageHead title={title} />
      {isTheirs ? (
        <LoadedDesk key={session.value?.userId} services={services} load={load} />
      ) : session.value === null ? (
        <SignInFirst
          signInPossible={services.signIn !== undefined}
          purpose={purpose}
          text={forWhom}
        />
      ) : (
        <Empty>
          <p>{forWhom} Your account has no part in it.</p>
          <a class="button button-primary" href={lobbyPath('live')}>
            See all auctions
          </a>
        </Empty>
      )}
    </>
  );
}

/** A page, or a part of one, whose script comes when it is first shown. */
export function LoadedDesk({ services, load }: Pick<RolePageProps, 'services' | 'load'>) {
  const [desk, setDesk] = useState<{ readonly Content: Desk }>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let gone = false;
    const show = async (): Promise<void> => {
      try {
        const Content = await load();
        if (!gone) setDesk({ Content });
      } catch (error) {
        console.warn('the page could not be loaded', error);
        if (!gone) setFailed(true);
      }
    };
    void show();
    return () => {
      gone = true;
    };
  }, []);
  if (desk !== undefined) return <desk.Content services={services} />;
  if (!failed) {
    return (
      <p class="muted" role="status">
        Loading …
      </p>
    );
  }
  return (
    <Empty title="This page could not be loaded">
      <p role="alert">The connection may be away, or the site was updated meanwhile.</p>
      {/* Browsers may remember that a script could not be loaded. */}
      <Button look="primary" onClick={() => location.reload()}>
        Load it again
      </Button>
    </Empty>
  );
}
