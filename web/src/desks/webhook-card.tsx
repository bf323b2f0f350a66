import { useId, useState } from 'preact/hooks';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { WebhookClient } from '@outcry/client/webhook-client.ts';
import type { Webhook } from '@outcry/shared/contracts/webhooks.ts';
import { Button } from '../parts/button.tsx';
import { momentOf } from '../state/clock.ts';
import { isAdmin } from '../state/session.ts';
import { Deliveries } from './deliveries.tsx';
import { EVENT_WORDS } from './webhook-words.ts';

interface WebhookCardProps {
  readonly client: OutcryClient;
  readonly webhooks: WebhookClient;
  readonly webhook: Webhook;
  readonly onRotate: () => void;
  readonly onRemove: () => void;
}

/** A webhook, what can be done with it, and on demand what was sent to it. */
export function WebhookCard({ client, webhooks, webhook, onRotate, onRemove }: WebhookCardProps) {
  const { id, url, events, auctionsOf, ownerId, createdAt, previousSecretUntil } = webhook;
  const [isOpen, setOpen] = useState(false);
  const deliveriesId = useId();
  return (
    <>
      <div data-testid="webhook">
        <p>
          <strong>{url}</strong>
        </p>
        <p class="row">
          {events.map((name) => (
            <span key={name} class="tag">
              {EVENT_WORDS[name]}
            </span>
          ))}
        </p>
        <p class="hint">
          {auctionsOf === null ? 'All auctions' : `Auctions of ${auctionsOf}`}
          {isAdmin.value && ` · added by ${ownerId}`} · since {momentOf(createdAt)}
        </p>
        {previousSecretUntil !== null && (
          <p class="hint">The former secret signs as well until {momentOf(previousSecretUntil)}.</p>
        )}
      </div>
      <div class="row">
        <Button
          aria-expanded={isOpen}
          aria-controls={deliveriesId}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? 'Hide what was sent' : 'What was sent'}
        </Button>
        <Button onClick={onRotate}>New secret</Button>
        <Button onClick={onRemove}>Delete</Button>
      </div>
      <div id={deliveriesId} class="desk-wide">
        {isOpen && <Deliveries client={client} webhooks={webhooks} webhookId={id} />}
      </div>
    </>
  );
}
