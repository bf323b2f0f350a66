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

type Services = Readonly<Record<ServiceName, Pick<Health, 'state'>>>;

/** From here on a lag is more than a busy moment. */
const PUBLISH_LATE_SECONDS = 30;
const ARCHIVE_LATE_SECONDS = 60;
const SEAL_LATE_SECONDS = 600;
const KEEPER_LATE_SECONDS = 2;
/** As in the alerts. */
const MANY_WAITING = 1_000;
const MEMORY_NEARLY_FULL = 0.8;

/** The gravest first. @param now the newest figures; empty before there are any */
export function troublesOf(services: Services, now: Partial<PipelineFigures>): readonly Trouble[] {
  const states = Object.values(services).map(({ state }) => state);
  if (states.every((state) => state === 'unreachable')) {
    return [
      {
        title: 'No service answers',
        meaning: 'The web server, or the network to it, may be down rather than the services.',
      },
    ];
  }
  return [
    ...decideTroubles(services.gateway.state, now),
    ...showTroubles(services.broadcaster.state),
    ...publishTroubles(now),
    ...archiveTroubles(services.archive.state, now),
    ...sealTroubles(now),
  ];
}

function decideTroubles(state: Health['state'], now: Partial<PipelineFigures>): Trouble[] {
  const troubles: Trouble[] = [];
  const found = (stage: StageName, title: string, meaning: string): void => {
    troubles.push({ stage, title, meaning });
  };
  if (state === 'unreachable') {
    found(
      'decide',
      'The gateway does not answer',
      'Nobody can bid through it. What it accepted is safe in Redis.',
    );
  }
  if (state === 'not ready') {
    found(
      'decide',
      'The gateway is not ready',
      'Bids are refused until it is. What was accepted is kept.',
    );
  }
  if ((now.commandsWaiting ?? 0) > MANY_WAITING) {
    found('decide', 'Bids wait in line', 'They come faster than Redis decides them.');
  }
  if ((now.memoryShare ?? 0) > MEMORY_NEARLY_FULL) {
    found(
      'decide',
      'Redis is nearly full',
      'When it is, bids are refused. The log shrinks as soon as the archive has what it holds.',
    );
  }
  if ((now.latenessSeconds ?? 0) > KEEPER_LATE_SECONDS) {
    found('keep', 'Auctions open and close late', 'The keeper cannot keep up, or Redis is slow.');
  }
  return troubles;
}

function showTroubles(state: Health['state']): Trouble[] {
  if (state !== 'unreachable' && state !== 'not ready') return [];
  return [
    {
      stage: 'show',
      title:
        state === 'unreachable'
          ? 'The broadcaster does not answer'
          : 'The broadcaster is not ready',
      meaning: 'Viewers read the price every few seconds instead of seeing it move.',
    },
  ];
}

function publishTroubles(now: Partial<PipelineFigures>): Trouble[] {
  const isLate = (now.unpublishedSeconds ?? 0) > PUBLISH_LATE_SECONDS;
  if (now.publishing !== false && !isLate) return [];
  const waits = isLate ? ` The oldest event waits since ${spanText(now.unpublishedSeconds)}.` : '';
  return [
    {
      stage: 'publish',
      title: now.publishing === false ? 'JetStream takes nothing' : 'Publishing is behind',
      meaning: `Bids go on; what is accepted waits in Redis and is published by itself.${waits}`,
    },
  ];
}

function archiveTroubles(state: Health['state'], now: Partial<PipelineFigures>): Trouble[] {
  const troubles: Trouble[] = [];
  const found = (title: string, meaning: string): void => {
    troubles.push({ stage: 'archive', title, meaning });
  };
  const away = 'History, search and proofs are not available. Bids go on; the archive catches up.';
  if (state === 'unreachable') found('The archive does not answer', away);
  else if (state === 'not ready') found('The archive is not ready', away);
  else if ((now.unarchivedSeconds ?? 0) > ARCHIVE_LATE_SECONDS) {
    found(
      'The archive is behind',
      `Its oldest missing event is from ${spanText(now.unarchivedSeconds)} ago. Bids go on.`,
    );
  }
  if ((now.deadLetters ?? 0) > 0) {
    found(
      'Some events cannot be stored',
      'They are kept as dead letters; “npm run dead-letters” names the reasons.',
    );
  }
  return troubles;
}

function sealTroubles(now: Partial<PipelineFigures>): Trouble[] {
  const troubles: Trouble[] = [];
  if ((now.sealDoubts ?? 0) > 0) {
    troubles.push({
      stage: 'seal',
      title: 'Some auctions cannot be sealed',
      meaning: 'Their history lacks events or differs from Redis. The worker’s log names them.',
    });
  }
  if ((now.sealLagSeconds ?? 0) > SEAL_LATE_SECONDS) {
    troubles.push({
      stage: 'seal',
      title: 'Seals are behind',
      meaning: 'Auctions that are over have no proof yet, and stay in Redis until then.',
    });
  }
  return troubles;
}
