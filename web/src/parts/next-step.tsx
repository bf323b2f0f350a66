import { useState } from 'preact/hooks';
import type { NextStep } from '@outcry/shared/contracts/history.ts';
import type { Services } from '../state/services.ts';
import { asUser } from '../state/session.ts';
import { Button, ButtonLink } from './button.tsx';

/** What the installation asks of who has won or sold: a text, and a link to where it goes on. */
export function NextStepText({ step }: { readonly step: NextStep }) {
  return (
    <>
      {step.text !== null && <p data-testid="next-step">{step.text}</p>}
      {step.url !== null && <ButtonLink href={step.url}>Go on</ButtonLink>}
    </>
  );
}

interface AskNextStepProps {
  readonly client: Services['client'];
  readonly auctionId: string;
}

/** The same in a list, read when it is asked for. */
export function AskNextStep({ client, auctionId }: AskNextStepProps) {
  const [step, setStep] = useState<NextStep | 'reading' | 'failed' | null>(null);
  const read = (): void => {
    setStep('reading');
    asUser(client, () => client.nextStep(auctionId)).then(setStep, () => setStep('failed'));
  };
  if (step !== null && typeof step === 'object') {
    const isEmpty = step.text === null && step.url === null;
    return isEmpty ? (
      <p class="hint">Nothing is asked of you here.</p>
    ) : (
      <NextStepText step={step} />
    );
  }
  return (
    <>
      {step === 'failed' && <p class="hint">This cannot be read right now.</p>}
      <Button disabled={step === 'reading'} onClick={read}>
        What now?
      </Button>
    </>
  );
}
