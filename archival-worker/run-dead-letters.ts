/**
 * `npm run dead-letters`: lists the messages that could not be stored, oldest first.
 * `npm run dead-letters -- retry [hash or its beginning | all]`: stores them again. Exit code 0 when
 * nothing is left of what was to be retried, 1 when something is, or the tool could not do its work.
 * `npm run dead-letters -- discard <hash> --by <name> --why <reason>`: takes out one that is no event.
 */
import { parseArgs } from 'node:util';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { archiveStore } from './adapters/postgres/archive-store.ts';
import {
  deadLetterBox,
  type DeadLetterBox,
  type KeptLetter,
  type ListedLetter,
} from './adapters/postgres/dead-letters.ts';
import { RedisAuctionMarks } from './adapters/redis/auction-marks.ts';
import type { Judgement } from './archive/ports.ts';
import type { ToolSettings } from './config.ts';
import { withServers } from './create-servers.ts';
import {
  discardLetters,
  retryLetters,
  type LetterParts,
  type SettledLetter,
} from './dead-letters/settle-letters.ts';
import { runTool, UsageError, type ToolWork } from './tool.ts';

const HELP = `npm run dead-letters                     lists what could not be stored
npm run dead-letters -- retry [all]      stores all of it again
npm run dead-letters -- retry <hash>     stores one: 8 or more hex digits of its hash
npm run dead-letters -- discard <hash> --by <name> --why <reason>
                                         takes one out for good that is no event, and keeps
                                         who decided that and why`;
const DATABASE_LIMIT_MS = 30_000;
const CONNECTIONS = 2;
const MAX_LISTED = 500;
const PROGRESS_EVERY = 100;

type Shown = Omit<ListedLetter, 'subject'>;

function line({ hash, auctionId, seenAt, bytes, reason }: Shown): string {
  const time = seenAt.replace(/\.\d+Z$/, 'Z');
  return `${hash.slice(0, 12)}  ${auctionId ?? '(no auction)'}  ${time}  ${bytes} bytes  ${reason}`;
}

const sized = ({ payload, ...letter }: KeptLetter): Shown => ({ ...letter, bytes: payload.length });

/** Needs Postgres only. */
const list = (settings: ToolSettings, log: Logger): Promise<void> =>
  withServers('dead-letters', settings, log, ({ database }) =>
    listIn(deadLetterBox(database(CONNECTIONS, DATABASE_LIMIT_MS))),
  );

/** Work that takes letters out; needs Postgres and Redis. */
const settling =
  (work: (parts: LetterParts) => Promise<void>): ToolWork =>
  (settings, log) =>
    withServers('dead-letters', settings, log, async (servers) => {
      const database = servers.database(CONNECTIONS, DATABASE_LIMIT_MS);
      const redis = await servers.redis({ enableAutoPipelining: true });
      const marks = new RedisAuctionMarks(redis, settings.SHARDS);
      return work({ box: deadLetterBox(database), store: archiveStore(database), marks });
    });

async function listIn(box: DeadLetterBox): Promise<void> {
  const letters = await box.list(undefined, MAX_LISTED);
  for (const letter of letters) console.log(line(letter));
  const all = await box.count();
  console.log(all === 0 ? 'There are no dead letters.' : `${all} dead letters.`);
  if (all > letters.length) console.log(`The oldest ${letters.length} are shown.`);
}

function tellUnblocked({ letter, unblocked }: SettledLetter): void {
  if (unblocked) console.log(`${letter.auctionId ?? ''} is no longer blocked`);
}

function noneStartsWith(hashPrefix: string): UsageError {
  return new UsageError(`No dead letter has a hash that starts with ${hashPrefix}.`);
}

async function retry(parts: LetterParts, hashPrefix: string): Promise<void> {
  let [stored, kept] = [0, 0];
  for await (const { letter, refusal, conflicts, unblocked } of retryLetters(parts, hashPrefix)) {
    if (refusal === undefined) stored += 1;
    else {
      kept += 1;
      console.error(`still refused  ${line({ ...sized(letter), reason: refusal })}`);
    }
    if (conflicts > 0) console.error(`in conflict    ${line(sized(letter))}`);
    tellUnblocked({ letter, unblocked });
    if ((stored + kept) % PROGRESS_EVERY === 0) console.log(`${stored + kept} tried …`);
  }
  if (stored + kept === 0 && hashPrefix !== '') throw noneStartsWith(hashPrefix);
  console.log(`${stored} stored, ${kept} kept.`);
  if (kept > 0) process.exitCode = 1;
}

async function discard(
  parts: LetterParts,
  hashPrefix: string,
  judgement: Judgement,
): Promise<void> {
  let discarded = 0;
  for await (const { letter, unblocked } of discardLetters(parts, hashPrefix, judgement)) {
    discarded += 1;
    console.log(`discarded      ${line(sized(letter))}`);
    tellUnblocked({ letter, unblocked });
  }
  if (discarded === 0) throw noneStartsWith(hashPrefix);
}

const HASH = /^[0-9a-f]{8,64}$/;

/** What the command line asks for. @throws UsageError */
function asked(): ToolWork {
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
    return settling((parts) => discard(parts, which, { by, why }));
  }
  if (more.length === 0 && by === '' && why === '') {
    if (command === undefined) return list;
    if (command === 'retry' && (which === 'all' || isHash)) {
      return settling((parts) => retry(parts, isHash ? which : ''));
    }
  }
  throw new UsageError(HELP);
}

await runTool('dead-letters', asked, [Error]);
