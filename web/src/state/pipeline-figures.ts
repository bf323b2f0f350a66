/** What an operator wants to know of the pipeline, out of two looks at each service; pure. */
import { meanSince, rate, total, type Look } from './metrics-text.ts';

export interface ServiceLooks {
  readonly gateway?: Look | undefined;
  readonly broadcaster?: Look | undefined;
  readonly archive?: Look | undefined;
}

/** Undefined where a service did not tell, or nothing happened to be measured. */
export interface PipelineFigures {
  readonly commandsPerSecond: number | undefined;
  /** Of all commands, those that were accepted. */
  readonly acceptedPerSecond: number | undefined;
  readonly commandsPerBatch: number | undefined;
  readonly commandsWaiting: number | undefined;
  /** Log entries that JetStream has not confirmed: on their way, and left to the keeper. */
  readonly entriesUnpublished: number | undefined;
  /** False while JetStream takes nothing. */
  readonly publishing: boolean | undefined;
  readonly repairedEntries: number | undefined;
  readonly archiveLagSeconds: number | undefined;
  readonly messagesBehind: number | undefined;
  readonly archivedPerSecond: number | undefined;
  readonly deadLetters: number | undefined;
  readonly sealedAuctions: number | undefined;
  readonly sealDoubts: number | undefined;
  readonly viewers: number | undefined;
  readonly watchedAuctions: number | undefined;
  readonly sentPerSecond: number | undefined;
  readonly gapsFilled: number | undefined;
}

/** Undefined until some service was looked at twice. */
export function pipelineFigures(
  before: ServiceLooks,
  now: ServiceLooks,
): PipelineFigures | undefined {
  const gateway = pairOf(before.gateway, now.gateway);
  const broadcaster = pairOf(before.broadcaster, now.broadcaster);
  const archive = pairOf(before.archive, now.archive);
  if (gateway === undefined && broadcaster === undefined && archive === undefined) {
    return undefined;
  }
  return {
    commandsPerSecond: gateway && rate(...gateway, 'outcry_commands_total'),
    acceptedPerSecond: gateway && rate(...gateway, 'outcry_commands_total', 'result="OK"'),
    commandsPerBatch: gateway && meanSince(...gateway, 'outcry_batch_commands'),
    commandsWaiting: gateway && level(gateway, 'outcry_commands_waiting'),
    entriesUnpublished:
      gateway &&
      level(gateway, 'outcry_handoff_in_flight') + level(gateway, 'outcry_handoff_left_to_keeper'),
    publishing: gateway && level(gateway, 'outcry_handoff_open') > 0,
    repairedEntries: gateway && level(gateway, 'outcry_keeper_repaired_entries_total'),
    archiveLagSeconds: archive && meanSince(...archive, 'outcry_archive_lag_seconds'),
    messagesBehind: archive && level(archive, 'outcry_archive_behind_messages'),
    archivedPerSecond: archive && rate(...archive, 'outcry_archive_events_total', 'result="new"'),
    deadLetters: archive && level(archive, 'outcry_archive_dead_letters_total'),
    sealedAuctions: archive && level(archive, 'outcry_seal_auctions_total'),
    sealDoubts: archive && level(archive, 'outcry_seal_doubts_total'),
    viewers: broadcaster && level(broadcaster, 'outcry_viewers'),
    watchedAuctions: broadcaster && level(broadcaster, 'outcry_watched_auctions'),
    sentPerSecond: broadcaster && rate(...broadcaster, 'outcry_feed_messages_out_total'),
    gapsFilled: broadcaster && level(broadcaster, 'outcry_feed_gaps_total'),
  };
}

type Pair = readonly [before: Look, now: Look];

const pairOf = (before: Look | undefined, now: Look | undefined): Pair | undefined =>
  before === undefined || now === undefined ? undefined : [before, now];

const level = ([, now]: Pair, name: string): number => total(now.figures, name);
