import { useEffect, useState } from 'preact/hooks';
import { providerRefusalWords } from '../format/refusals.ts';
import { Button } from '../parts/button.tsx';
import { Empty, Waiting } from '../parts/empty.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { replaceAddress } from '../router.ts';
import { lobbyPath } from '../routes.ts';
import { problemOf } from '../state/problem-of.ts';
import { Provider } from '../state/provider.ts';
import type { Services } from '../state/services.ts';
import { change } from '../state/session.ts';
import { askToSignIn } from '../state/sign-in-request.ts';
import { NowherePage } from './nowhere-page.tsx';

/** Where the provider sends the user back to; it goes on to the page that was left. */
export function SignedInPage({ services }: { readonly services: Services }) {
  const { signIn } = services;
  if (!(signIn instanceof Provider)) return <NowherePage />;
  return <Completing provider={signIn} />;
}

function Completing({ provider }: { readonly provider: Provider }) {
  const [fault, setFault] = useState<{ title: string; advice: string } | null>(null);
  useEffect(() => {
    const complete = async (): Promise<void> => {
      try {
        const { session, back } = await provider.complete(location.href);
        change(session);
        replaceAddress(back);
      } catch (error) {
        setFault(providerRefusalWords(problemOf(error), provider.host));
      }
    };
    void complete();
  }, [provider]);
  if (fault === null) {
    return <Waiting>Signing you in …</Waiting>;
  }
  return (
    <>
      <PageHead title={fault.title} />
      <Empty>
        <p role="status">{fault.advice}</p>
        <Button
          look="primary"
          onClick={() => {
            replaceAddress(lobbyPath('live'));
            askToSignIn('go on');
          }}
        >
          Sign in again
        </Button>
      </Empty>
    </>
  );
}
