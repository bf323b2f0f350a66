import { useState } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ReportButton } from '../parts/report-button.tsx';
import { SignInFirst } from '../parts/sign-in-first.tsx';
import { LEADERS_PATH } from '../routes.ts';
import { whyNot } from '../state/problem-of.ts';
import { saveFile } from '../state/save-file.ts';
import { signOutEverywhere, type Services } from '../state/services.ts';
import { asUser, mayAct, nameOf, session } from '../state/session.ts';

/** What users may do with their accounts as a whole. */
export function AccountPage({ services }: { readonly services: Services }) {
  const { client } = services;
  const current = session.value;
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState('');
  const [isAsking, setAsking] = useState(false);

  /** @param done what to say then */
  const act = async (work: () => Promise<void>, done: string): Promise<void> => {
    setBusy(true);
    setSaid('');
    try {
      await asUser(client, work);
      setSaid(done);
    } catch (error) {
      setSaid(whyNot(error));
    }
    setBusy(false);
    setAsking(false);
  };
  const download = async (): Promise<void> => save(await client.ownData());
  const leave = async (): Promise<void> => {
    await client.signOutEverywhere();
    signOutEverywhere(services);
  };
  const remove = async (): Promise<void> => {
    await client.deleteAccount();
    signOutEverywhere(services);
  };
  return (
    <>
      <PageHead title="Your account" />
      <p role="status" data-testid="account-said">
        {said}
      </p>
      {current === null ? (
        <SignInFirst
          services={services}
          purpose="see your account"
          text="Your data, your devices, and the end of it all."
        />
      ) : (
        <section class="panel stack" aria-label="Your account">
          <p>
            Signed in as <strong>{nameOf(current)}</strong>. Others see the name that you{' '}
            <a href={LEADERS_PATH}>choose with your figures</a>.
          </p>
          <div class="row">
            <Button disabled={busy} onClick={() => void act(download, 'Your data is downloaded.')}>
              Download my data
            </Button>
            <Button
              disabled={busy}
              onClick={() => void act(leave, 'You are signed out on all devices.')}
            >
              Sign out everywhere
            </Button>
            <Button look="danger" disabled={busy} onClick={() => setAsking(true)}>
              Delete my account
            </Button>
          </div>
          <ReportButton client={client} of="own bids" what="my bids" />
          {mayAct('seller') && <ReportButton client={client} of="own sales" what="my sales" />}
        </section>
      )}
      {isAsking && current !== null && (
        <Dialog title="Delete your account?" onClose={() => setAsking(false)}>
          <p>
            Your name and all that links bids and sales to you are deleted, for good. What the
            public sees of past auctions stays, without you.
          </p>
          <div class="row">
            <Button
              look="danger"
              disabled={busy}
              onClick={() => void act(remove, 'Your account is being deleted.')}
            >
              Yes, delete it
            </Button>
            <Button onClick={() => setAsking(false)}>Keep it</Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function save(data: object): void {
  const text = JSON.stringify(data, null, 2);
  saveFile(new Blob([text], { type: 'application/json' }), 'outcry-data.json');
}
