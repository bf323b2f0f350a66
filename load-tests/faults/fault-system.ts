/** The system that faults are injected into: two gateways, two workers, and ways to break them. */
import { TestBed, type BedOptions } from '../system/test-bed.ts';
import { WholeSystem } from '../system/whole-system.ts';
import { TcpLink } from '@outcry/shared/testing/tcp-link.ts';

export interface FaultSystem {
  readonly system: WholeSystem;
  /** The second gateway and the second worker reach their servers through these. */
  readonly links: {
    readonly gatewayToNats: TcpLink;
    readonly workerToNats: TcpLink;
    readonly workerToPostgres: TcpLink;
  };
}

/**
 * Starts what was built. Parts that end are started again; the second worker is down.
 * @throws Error when a part does not start; nothing is left running then
 */
export async function startFaultSystem(options: BedOptions = {}): Promise<FaultSystem> {
  const bed = await TestBed.open('faults', { ...options, restart: true });
  try {
    const system = await WholeSystem.start(bed);
    const linkTo = async (part: 'nats' | 'postgres'): Promise<TcpLink> => {
      const link = await TcpLink.open(system.part(part).port);
      bed.onClose(() => link.close());
      return link;
    };
    const links = {
      gatewayToNats: await linkTo('nats'),
      workerToNats: await linkTo('nats'),
      workerToPostgres: await linkTo('postgres'),
    };
    await system.add('archival-worker', 2, {
      nats: through(system.url('nats'), links.workerToNats),
      postgres: through(system.url('postgres'), links.workerToPostgres),
    });
    const nats = through(system.url('nats'), links.gatewayToNats);
    await bed.start(await system.add('api-gateway', 2, { nats }));
    return { system, links };
  } catch (error) {
    await bed.close();
    throw error;
  }
}

function through(url: string, link: TcpLink): string {
  const changed = new URL(url);
  changed.port = `${link.port}`;
  return changed.href;
}
