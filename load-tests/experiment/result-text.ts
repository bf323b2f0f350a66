/** What a run says at its end. */
import type { Latencies } from './figures.ts';
import type { ExperimentResult } from './run-experiment.ts';

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const ms = (value: number): string => (value < 10 ? value.toFixed(1) : whole(value));
const times = ({ count, p50, p95, p99, max }: Latencies): string =>
  `${whole(count)}; p50 ${ms(p50)} ms, p95 ${ms(p95)}, p99 ${ms(p99)}, longest ${ms(max)}`;

export function resultText(result: ExperimentResult): string {
  const { figures, reconciliation, limitsKept, streams } = result;
  const { answered, inRedis, inPostgres, unknown, faults } = reconciliation;
  const refusals = Object.entries(figures.answers)
    .filter(([answer]) => answer !== 'accepted')
    .map(([answer, count]) => `${answer} ${whole(count)}`);
  return [
    `accepted  ${times(figures.accepted)}`,
    `refused   ${times(figures.refused)}${refusals.length === 0 ? '' : ` (${refusals.join(', ')})`}`,
    ...(figures.viewers.count === 0 ? [] : [`viewers   ${times(figures.viewers)}`]),
    ...(streams === null ? [] : [`streams   ${times(streams.latencies)}`]),
    `limits    ${limitsKept ? 'kept' : 'NOT KEPT, see k6.log'}`,
    `With the warm-up: 2xx ${whole(answered)} = events of bids in Redis ${whole(inRedis)} = rows in Postgres ` +
      `${whole(inPostgres)}, unknown ${whole(unknown)}: ${faults.length === 0 ? 'agree' : 'DO NOT AGREE'}`,
    ...faults.slice(0, 20),
  ].join('\n');
}
