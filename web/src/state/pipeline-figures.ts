/** What an operator wants to know of the pipeline, out of two looks at each service; pure. */
import { gaugeOf, meanSince, quantileSince, rate, total, type Look } from './metrics-text.ts';

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
  /** A script call, fsync included. */
  readonly scriptSeconds: number | undefined;
  /** Share of Redis's memory that is used. */
  readonly memoryShare: number | undefined;
  /** Events without JetStream's receipt, and the age of the oldest. */
  readonly unpublishedEvents: number | undefined;
  readonly unpublishedSeconds: number | undefined;
  /** False while JetStream takes nothing. */
  readonly publishing: boolean | undefined;
  readonly repairedEntries: number | undefined;
  /** Events that are not known to be in Postgres, and the age of the oldest. */
  readonly unarchivedEvents: number | undefined;
  readonly unarchivedSeconds: number | undefined;
  /** From a bid to its commit in Postgres, of what was committed just now. */
  readonly archiveLagSeconds: number | undefined;
  readonly archivedPerSecond: number | undefined;
  readonly deadLetters: number | undefined;
  /** Auctions that are over and not sealed, and since when the first one is. */
  readonly sealsWaiting: number | undefined;
  readonly sealLagSeconds: number | undefined;
  readonly sealedAuctions: number | undefined;
  readonly sealDoubts: number | undefined;
  /** 99 of 100 auctions were opened and closed by the keeper no later than this. */
  readonly latenessP99Seconds: number | undefined;
  readonly heldShards: number | undefined;
  /** Entries that the hand-off had missed. */
  readonly missedEntries: number | undefined;
  readonly forgottenAuctions: number | undefined;
  readonly viewers: number | undefined;
  readonly watchedAuctions: number | undefined;
  readonly sentPerSecond: number | undefined;
  readonly gapsFilled: number | undefined;
}

/** Rates, means and percentiles need two looks at a service, levels only the one of now. */
export function pipelineFigures(before: ServiceLooks, now: ServiceLooks): PipelineFigures {
  const gateway = viewOf(before.gateway, now.gateway);
  const broadcaster = viewOf(before.broadcaster, now.broadcaster);
  const archive = viewOf(before.archive, now.archive);
  const isOpen = gateway.level('outcry_handoff_open');
  return {
    commandsPerSecond: gateway.rate('outcry_commands_total'),
    acceptedPerSecond: gateway.rate('outcry_commands_total', 'result="OK"'),
    commandsPerBatch: gateway.mean('outcry_batch_commands'),
    commandsWaiting: gateway.level('outcry_commands_waiting'),
    scriptSeconds: gateway.mean('outcry_script_seconds'),
    memoryShare: gateway.level('outcry_redis_memory_used_ratio'),
    unpublishedEvents: gateway.level('outcry_log_unpublished_events'),
    unpublishedSeconds: gateway.level('outcry_log_unpublished_seconds'),
    publishing: isOpen === undefined ? undefined : isOpen > 0,
    repairedEntries: gateway.count('outcry_keeper_repaired_entries_total'),
    unarchivedEvents: gateway.level('outcry_log_unarchived_events'),
    unarchivedSeconds: gateway.level('outcry_log_unarchived_seconds'),
    archiveLagSeconds: archive.mean('outcry_archive_lag_seconds'),
    archivedPerSecond: archive.rate('outcry_archive_events_total', 'result="new"'),
    deadLetters: archive.count('outcry_archive_dead_letters_total'),
    sealsWaiting: archive.level('outcry_seal_waiting_auctions'),
    sealLagSeconds: archive.level('outcry_seal_lag_seconds'),
    sealedAuctions: archive.count('outcry_seal_auctions_total'),
    sealDoubts: archive.count('outcry_seal_doubts_total'),
    latenessP99Seconds: gateway.p99('outcry_keeper_lateness_seconds'),
    heldShards: gateway.level('outcry_keeper_shards'),
    missedEntries: gateway.count('outcry_keeper_published_entries_total'),
    forgottenAuctions: gateway.count('outcry_keeper_forgotten_auctions_total'),
    viewers: broadcaster.level('outcry_viewers'),
    watchedAuctions: broadcaster.level('outcry_watched_auctions'),
    sentPerSecond: broadcaster.rate('outcry_feed_messages_out_total'),
    gapsFilled: broadcaster.count('outcry_feed_gaps_total'),
  };
}

/** One service's figures by kind; each undefined when the service did not tell. */
function viewOf(before: Look | undefined, now: Look | undefined) {
  return {
    rate: (name: string, label?: string) => before && now && rate(before, now, name, label),
    mean: (name: string) => before && now && meanSince(before, now, name),
    p99: (name: string) => before && now && quantileSince(before, now, name, 0.99),
    level: (name: string) => now && gaugeOf(now.figures, name),
    /** Since the service's start; a counter that was never raised may be missing. */
    count: (name: string) => now && total(now.figures, name),
  };
}
