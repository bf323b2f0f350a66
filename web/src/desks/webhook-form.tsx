import { useState } from 'preact/hooks';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { WebhookClient } from '@outcry/client/webhook-client.ts';
import {
  WEBHOOK_EVENTS,
  type WebhookEvent,
  type WebhookWithSecret,
} from '@outcry/shared/contracts/webhooks.ts';
import { Button } from '../parts/button.tsx';
import { Form, TextField } from '../parts/form.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { isAdmin } from '../state/session.ts';
import { useCommands } from './commands.ts';
import { typedId } from './search.ts';
import { EVENT_WORDS, webhookRefusalWords } from './webhook-words.ts';

/** Who invoices needs both: after a removal only one of them may come. */
const FIRST_CHOSEN: readonly WebhookEvent[] = ['auction.ended', 'bidder.won'];

interface WebhookFormProps {
  readonly client: OutcryClient;
  readonly webhooks: WebhookClient;
  readonly onMade: (made: WebhookWithSecret) => void;
}

interface Faults {
  readonly url?: string;
  readonly seller?: string;
  readonly events?: string;
}

/** Adds a webhook: where to, of what, and for admins of whose auctions. */
export function WebhookForm({ client, webhooks, onMade }: WebhookFormProps) {
  const commands = useCommands(client, webhookRefusalWords);
  const [url, setUrl] = useState('');
  const [seller, setSeller] = useState('');
  const [events, setEvents] = useState(FIRST_CHOSEN);
  const [faults, setFaults] = useState<Faults>({});
  const changed = (): void => {
    setFaults({});
    commands.forgetNotice();
  };
  const submit = async (): Promise<void> => {
    const auctionsOf = seller.trim() === '' ? undefined : typedId(seller);
    const found: Faults = {
      ...(!/^https?:\/\/./iu.test(url.trim()) && {
        url: 'Enter an address that begins with https://',
      }),
      ...(seller.trim() !== '' && auctionsOf === undefined && { seller: 'Enter a user’s id.' }),
      ...(events.length === 0 && { events: 'Choose at least one.' }),
    };
    setFaults(found);
    if (Object.keys(found).length > 0) return;
    const isMade = await commands.run({
      name: 'Your webhook',
      request: (options) => webhooks.create({ url: url.trim(), events, auctionsOf }, options),
      done: (made) => {
        onMade(made);
        return null;
      },
    });
    if (isMade) setUrl('');
  };
  return (
    <Form class="panel stack" aria-label="Add a webhook" onSubmit={submit}>
      <h2>Add a webhook</h2>
      <p class="muted">
        {isAdmin.value
          ? 'Another system of yours is told of what happens in auctions, as it happens.'
          : 'Another system of yours is told of what happens in your auctions, as it happens.'}
      </p>
      <TextField
        label="Address"
        hint="https, on the public Internet."
        fault={faults.url}
        type="url"
        inputMode="url"
        placeholder="https://shop.example/outcry"
        value={url}
        onValue={(typed) => {
          setUrl(typed);
          changed();
        }}
      />
      <fieldset class="desk-choices">
        <legend>Tell it when</legend>
        {WEBHOOK_EVENTS.map((name) => (
          <label key={name} class="check">
            <input
              type="checkbox"
              checked={events.includes(name)}
              onChange={({ currentTarget }) => {
                const others = events.filter((each) => each !== name);
                setEvents(currentTarget.checked ? [...others, name] : others);
                changed();
              }}
            />
            {EVENT_WORDS[name]}
          </label>
        ))}
        <p class="fault" aria-live="polite">
          {faults.events ?? ''}
        </p>
      </fieldset>
      {isAdmin.value && (
        <TextField
          label="Only auctions of this seller"
          hint="A user’s id. Without it: all auctions."
          fault={faults.seller}
          optional
          autoCapitalize="none"
          spellcheck={false}
          value={seller}
          onValue={(typed) => {
            setSeller(typed);
            changed();
          }}
        />
      )}
      <NoticeText notice={commands.notice.value} />
      <div class="row">
        <Button look="primary" type="submit" disabled={commands.busy}>
          {commands.busy ? 'Adding …' : 'Add it'}
        </Button>
      </div>
    </Form>
  );
}
