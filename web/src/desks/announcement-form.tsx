import { useState } from 'preact/hooks';
import type { AdminClient } from '@outcry/client/admin-client.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { Button } from '../parts/button.tsx';
import { Form, TextField } from '../parts/form.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { Panel } from '../parts/panel.tsx';
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
    <Panel title="Announcement">
      <Form class="stack" onSubmit={send}>
        <TextField
          label="What everybody is to read"
          hint="On every page that is open now, until the reader closes it. It is not kept."
          fault={fault}
          rows={2}
          dir="auto"
          maxLength={MAX_TEXT}
          value={text}
          onValue={(typed) => {
            setText(typed);
            setFault('');
            commands.forgetNotice();
          }}
        />
        <div class="row">
          <Button look="primary" type="submit" disabled={commands.busy}>
            Tell everybody
          </Button>
        </div>
        <NoticeText notice={commands.notice.value} />
      </Form>
    </Panel>
  );
}
