import type { ComponentChildren, ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Role } from '@outcry/shared/contracts/api.ts';
import { lobbyPath } from '../routes.ts';
import type { Services } from '../state/services.ts';
import { mayAct, session } from '../state/session.ts';
import { Button, ButtonLink } from './button.tsx';
import { Empty, Waiting } from './empty.tsx';
import { PageHead } from './page-head.tsx';
import { SignInFirst } from './sign-in-first.tsx';

export type Desk = ComponentType<{ readonly services: Services }>;

interface ForRoleProps {
  readonly services: Services;
  readonly role: Role;
  /** Completes "Sign in to …". */
  readonly purpose: string;
  /** For whom it is, as a sentence. */
  readonly forWhom: string;
  /** What others see who are signed in. */
  readonly refusal: ComponentChildren;
  readonly children: ComponentChildren;
}

/** Shows those with a role what is theirs, and everybody else why there is nothing to see. */
export function ForRole({ services, role, purpose, forWhom, refusal, children }: ForRoleProps) {
  if (session.value === null) {
    return <SignInFirst services={services} purpose={purpose} text={forWhom} />;
  }
  return mayAct(role) ? <>{children}</> : <Empty>{refusal}</Empty>;
}

interface RolePageProps extends Omit<ForRoleProps, 'refusal' | 'children'>, LoadedDeskProps {
  readonly title: string;
}

/** A page of some users only: nobody else loads its script. What they may do, the services decide. */
export function RolePage({ title, load, ...props }: RolePageProps) {
  return (
    <>
      <PageHead title={title} />
      <ForRole
        {...props}
        refusal={
          <>
            <p>{props.forWhom} Your account has no part in it.</p>
            <ButtonLink look="primary" href={lobbyPath('live')}>
              See all auctions
            </ButtonLink>
          </>
        }
      >
        <LoadedDesk key={session.value?.userId} services={props.services} load={load} />
      </ForRole>
    </>
  );
}

interface LoadedDeskProps {
  readonly services: Services;
  readonly load: () => Promise<Desk>;
}

/** A page, or a part of one, whose script comes when it is first shown. */
export function LoadedDesk({ services, load }: LoadedDeskProps) {
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
  if (!failed) return <Waiting>Loading …</Waiting>;
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
