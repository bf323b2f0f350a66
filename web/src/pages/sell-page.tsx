import { newIdempotencyKey } from '@outcry/client/http-transport.ts';
import { useEffect, useRef, useState } from 'preact/hooks';
import { refusalWords } from '../format/refusals.ts';
import { Empty } from '../parts/empty.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { SellFields } from '../parts/sell-fields.tsx';
import { SignInFirst } from '../parts/sign-in-first.tsx';
import { SellPreview } from '../parts/sell-preview.tsx';
import { askBeforeLeaving, goTo } from '../router.ts';
import { roomPath } from '../routes.ts';
import { serverNow } from '../state/clock.ts';
import { problemOf } from '../state/problem-of.ts';
import {
  EMPTY_FORM,
  isFilledIn,
  readSellForm,
  stillWrong,
  type SellFaults,
  type SellForm,
} from '../state/sell-request.ts';
import type { Services } from '../state/services.ts';
import { asUser, mayAct, session } from '../state/session.ts';

const LEAVE_QUESTION = 'Leave this page? What you have filled in here is lost.';

/** Puts an item up for auction. */
export function SellPage({ services }: { readonly services: Services }) {
  const { signIn } = services;
  // Kept here: who is signed out while filling it in, or signs in as somebody else, loses nothing.
  const [form, setForm] = useState<SellForm>(EMPTY_FORM);
  const isFilled = isFilledIn(form);
  const endAsking = useRef(() => {});
  useEffect(() => {
    if (!isFilled) return undefined;
    endAsking.current = askBeforeLeaving(LEAVE_QUESTION);
    return () => endAsking.current();
  }, [isFilled]);
  return (
    <>
      <PageHead title="Sell something" />
      {session.value === null ? (
        <SignInFirst
          signInPossible={signIn !== undefined}
          purpose="sell"
          text={
            signIn === 'name'
              ? 'Choose a name to sell under. Buyers will see it.'
              : 'Only sellers whom this auction house has admitted may sell here.'
          }
        />
      ) : !mayAct('seller') ? (
        <Empty>
          <p>Your account may not sell here. Ask whoever runs this auction house.</p>
        </Empty>
      ) : (
        <SellSheet
          services={services}
          form={form}
          setForm={setForm}
          onSold={() => endAsking.current()}
        />
      )}
    </>
  );
}

interface SellSheetProps {
  readonly services: Services;
  readonly form: SellForm;
  readonly setForm: (form: SellForm) => void;
  /** What the form holds is safe: nothing is lost with it. */
  readonly onSold: () => void;
}

function SellSheet({ services, form, setForm, onSold }: SellSheetProps) {
  const [faults, setFaults] = useState<SellFaults>({});
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);
  const element = useRef<HTMLFormElement>(null);
  // One key for as long as the form stays the same: a second try cannot sell it twice.
  const key = useRef(newIdempotencyKey());

  const change = (changes: Partial<SellForm>): void => {
    const changed = { ...form, ...changes };
    setForm(changed);
    setFaults(stillWrong(faults, changed, serverNow()));
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
      onSold();
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
