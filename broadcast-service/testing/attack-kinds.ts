/** What attackers can do, each explained in `attackers.ts`. */
export const ATTACKS = [
  'foreign-origins',
  'unknown-sids',
  'other-paths',
  'big-frames',
  'deep-json',
  'malformed-packets',
  'event-floods',
  'unheard-events',
  'pings',
  'fragments',
  'asks-for-history',
  'asks-and-does-not-read',
  'comings',
  'idle-sockets',
  'silent-connections',
] as const;
export type AttackKind = (typeof ATTACKS)[number];

/** What was done since the last report. */
export interface AttackReport {
  /** Connections asked for. */
  readonly tried: number;
  /** Of these, so many were let in and began. */
  readonly begun: number;
  readonly cpuMs: number;
}
