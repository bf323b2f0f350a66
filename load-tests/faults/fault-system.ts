/** What can be broken, and the system that it is broken in: two gateways, two workers, and links. */
import { TcpLink } from '@outcry/shared/testing/tcp-link.ts';
import type { Bidders } from '../crowd/bidders.ts';
import { type BedOptions, openBed, startWholeSystem } from '../system/system.ts';

/** What a fault may use to break things. */
export interface FaultStage extends FaultSystem {
  /** They bid all the time, before the fault, during it and after it. */
  readonly bidders: Bidders;
  /** Aborted when the run must end at once; what is broken then need not be healed. */
  readonly signal: AbortSignal;
}

/** Something that is broken now. */
export interface Broken {
  /** Takes the cause away, or waits until the system has; resolves when every part runs again. */
  heal(): Promise<unknown>;
  /**
   * Asked when everything is archived again.
   * @returns one line for each thing that was not as this fault expects
   */
  check?(): Promise<readonly string[]>;
}

export interface Fault {
  readonly name: string;
  /** What is broken, in a few words. */
  readonly breaks: string;
  /** What makes it good again. */
  readonly heals: string;
  /** Why some bids may be refused or stay unknown; undefined: none may. */
  readonly mayRefuse?: string;
  /** How long it lasts: some seconds, as long as an outage, or until so many bids were accepted. */
  readonly lasts: 'seconds' | 'outage' | 'bids';
  /** More bids than this say nothing more. */
  readonly enoughBids?: number;
  /** How many dead letters it leaves behind; default none. */
  readonly deadLetters?: number;
  /** The system heals itself: recovery is measured from the beginning. */
  readonly healsItself?: true;
  /** Breaks it; resolves when it is broken. */
  begin(stage: FaultStage): Promise<Broken>;
}

export type FaultSystem = Awaited<ReturnType<typeof startFaultSystem>>;

/**
 * Starts what was built. Parts that end are started again; the second worker is down. The second gateway
 * and the second worker reach their servers through the links.
 * @throws Error when a part does not start; nothing is left running then
 */
export async function startFaultSystem(options: BedOptions = {}) {
  const bed = await openBed('faults', { ...options, restart: true });
  try {
    const system = await startWholeSystem(bed);
    const linkTo = async (part: 'nats' | 'postgres') => {
      const link = await TcpLink.open(system.part(part).port);
      bed.onClose(() => link.close());
      const url = new URL(system.url(part));
      url.port = `${link.port}`;
      return { link, url: url.href };
    };
    const ofGateway = await linkTo('nats');
    const [nats, postgres] = [await linkTo('nats'), await linkTo('postgres')];
    await system.add('archival-worker', 2, { nats: nats.url, postgres: postgres.url });
    await bed.start(await system.add('api-gateway', 2, { nats: ofGateway.url }));
    const links = {
      gatewayToNats: ofGateway.link,
      workerToNats: nats.link,
      workerToPostgres: postgres.link,
    };
    return { system, links };
  } catch (error) {
    await bed.close();
    throw error;
  }
}
