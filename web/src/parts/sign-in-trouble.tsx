import { signInTrouble } from '../state/session.ts';
import { askToSignIn } from '../state/sign-in-request.ts';
import { Button } from './button.tsx';

/** Says why a user cannot act any more. The region is always there, so that it is read out when it fills. */
export function SignInTrouble() {
  const trouble = signInTrouble.value;
  return (
    <div role="status" data-testid="sign-in-trouble">
      {trouble !== null && (
        <p class="banner">
          <strong>
            {trouble === 'ended' ? 'You have signed out everywhere.' : 'Your sign-in has run out.'}
          </strong>{' '}
          Bids that were placed stand.{' '}
          {trouble === 'away' ? (
            'The sign-in service does not answer; we keep asking, and until then you cannot bid.'
          ) : (
            <Button onClick={() => askToSignIn('go on')}>Sign in again</Button>
          )}
        </p>
      )}
    </div>
  );
}
