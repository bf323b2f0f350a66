import { useState } from 'preact/hooks';
import type { AdminClient } from '@outcry/client/admin-client.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { FormField } from '../parts/form-field.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { good, useCommands } from './commands.ts';

/** As the broadcaster takes it. */
const MAX_TEXT = 500;

interface AnnouncementFormProps {
  readonly client: OutcryClient;
  readonly admin: AdminClient;
}

/** Tells everybody who is on a page right now. */
export function AnnouncementForm({ client, admin }: AnnouncementFormProps) {
  const commands = useCommands(client);
  const [text, setText] = useState('');
  const [fault, setFault] = useState('');
  const send = async (): Promise<void> => {
    const tidy = text.trim();
    if (tidy === '') {
      setFault('Write what everybody is to read.');
      return;
    }
    const isSent = await commands.run({
      name: 'Your announcement',
      request: () => admin.announce(tidy),
      done: () => good('Announced', 'Everybody who is on a page now reads it.'),
    });
    if (isSent) setText('');
  };
  return (
    <section class="panel" aria-label="Announcement">
      <h2>Announcement</h2>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <FormField
          label="What everybody is to read"
          hint="On every page that is open now, until the reader closes it. It is not kept."
          fault={fault}
          control={(tied) => (
            <textarea
              {...tied}
              rows={2}
              dir="auto"
              maxLength={MAX_TEXT}
              value={text}
              onInput={({ currentTarget }) => {
                setText(currentTarget.value);
                setFault('');
                commands.forgetNotice();
              }}
            />
          )}
        />
        <div class="row">
          <button type="submit" class="button button-primary" disabled={commands.busy}>
            Tell everybody
          </button>
        </div>
        <NoticeText notice={commands.notice} />
      </form>
    </section>
  );
}
