/** kill -9 of each part. */
import type { Fault } from '../fault.ts';
import type { PartName } from '../../system/whole-system.ts';

function killed(name: string, part: PartName, what: Pick<Fault, 'heals' | 'mayRefuse'>): Fault {
  return {
    name,
    breaks: `kill -9 of ${part}`,
    ...what,
    lasts: 'seconds',
    healsItself: true,
    async begin({ system }) {
      await system.part(part).kill();
      return { heal: () => system.untilPartIsBack(part) };
    },
  };
}

export const KILLS: readonly Fault[] = [
  killed('gateway-killed', 'api-gateway', {
    heals: "bidders retry at the other gateway, whose keeper takes the dead one's leases",
  }),
  killed('worker-killed', 'archival-worker', {
    heals: 'it starts again; what it had not acknowledged is delivered again',
  }),
  killed('broadcaster-killed', 'broadcast-service', {
    heals: 'viewers reconnect and get what they missed',
  }),
  killed('nats-killed', 'nats', {
    heals: 'it starts again; the keeper publishes what was missed',
  }),
  killed('postgres-killed', 'postgres', {
    heals: 'it starts again; the worker tries until it can store',
  }),
  killed('redis-killed', 'redis', {
    heals: 'it starts again with all it had written; each auction goes on in a new epoch',
    mayRefuse: 'no bid can be decided meanwhile, and the answers under way are lost',
  }),
];
