import { askToSignIn } from '../state/sign-in-request.ts';
import { Button } from './button.tsx';
import { Empty } from './empty.tsx';

interface SignInFirstProps {
  /** This page has a way to sign in. */
  readonly signInPossible: boolean;
  /** Completes "Sign in to …". */
  readonly purpose: string;
  readonly text: string;
}

/** What stands in for a part of a page that only users have. */
export function SignInFirst({ signInPossible, purpose, text }: SignInFirstProps) {
  return (
    <Empty>
      <p>{text}</p>
      {signInPossible ? (
        <Button look="primary" onClick={() => askToSignIn(purpose)}>
          Sign in to {purpose}
        </Button>
      ) : (
        <p class="muted">This page has no sign-in of its own.</p>
      )}
    </Empty>
  );
}
