import type { Services } from '../state/services.ts';
import { askToSignIn } from '../state/sign-in-request.ts';
import { Button } from './button.tsx';
import { Empty } from './empty.tsx';

interface SignInFirstProps {
  readonly services: Services;
  /** Completes "Sign in to …". */
  readonly purpose: string;
  readonly text: string;
}

/** What stands in for a part of a page that only users have. */
export function SignInFirst({ services, purpose, text }: SignInFirstProps) {
  return (
    <Empty>
      <p>{text}</p>
      {services.signIn === undefined ? (
        <p class="muted">This page has no sign-in of its own.</p>
      ) : (
        <Button look="primary" onClick={() => askToSignIn(purpose)}>
          Sign in to {purpose}
        </Button>
      )}
    </Empty>
  );
}
