import { useEffect, useState } from 'preact/hooks';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { providerRefusalWords, signInRefusalWords } from '../format/refusals.ts';
import { userIdFromName } from '../format/user-names.ts';
import { whyNot } from '../state/problem-of.ts';
import type { Provider } from '../state/provider.ts';
import type { Services } from '../state/services.ts';
import { signIn as signInByName } from '../state/session.ts';
import { signInRequest } from '../state/sign-in-request.ts';
import { DEMO_ROLES } from '../state/token-requests.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Form, TextField } from './form.tsx';

function close(): void {
  signInRequest.value = null;
}

/** Shown while somebody has asked for it. On a demo system a name is enough; elsewhere the provider's page does it. */
export function SignInDialog({ services }: { readonly services: Services }) {
  const request = signInRequest.value;
  const { signIn, client } = services;
  if (request === null || signIn === undefined) return null;
  return (
    <Dialog title={`Sign in to ${request.purpose}`} onClose={close}>
      {signIn === 'name' ? (
        <SignInForm client={client} onDone={close} />
      ) : (
        <ToProvider provider={signIn} />
      )}
    </Dialog>
  );
}

function ToProvider({ provider }: { readonly provider: Provider }) {
  const [fault, setFault] = useState('');
  const go = async (): Promise<void> => {
    setFault('');
    try {
      await provider.begin(location.pathname + location.search);
    } catch (error) {
      setFault(whyNot(error, (problem) => providerRefusalWords(problem, provider.host)));
    }
  };
  useEffect(() => void go(), [provider]);
  return (
    <div class="stack">
      <p role="status">{fault === '' ? `Going to ${provider.host} …` : fault}</p>
      {fault !== '' && (
        <Button look="primary" onClick={() => void go()}>
          Try again
        </Button>
      )}
    </div>
  );
}

interface SignInFormProps {
  readonly client: OutcryClient;
  readonly onDone: () => void;
}

function SignInForm({ client, onDone }: SignInFormProps) {
  const [name, setName] = useState('');
  const [isAdmin, setAdmin] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const userId = userIdFromName(name);

  const submit = async (): Promise<void> => {
    if (userId === undefined) {
      setFault('Please enter a name with at least one letter or digit (A to Z, 0 to 9).');
      return;
    }
    setBusy(true);
    setFault('');
    try {
      await signInByName(client, userId, isAdmin ? [...DEMO_ROLES, 'admin'] : DEMO_ROLES);
      onDone();
    } catch (error) {
      setFault(whyNot(error, signInRefusalWords));
      setBusy(false);
    }
  };

  return (
    <Form class="stack" onSubmit={submit}>
      <p class="muted">This is a demo: any name will do, no password needed.</p>
      <TextField
        label="Your name"
        hint={
          userId === undefined || userId === name
            ? 'Others see bidders as “Bidder 1”, “Bidder 2” …, and sellers by name.'
            : `You will be “${userId}”.`
        }
        fault={fault}
        value={name}
        maxLength={64}
        autoComplete="username"
        autoFocus
        onValue={(typed) => {
          setName(typed);
          setFault('');
        }}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={isAdmin}
          onChange={({ currentTarget }) => setAdmin(currentTarget.checked)}
        />
        Also as an admin, who runs the house
      </label>
      <Button look="primary" type="submit" disabled={busy}>
        {busy ? 'Signing in …' : 'Sign in'}
      </Button>
    </Form>
  );
}
