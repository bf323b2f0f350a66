/** The scenario's limits (k6's thresholds), and whether each was kept; pure. */
import { z } from 'zod';

export interface Limit {
  /** What is limited, in words. */
  readonly what: string;
  /** Such as `p(95)<250`. */
  readonly limit: string;
  /** Null where nothing was measured: k6 counts that as kept. */
  readonly found: number | null;
  readonly kept: boolean;
}

/** By metric, without the tags that k6 adds in braces. */
const NAMES: Readonly<Record<string, string>> = {
  bid_ms: 'accepted bid to its answer, ms',
  bid_failed: 'bids without a decision',
  dropped_iterations: 'bids that were not sent when they were due',
  viewer_ms: 'decision to viewer, ms',
  viewer_disorder: 'events out of order at a viewer',
  viewer_skipped: 'events that a viewer was not sent',
  viewer_failed: 'viewers refused or disconnected',
  price_differs: "closing prices other than eBay's",
  not_extended: 'late bids that did not move the end',
  sniped: 'bids accepted in the last second',
};

const summary = z.object({
  metrics: z.record(
    z.string(),
    z.looseObject({ thresholds: z.record(z.string(), z.boolean()).optional() }),
  ),
});

/**
 * In the order of their names.
 *
 * @param json k6's summary export, in which `true` is a limit that was crossed
 * @throws Error when it is none
 */
export function readLimits(json: string): Limit[] {
  const { metrics } = summary.parse(JSON.parse(json));
  const limits = Object.entries(metrics).flatMap(([metric, { thresholds = {}, ...values }]) => {
    const [name = ''] = metric.split('{');
    return Object.entries(thresholds).map(([limit, crossed]) => {
      const found = values[limit.split(/[<>=]/)[0] ?? ''];
      return {
        what: NAMES[name] ?? metric,
        limit,
        found: typeof found === 'number' ? found : null,
        kept: !crossed,
      };
    });
  });
  return limits.toSorted((a, b) => a.what.localeCompare(b.what) || a.limit.localeCompare(b.limit));
}
