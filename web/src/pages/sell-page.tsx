import { newIdempotencyKey } from '@outcry/client/http-transport.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import type { OwnAuction } from '@outcry/shared/contracts/history.ts';
import { useEffect, useRef, useState } from 'preact/hooks';
import { refusalWords } from '../format/refusals.ts';
import { Button } from '../parts/button.tsx';
import { Form } from '../parts/form.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ReadOwnAuction } from '../parts/read-own-auction.tsx';
import { ForRole } from '../parts/role-page.tsx';
import { SellFields } from '../parts/sell-fields.tsx';
import { SellPreview } from '../parts/sell-preview.tsx';
import { askBeforeLeaving, goTo, query } from '../router.ts';
import { roomPath } from '../routes.ts';
import { serverNow } from '../state/clock.ts';
import { whyNot } from '../state/problem-of.ts';
import { formLike } from '../state/sell-again.ts';
import { EMPTY_FORM, isFilledIn, isScheduled, type SellForm } from '../state/sell-form.ts';
import { readSellForm, stillWrong, type SellFaults } from '../state/sell-request.ts';
import { sellItem } from '../state/selling.ts';
import type { Services } from '../state/services.ts';
import { asUser } from '../state/session.ts';

const LEAVE_QUESTION = 'Leave this page? What you have filled in here is lost.';

/** Puts an item up for auction: a new one, one like another, or anew in place of what it was. */
export function SellPage({ services }: { readonly services: Services }) {
  const changed = query.value.get('change');
  const likeId = changed ?? query.value.get('like');
  const isChange = changed !== null;
  // Kept here: who is signed out while filling it in, or signs in as somebody else, loses nothing.
  const [before, setBefore] = useState<SellForm | null>(likeId === null ? EMPTY_FORM : null);
  const [form, setForm] = useState<SellForm>(EMPTY_FORM);
  const [replaces, setReplaces] = useState<OwnAuction | null>(null);
  const isFilled = before !== null && isFilledIn(form, before);
  const endAsking = useRef(() => {});
  useEffect(() => {
    if (!isFilled) return undefined;
    endAsking.current = askBeforeLeaving(LEAVE_QUESTION);
    return () => endAsking.current();
  }, [isFilled]);
  return (
    <>
      <PageHead title={isChange ? 'Change your auction' : 'Sell something'} />
      <ForRole
        services={services}
        role="seller"
        purpose="sell"
        forWhom={
          services.signIn === 'name'
            ? 'Choose a name to sell under. Buyers will see it.'
            : 'Only sellers whom this auction house has admitted may sell here.'
        }
        refusal={<p>Your account may not sell here. Ask whoever runs this auction house.</p>}
      >
        {before === null && likeId !== null ? (
          <ReadOwnAuction
            client={services.client}
            auctionId={likeId}
            isChange={isChange}
            onRead={(auction, terms) => {
              const filled = formLike(auction, terms, serverNow(), isChange);
              setForm(filled);
              setBefore(filled);
              if (isChange) setReplaces(auction);
            }}
          />
        ) : (
          <SellSheet
            services={services}
            form={form}
            setForm={setForm}
            replaces={replaces}
            onSold={() => endAsking.current()}
          />
        )}
      </ForRole>
    </>
  );
}

interface SellSheetProps {
  readonly services: Services;
  readonly form: SellForm;
  readonly setForm: (form: SellForm) => void;
  /** In whose place the new auction comes. */
  readonly replaces: OwnAuction | null;
  /** What the form holds is safe: nothing is lost with it. */
  readonly onSold: () => void;
}

function SellSheet({ services, form, setForm, replaces, onSold }: SellSheetProps) {
  const [faults, setFaults] = useState<SellFaults>({});
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);
  const element = useRef<HTMLFormElement>(null);
  // One key for as long as the form stays the same: a second try cannot sell it twice.
  const key = useRef(newIdempotencyKey());
  const isCancelled = useRef(false);

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
      const { item, ...terms } = reading.request;
      const former = replaces?.item;
      const isSameItem =
        former?.title === item.title &&
        former.description === item.description &&
        former.imageUrl === item.imageUrl;
      const auction = await asUser(client, async () => {
        if (replaces !== null) {
          await cancelOnce(client, replaces.id);
          isCancelled.current = true;
        }
        return sellItem(client, { ...item, id: isSameItem ? former.id : undefined }, terms, {
          idempotencyKey: key.current,
        });
      });
      onSold();
      goTo(roomPath(auction.id));
    } catch (error) {
      const why = whyNot(error, (problem) => refusalWords(problem, form.currency));
      const standing = isCancelled.current
        ? 'The auction as it was is cancelled, and the new one is not up yet. '
        : '';
      setFailure(standing + why);
      setBusy(false);
    }
  };

  return (
    <Form
      ref={element}
      class="sell"
      aria-label={replaces === null ? 'New auction' : 'Changed auction'}
      onSubmit={submit}
    >
      <div class="panel stack">
        {replaces !== null && (
          <p class="aside">
            <strong>This creates a new auction.</strong> Saving cancels the present one and puts up
            the new one under its own address. If somebody bids before you save, nothing changes.
          </p>
        )}
        <SellFields form={form} faults={faults} onChange={change} />
        <p class="fault" aria-live="polite">
          {failure}
        </p>
        <Button look="primary" class="button-large" type="submit" disabled={busy}>
          {busy ? 'Starting …' : buttonText(form, replaces !== null)}
        </Button>
      </div>
      <SellPreview form={form} />
    </Form>
  );
}

function buttonText(form: SellForm, isChange: boolean): string {
  if (isChange) return 'Save the change';
  return isScheduled(form) ? 'Schedule auction' : 'Start auction';
}

/** First of all, as an item has one open auction at most; a second try finds it done. */
async function cancelOnce(client: OutcryClient, auctionId: string): Promise<void> {
  try {
    await client.cancel(auctionId);
  } catch (error) {
    if (!(error instanceof OutcryError) || error.code !== 'AUCTION_CANCELLED') throw error;
  }
}
