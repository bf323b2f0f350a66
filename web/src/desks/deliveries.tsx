import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { WebhookClient } from '@outcry/client/webhook-client.ts';
import type { DeliveryStatus, WebhookDelivery } from '@outcry/shared/contracts/webhooks.ts';
import { Button } from '../parts/button.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { roomPath } from '../routes.ts';
import { momentOf } from '../state/clock.ts';
import { good, useCommands } from './commands.ts';
import { List, usePages } from './pages.tsx';
import { attemptText, eventWords, STATUS_WORDS, webhookRefusalWords } from './webhook-words.ts';

const TONES: Readonly<Record<DeliveryStatus, string>> = {
  pending: '',
  delivered: 'tag-met',
  dead: 'tag-open',
};

interface DeliveriesProps {
  readonly client: OutcryClient;
  readonly webhooks: WebhookClient;
  readonly webhookId: string;
}

/** What was sent to a webhook, the newest first, and what came of it. */
export function Deliveries({ client, webhooks, webhookId }: DeliveriesProps) {
  const pages = usePages(client, (query) => webhooks.deliveries(webhookId, query));
  const commands = useCommands(client, webhookRefusalWords);
  const again = async ({ id }: WebhookDelivery): Promise<void> => {
    await commands.run({
      request: (options) => webhooks.redeliver(webhookId, id, options),
      done: () => good('It is sent again', 'The list shows what comes of it.'),
    });
    pages.again();
  };
  return (
    <>
      <NoticeText notice={commands.notice.value} />
      <List
        pages={pages}
        none="Nothing was sent in the last 30 days."
        keyOf={({ id }) => id}
        row={(delivery) => (
          <>
            <div data-testid="delivery">
              <p>
                {eventWords(delivery.type)}{' '}
                <span class={`tag ${TONES[delivery.status]}`}>{STATUS_WORDS[delivery.status]}</span>
              </p>
              <p class="hint">
                <a href={roomPath(delivery.auctionId)}>{delivery.auctionId}</a> ·{' '}
                {momentOf(delivery.at)}
              </p>
              <p class="hint">
                {attemptText(delivery)}
                {delivery.lastAttempt !== null && `, ${momentOf(delivery.lastAttempt.at)}`}
              </p>
            </div>
            <Button
              disabled={commands.busy}
              aria-label={`Send again: ${eventWords(delivery.type)}, ${delivery.auctionId}`}
              onClick={() => void again(delivery)}
            >
              Send again
            </Button>
          </>
        )}
      />
    </>
  );
}
