/** What Postgres's error codes mean for the archive. The names are those of its manual. */

/** `later`: it may pass. */
type Meaning = 'refused' | 'too slow' | 'later';

/** By class: data exception, integrity constraint violation, program limit exceeded. */
const REFUSED: ReadonlySet<string> = new Set(['22', '23', '54']);
/** By the statement's time limit. */
const QUERY_CANCELED = '57014';

/** Whatever is not about the data passes: a full disk, a server that goes, a deadlock, missing rights. */
export function meaningOf(sqlState: string): Meaning {
  if (sqlState === QUERY_CANCELED) return 'too slow';
  return REFUSED.has(sqlState.slice(0, 2)) ? 'refused' : 'later';
}
