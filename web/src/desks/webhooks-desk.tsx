import './desks.css';
import { useState } from 'preact/hooks';
import { WebhookClient } from '@outcry/client/webhook-client.ts';
import type { Webhook, WebhookWithSecret } from '@outcry/shared/contracts/webhooks.ts';
import { ConfirmDialog } from '../parts/dialog.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { clientOf, type Services } from '../state/services.ts';
import { isAdmin } from '../state/session.ts';
import { good, useCommands } from './commands.ts';
import { List, usePages } from './pages.tsx';
import { SecretDialog } from './secret-dialog.tsx';
import { WebhookCard } from './webhook-card.tsx';
import { WebhookForm } from './webhook-form.tsx';
import { webhookRefusalWords } from './webhook-words.ts';

interface Question {
  readonly kind: 'rotate' | 'remove';
  readonly webhook: Webhook;
}

/** The caller's webhooks, an admin's all: adding, ending and looking after them. */
export function WebhooksDesk({ services }: { readonly services: Services }) {
  const { client } = services;
  const webhooks = clientOf(services, WebhookClient);
  const pages = usePages(client, (query) => webhooks.list(query));
  const commands = useCommands(client, webhookRefusalWords);
  const [asking, setAsking] = useState<Question | null>(null);
  const [fresh, setFresh] = useState<WebhookWithSecret | null>(null);
  const show = (made: WebhookWithSecret): void => {
    setFresh(made);
    pages.again();
  };
  const rotate = ({ id }: Webhook): Promise<boolean> =>
    commands.run({
      request: (options) => webhooks.rotate(id, options),
      done: (made) => {
        show(made);
        return null;
      },
    });
  const remove = async ({ id }: Webhook): Promise<boolean> => {
    const isDone = await commands.run({
      request: () => webhooks.remove(id),
      done: () => good('Deleted', 'Nothing is sent there any more.'),
    });
    pages.again();
    return isDone;
  };
  const ask = (question: Question): void => {
    commands.forgetNotice();
    setAsking(question);
  };
  return (
    <div class="stack desk">
      <WebhookForm client={client} webhooks={webhooks} onMade={show} />
      <section class="panel" aria-label="Your webhooks">
        <h2>{isAdmin.value ? 'All webhooks' : 'Your webhooks'}</h2>
        <NoticeText notice={asking === null ? commands.notice.value : null} />
        <List
          pages={pages}
          none="None yet. Add the first one above."
          keyOf={({ id }) => id}
          row={(webhook) => (
            <WebhookCard
              client={client}
              webhooks={webhooks}
              webhook={webhook}
              onRotate={() => ask({ kind: 'rotate', webhook })}
              onRemove={() => ask({ kind: 'remove', webhook })}
            />
          )}
        />
      </section>
      {asking?.kind === 'rotate' && (
        <ConfirmDialog
          title="Give it a new secret?"
          action="New secret"
          sender={commands}
          onConfirmed={() => rotate(asking.webhook)}
          onClose={() => setAsking(null)}
        >
          For 24 hours the present secret signs as well. One that was replaced within the last 24
          hours signs no more.
        </ConfirmDialog>
      )}
      {asking?.kind === 'remove' && (
        <ConfirmDialog
          title="Delete this webhook?"
          action="Delete"
          sender={commands}
          onConfirmed={() => remove(asking.webhook)}
          onClose={() => setAsking(null)}
        >
          {asking.webhook.url} is told nothing any more, not even what waits for it. The list of
          what was sent goes too.
        </ConfirmDialog>
      )}
      {fresh !== null && asking === null && (
        <SecretDialog secret={fresh.secret} onClose={() => setFresh(null)} />
      )}
    </div>
  );
}
