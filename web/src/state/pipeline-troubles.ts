/** What is wrong in the pipeline, and what it means for the people who use it; pure. */
import { spanText } from '../format/figures.ts';
import type { Health, ServiceName } from './operations.ts';
import type { PipelineFigures } from './pipeline-figures.ts';

export type StageName = 'decide' | 'publish' | 'archive' | 'show' | 'keep' | 'seal';

export interface Trouble {
  /** The stage where it shows; undefined when it is not the pipeline's. */
  readonly stage?: StageName;
  readonly title: string;
  readonly meaning: string;
}

type HealthStates = Readonly<Record<ServiceName, Pick<Health, 'state'>>>;

/**
 * The limits of infrastructure/observability/alerts.yaml; a test compares them. An alert also waits
 * to see whether it lasts; this page shows what is above its limit right now.
 */
const MANY_WAITING = 1_000;
const MEMORY_NEARLY_FULL = 0.75;
const KEEPER_LATE_SECONDS = 1;
const PUBLISH_LATE_SECONDS = 60;
const ARCHIVE_LATE_SECONDS = 60;
const SEAL_LATE_SECONDS = 900;

const isAbove = (figure: number | undefined, limit: number): boolean => (figure ?? 0) > limit;

/** The gravest first. @param now the newest figures; empty before there are any */
export function troublesOf(
  { gateway, broadcaster, archive }: HealthStates,
  now: Partial<PipelineFigures>,
): readonly Trouble[] {
  const states = [gateway.state, broadcaster.state, archive.state];
  if (states.every((state) => state === 'unreachable')) {
    return [
      {
        title: 'No service answers',
        meaning: 'The web server, or the network to it, may be down rather than the services.',
      },
    ];
  }
  return [
    ...trouble(
      'decide',
      awayTitle('gateway', gateway.state),
      gateway.state === 'unreachable'
        ? 'Nobody can bid through it. What it accepted is safe in Redis.'
        : 'Bids are refused until it is. What was accepted is kept.',
    ),
    ...trouble(
      'decide',
      isAbove(now.commandsWaiting, MANY_WAITING) && 'Bids wait in line',
      'They come faster than Redis decides them.',
    ),
    ...trouble(
      'decide',
      isAbove(now.memoryShare, MEMORY_NEARLY_FULL) && 'Redis is nearly full',
      'When it is, bids are refused. The log shrinks as soon as the archive has what it holds.',
    ),
    ...trouble(
      'keep',
      isAbove(now.latenessP99Seconds, KEEPER_LATE_SECONDS) && 'Auctions open and close late',
      'The keeper cannot keep up, or Redis is slow.',
    ),
    ...trouble(
      'show',
      awayTitle('broadcaster', broadcaster.state),
      'Viewers read the price every few seconds instead of seeing it move.',
    ),
    ...trouble('publish', publishTitle(now), publishMeaning(now)),
    ...trouble(
      'archive',
      awayTitle('archive', archive.state),
      'History, search and proofs are not available. Bids go on; the archive catches up.',
    ),
    ...trouble(
      'archive',
      !isAway(archive.state) &&
        isAbove(now.unarchivedSeconds, ARCHIVE_LATE_SECONDS) &&
        'The archive is behind',
      `Its oldest missing event is from ${spanText(now.unarchivedSeconds)} ago. Bids go on.`,
    ),
    ...trouble(
      'archive',
      isAbove(now.deadLetters, 0) && 'Some events cannot be stored',
      'They are kept as dead letters; “npm run dead-letters” names the reasons.',
    ),
    ...trouble(
      'seal',
      isAbove(now.sealDoubts, 0) && 'Some auctions cannot be sealed',
      'Their history lacks events or differs from Redis. The worker’s log names them.',
    ),
    ...trouble(
      'seal',
      isAbove(now.sealLagSeconds, SEAL_LATE_SECONDS) && 'Seals are behind',
      'Auctions that are over have no proof yet, and stay in Redis until then.',
    ),
  ];
}

/** @param title false when there is no such trouble */
const trouble = (stage: StageName, title: string | false, meaning: string): readonly Trouble[] =>
  title === false ? [] : [{ stage, title, meaning }];

const isAway = (state: Health['state']): boolean =>
  state === 'unreachable' || state === 'not ready';

function awayTitle(service: ServiceName, state: Health['state']): string | false {
  if (!isAway(state)) return false;
  return `The ${service} ${state === 'unreachable' ? 'does not answer' : 'is not ready'}`;
}

const isPublishLate = (now: Partial<PipelineFigures>): boolean =>
  isAbove(now.unpublishedSeconds, PUBLISH_LATE_SECONDS);

function publishTitle(now: Partial<PipelineFigures>): string | false {
  if (now.publishing === false) return 'JetStream takes nothing';
  return isPublishLate(now) && 'Publishing is behind';
}

function publishMeaning(now: Partial<PipelineFigures>): string {
  const bidsGoOn = 'Bids go on; what is accepted waits in Redis and is published by itself.';
  if (!isPublishLate(now)) return bidsGoOn;
  return `${bidsGoOn} The oldest event has waited for ${spanText(now.unpublishedSeconds)}.`;
}
