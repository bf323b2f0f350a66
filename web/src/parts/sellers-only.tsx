import type { ComponentChildren } from 'preact';
import type { Services } from '../state/services.ts';
import { mayAct, session } from '../state/session.ts';
import { Empty } from './empty.tsx';
import { SignInFirst } from './sign-in-first.tsx';

interface SellersOnlyProps {
  readonly signIn: Services['signIn'];
  readonly children: ComponentChildren;
}

/** Shows sellers what is theirs, and everybody else why there is nothing to see. */
export function SellersOnly({ signIn, children }: SellersOnlyProps) {
  if (session.value === null) {
    return (
      <SignInFirst
        signInPossible={signIn !== undefined}
        purpose="sell"
        text={
          signIn === 'name'
            ? 'Choose a name to sell under. Buyers will see it.'
            : 'Only sellers whom this auction house has admitted may sell here.'
        }
      />
    );
  }
  if (mayAct('seller')) return <>{children}</>;
  return (
    <Empty>
      <p>Your account may not sell here. Ask whoever runs this auction house.</p>
    </Empty>
  );
}
