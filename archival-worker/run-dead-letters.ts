/**
 * `npm run dead-letters`: lists the messages that could not be stored, oldest first.
 * `npm run dead-letters -- retry [hash or its beginning | all]`: stores them again. Exit code 0 when
 * nothing is left of what was to be retried, 1 when something is, or the tool could not do its work.
 * `npm run dead-letters -- discard <hash> --by <name> --why <reason>`: takes out one that is no event.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readRunFile } from '@outcry/local/run-file.ts';
import { createLogger, type Logger } from '@outcry/shared/runtime/logger.ts';
import { toolSettings, type ToolSettings } from './config.ts';
import { withDeadLetterBox, withRetryParts } from './create-dead-letters.ts';
import type { Judgement } from './archive/ports.ts';
import { discardLetters } from './dead-letters/discard-letters.ts';
import type { DeadLetterBox, KeptLetter, ListedLetter } from './dead-letters/ports.ts';
import { retryLetters, type RetryParts } from './dead-letters/retry-letters.ts';
import { surviveLostSockets } from './lost-socket.ts';

const RUN_FILE = join(fileURLToPath(new URL('..', import.meta.url)), '.local', 'run.json');
const HELP = `npm run dead-letters                     lists what could not be stored
npm run dead-letters -- retry [all]      stores all of it again
npm run dead-letters -- retry <hash>     stores one: 8 or more hex digits of its hash
npm run dead-letters -- discard <hash> --by <name> --why <reason>
                                         takes one out for good that is no event, and keeps
                                         who decided that and why`;
const MAX_LISTED = 500;
const PROGRESS_EVERY = 100;

type Shown = Omit<ListedLetter, 'subject'>;

function line({ hash, auctionId, seenAt, bytes, reason }: Shown): string {
  const time = seenAt.toISOString().replace(/\.\d+Z$/, 'Z');
  return `${hash.slice(0, 12)}  ${auctionId ?? '(no auction)'}  ${time}  ${bytes} bytes  ${reason}`;
}

const sized = ({ payload, ...letter }: KeptLetter): Shown => ({ ...letter, bytes: payload.length });

async function list(box: DeadLetterBox): Promise<void> {
  const letters = await box.list(undefined, MAX_LISTED);
  for (const letter of letters) console.log(line(letter));
  const all = await box.count();
  console.log(all === 0 ? 'There are no dead letters.' : `${all} dead letters.`);
  if (all > letters.length) console.log(`The oldest ${letters.length} are shown.`);
}

async function retry(parts: RetryParts, hashPrefix: string): Promise<void> {
  let [stored, kept] = [0, 0];
  for await (const { letter, refusal, conflicts, unblocked } of retryLetters(parts, hashPrefix)) {
    if (refusal === undefined) stored += 1;
    else {
      kept += 1;
      console.error(`still refused  ${line({ ...sized(letter), reason: refusal })}`);
    }
    if (conflicts > 0) console.error(`in conflict    ${line(sized(letter))}`);
    if (unblocked) console.log(`${letter.auctionId ?? ''} is no longer blocked`);
    if ((stored + kept) % PROGRESS_EVERY === 0) console.log(`${stored + kept} tried …`);
  }
  if (stored + kept === 0 && hashPrefix !== '') {
    throw new UsageError(`No dead letter has a hash that starts with ${hashPrefix}.`);
  }
  console.log(`${stored} stored, ${kept} kept.`);
  if (kept > 0) process.exitCode = 1;
}

async function discard(parts: RetryParts, hashPrefix: string, judgement: Judgement): Promise<void> {
  let discarded = 0;
  for await (const { letter, unblocked } of discardLetters(parts, hashPrefix, judgement)) {
    discarded += 1;
    console.log(`discarded      ${line(sized(letter))}`);
    if (unblocked) console.log(`${letter.auctionId ?? ''} is no longer blocked`);
  }
  if (discarded === 0) {
    throw new UsageError(`No dead letter has a hash that starts with ${hashPrefix}.`);
  }
}

class UsageError extends Error {}

const HASH = /^[0-9a-f]{8,64}$/;

/** What the command line asks for. @throws UsageError */
function asked(): (settings: ToolSettings, log: Logger) => Promise<void> {
  const options = { by: { type: 'string' }, why: { type: 'string' } } as const;
  let parsed;
  try {
    parsed = parseArgs({ allowPositionals: true, options });
  } catch {
    throw new UsageError(HELP);
  }
  const { by = '', why = '' } = parsed.values;
  const [command, which = 'all', ...more] = parsed.positionals;
  const isHash = HASH.test(which);
  const judged = by.trim() !== '' && why.trim() !== '';
  if (more.length === 0 && command === 'discard' && isHash && judged) {
    return (settings, log) =>
      withRetryParts(settings, log, (parts) => discard(parts, which, { by, why }));
  }
  if (more.length === 0 && by === '' && why === '') {
    if (command === undefined) return (settings, log) => withDeadLetterBox(settings, log, list);
    if (command === 'retry' && (which === 'all' || isHash)) {
      const hashPrefix = isHash ? which : '';
      return (settings, log) => withRetryParts(settings, log, (parts) => retry(parts, hashPrefix));
    }
  }
  throw new UsageError(HELP);
}

try {
  const work = asked();
  const settings = toolSettings('dead-letters', (await readRunFile(RUN_FILE))?.urls);
  const log = createLogger('dead-letters', settings.LOG_LEVEL);
  surviveLostSockets(log);
  await work(settings, log);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
