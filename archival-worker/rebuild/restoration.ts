/** Folding logs into what Redis held of them: what auctions and books have in common. */
import { ownJson } from '@outcry/shared/contracts/api.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { FirstAnswer } from './first-answers.ts';

/** One event as the archive has it: the bytes that the decide script wrote. */
export interface ArchivedEvent {
  readonly publicText: string;
  readonly privateText: string;
}

/** The same, parsed. */
export interface ParsedEvent<Shown, Secret> {
  readonly shown: Shown;
  readonly secret: Secret;
}

/** What Redis remembers of a request that created an auction or sale, see the gateway's `claimId`. */
export interface CreationClaim {
  readonly userId: string;
  readonly key: string;
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * The run id of no server: the first call of the decide script takes this Redis for a restarted
 * one and starts a new epoch, which is exactly what has happened.
 */
export const NO_SERVER = 'rebuilt';

/** Takes the events of one log in order, up to the first gap. */
export abstract class Restoration<Shown extends Position, Secret> {
  readonly id: string;
  /** The last event taken. */
  protected last: ParsedEvent<Shown, Secret> | undefined;

  constructor(id: string) {
    this.id = id;
  }

  /**
   * Takes the next event.
   * @returns the first answers that can be told now; undefined when an event is missing before
   *   this one, which is not taken then
   */
  take({ publicText, privateText }: ArchivedEvent): readonly FirstAnswer[] | undefined {
    const event = { shown: ownJson<Shown>(publicText), secret: ownJson<Secret>(privateText) };
    if (event.shown.seq !== (this.last?.shown.seq ?? 0) + 1) return undefined;
    const answers = this.fold(event);
    this.last = event;
    return answers;
  }

  protected abstract fold(event: ParsedEvent<Shown, Secret>): readonly FirstAnswer[];
}

/** Values one behind the other, as the script packs them: packed.lua. */
export const packed = (...values: readonly (number | string)[]): Buffer =>
  Buffer.concat(
    values.map((value) =>
      typeof value === 'string'
        ? Buffer.from(`${value}\0`)
        : Buffer.from(Float64Array.of(value).buffer),
    ),
  );

/** What is restored was read from the archive: it was published, and it is archived. */
export const watermarksOf = ({ epoch, seq }: Position): Record<string, string> => ({
  publishedSeq: `${seq}`,
  archivedEpoch: `${epoch}`,
  archivedSeq: `${seq}`,
});
