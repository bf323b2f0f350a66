import { useState } from 'preact/hooks';
import type { AdminClient } from '@outcry/client/admin-client.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { DeadLetterView, RetriedDeadLetter } from '@outcry/shared/contracts/dead-letters.ts';
import { Button } from '../parts/button.tsx';
import { NoticeText } from '../parts/notice-text.tsx';
import { Panel } from '../parts/panel.tsx';
import { ReasonDialog } from '../parts/reason-dialog.tsx';
import { momentOf } from '../state/clock.ts';
import type { Notice } from '../state/command-sender.ts';
import { good, useCommands } from './commands.ts';
import { List, usePages } from './pages.tsx';
import { searchPath } from './search.ts';

interface DeadLettersProps {
  readonly client: OutcryClient;
  readonly admin: AdminClient;
}

/** So many digits name a letter to people. */
const SHOWN_DIGITS = 12;

/** Messages that could not be stored, which are stored again or judged to be no events. */
export function DeadLetters({ client, admin }: DeadLettersProps) {
  const pages = usePages(client, (query) => admin.deadLetters(query));
  const commands = useCommands(client);
  const [asking, setAsking] = useState<DeadLetterView | null>(null);
  const retry = async ({ hash }: DeadLetterView): Promise<void> => {
    await commands.run({
      request: () => admin.retryDeadLetter(hash),
      done: retriedWords,
    });
    pages.again();
  };
  const discard = async ({ hash }: DeadLetterView, reason: string): Promise<boolean> => {
    const isDone = await commands.run({
      request: () => admin.discardDeadLetter(hash, reason),
      done: () => good('Discarded', 'It is kept aside with your name and reason.'),
    });
    pages.again();
    return isDone;
  };
  return (
    <Panel title="Dead letters">
      <p class="muted">
        Messages that the archive could not store. Their auctions cannot be sealed until then.
      </p>
      <NoticeText notice={asking === null ? commands.notice.value : null} />
      <List
        pages={pages}
        none="There are none: all that has happened is archived."
        keyOf={({ hash, subject }) => hash + subject}
        row={(letter) => (
          <>
            <div>
              <p class="fault">{letter.reason}</p>
              <p>
                {letter.auctionId === null ? (
                  'Of no auction'
                ) : (
                  <a href={searchPath('auction', letter.auctionId)}>{letter.auctionId}</a>
                )}
              </p>
              <p class="hint">
                {momentOf(letter.seenAt)} · {letter.bytes.toLocaleString()} bytes ·{' '}
                <code>{letter.hash.slice(0, SHOWN_DIGITS)}</code>
              </p>
            </div>
            <div class="row">
              <Button disabled={commands.busy} onClick={() => void retry(letter)}>
                Store again
              </Button>
              <Button
                disabled={commands.busy}
                onClick={() => {
                  commands.forgetNotice();
                  setAsking(letter);
                }}
              >
                Discard
              </Button>
            </div>
          </>
        )}
      />
      {asking !== null && (
        <ReasonDialog
          title="Discard this message?"
          hint="It is kept with the message, and who discarded it."
          action="Discard"
          busyAction="Discarding …"
          sender={commands}
          onGiven={(reason) => discard(asking, reason)}
          onClose={() => setAsking(null)}
        >
          Only discard what is no event of an auction, for instance what somebody published by
          mistake. An event of ours comes again.
        </ReasonDialog>
      )}
    </Panel>
  );
}

function retriedWords({ stored, kept, reason }: RetriedDeadLetter): Notice {
  if (kept === 0) return good('Stored', 'It is in the archive now.');
  const title = stored === 0 ? 'Still not stored' : 'Stored in part';
  return { tone: 'bad', title, advice: `The reason is still: ${reason}.` };
}
