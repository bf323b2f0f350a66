/** What can be broken. */
import type { Bidders } from '../crowd/bidders.ts';
import type { FaultSystem } from './fault-system.ts';

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
  heal(): Promise<void>;
  /**
   * Asked when everything is archived again.
   * @returns one line for each thing that was not as this fault expects
   */
  check?(): Promise<readonly string[]>;
}

export interface Fault {
  /** For the command line and the table. */
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
