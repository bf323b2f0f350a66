import { newIdempotencyKey } from '@outcry/client/http-transport.ts';
import { useRef, useState } from 'preact/hooks';
import { refusalWords } from '../format/refusals.ts';
import { PageHead } from '../parts/page-head.tsx';
import { SellFields } from '../parts/sell-fields.tsx';
import { SignInFirst } from '../parts/sign-in-first.tsx';
import { SellPreview } from '../parts/sell-preview.tsx';
import { goTo } from '../router.ts';
import { roomPath } from '../routes.ts';
import { serverNow } from '../state/clock.ts';
import { problemOf } from '../state/problem-of.ts';
import { EMPTY_FORM, readSellForm, type SellFaults, type SellForm } from '../state/sell-request.ts';
import type { Services } from '../state/services.ts';
import { asUser, session } from '../state/session.ts';

/** Puts an item up for auction. */
export function SellPage({ services }: { readonly services: Services }) {
  const signInPossible = services.config.authMode === 'dev';
  return (
    <>
      <PageHead title="Sell something" />
      {session.value === null ? (
        <SignInFirst
          signInPossible={signInPossible}
          purpose="sell"
          text="Choose a name to sell under. Buyers will see it."
        />
      ) : (
        <SellSheet services={services} />
      )}
    </>
  );
}

function SellSheet({ services }: { readonly services: Services }) {
  const [form, setForm] = useState<SellForm>(EMPTY_FORM);
  const [faults, setFaults] = useState<SellFaults>({});
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);
  const element = useRef<HTMLFormElement>(null);
  // One key for as long as the form stays the same: a second try cannot sell it twice.
  const key = useRef(newIdempotencyKey());

  const change = (changes: Partial<SellForm>): void => {
    setForm({ ...form, ...changes });
    setFaults({});
    setFailure('');
    key.current = newIdempotencyKey();
  };

  const submit = async (): Promise<void> => {
    const reading = readSellForm(form, serverNow());
    if (!reading.ok) {
      setFaults(reading.faults);
      requestAnimationFrame(() => {
        element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
      });
      return;
    }
    setBusy(true);
    setFailure('');
    const { client } = services;
    try {
      const options = { idempotencyKey: key.current };
      const auction = await asUser(client, () => client.createAuction(reading.request, options));
      goTo(roomPath(auction.id));
    } catch (error) {
      const { title, advice } = refusalWords(problemOf(error), form.currency);
      setFailure(`${title}. ${advice}`);
      setBusy(false);
    }
  };

  return (
    <form
      ref={element}
      class="sell"
      noValidate
      aria-label="New auction"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div class="panel stack">
        <SellFields form={form} faults={faults} onChange={change} />
        <p class="fault" aria-live="polite">
          {failure}
        </p>
        <button type="submit" class="button button-primary button-large" disabled={busy}>
          {busy ? 'Starting …' : form.opensInSeconds > 0 ? 'Schedule auction' : 'Start auction'}
        </button>
      </div>
      <SellPreview form={form} />
    </form>
  );
}
