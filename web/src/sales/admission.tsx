import { useMemo } from 'preact/hooks';
import type { OwnRegistration } from '@outcry/shared/contracts/sales.ts';
import { formatMoney } from '../format/money.ts';
import { refusalWords } from '../format/refusals.ts';
import { Button } from '../parts/button.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { CommandSender } from '../state/command-sender.ts';
import type { Reading } from '../state/reading.ts';
import { saleClient } from '../state/sales.ts';
import type { Services } from '../state/services.ts';
import { session } from '../state/session.ts';
import { askToSignIn } from '../state/sign-in-request.ts';

interface AdmissionProps {
  readonly services: Services;
  readonly saleId: string;
  readonly currency: string;
  readonly admission: Reading<OwnRegistration | null>;
}

/** The user's paddle, and what is left of the limit; or the button to get one. */
export function Admission({ services, saleId, currency, admission }: AdmissionProps) {
  const { client } = services;
  const sender = useMemo(() => new CommandSender<'register'>(client), [client]);
  const own = admission.value.value;
  if (session.value === null) {
    return (
      <p class="admission bar" data-testid="admission">
        Bidders register for this sale.{' '}
        {services.signIn !== undefined && (
          <Button onClick={() => askToSignIn('register')}>Sign in to register</Button>
        )}
      </p>
    );
  }
  if (own === undefined) {
    return (
      <p class="admission bar muted" data-testid="admission">
        {admission.problem.value === null
          ? 'Looking for your registration …'
          : 'Your registration could not be read. It is read again by itself.'}
      </p>
    );
  }
  if (own !== null) {
    return (
      <p class="admission bar" data-testid="admission" role="status">
        <span>
          <strong>Paddle {own.paddle}</strong> {registrationText(own, currency)}
        </span>
      </p>
    );
  }
  const register = async (): Promise<void> => {
    const isDone = await sender.send({
      kind: 'register',
      name: 'Your registration',
      request: (options) => saleClient(services).register(saleId, options),
      accepted: () => null,
      refused: (problem) => refusalWords(problem, currency),
    });
    if (isDone) await admission.again();
  };
  return (
    <div class="admission bar" data-testid="admission">
      Only registered bidders may bid in this sale.
      <Button look="primary" disabled={sender.busy} onClick={() => void register()}>
        {!sender.busy ? 'Register' : 'Registering …'}
      </Button>
      <NoticeText notice={sender.notice.value} />
    </div>
  );
}

function registrationText(own: OwnRegistration, currency: string): string {
  const money = (amount: number): string => formatMoney(amount, currency);
  switch (own.status) {
    case 'pending':
      return 'waits for the seller’s approval. You can bid as soon as it is given.';
    case 'refused':
      return 'was not admitted to this sale.';
    case 'blocked':
      return 'may not bid here any more.';
    case 'approved':
      return own.limit === null || own.available === null
        ? `is approved, without a limit. Committed: ${money(own.committed)}.`
        : `is approved. Of your limit of ${money(own.limit)}, ${money(own.available)} is left; committed: ${money(own.committed)}.`;
  }
}
