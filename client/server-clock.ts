/** The server's clock as seen from here, so that countdowns do not trust the viewer's own clock. */

interface Sample {
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

const KEPT_SAMPLES = 5;
/** When the wall clock and the steady clock part by more than this, somebody set the wall clock. */
const CLOCK_SET_MS = 100;

/** The two local clocks, in ms: `wall` may be set by anyone, `steady` may stop during sleep. */
export interface LocalClocks {
  wall(): number;
  steady(): number;
}

const realClocks: LocalClocks = { wall: () => Date.now(), steady: () => performance.now() };

/**
 * Estimates the offset from answers that carry the server's time: the server took it at some
 * instant between sending and receiving, so the fastest of the latest round trips knows best.
 */
export class ServerClock {
  readonly #clocks: LocalClocks;
  #samples: Sample[] = [];
  #skewMs: number | undefined;

  constructor(clocks: LocalClocks = realClocks) {
    this.#clocks = clocks;
  }

  /** The server's time now, ms since 1970; the local time until something was measured. */
  now(): number {
    return this.#clocks.wall() + (this.#best()?.offsetMs ?? 0);
  }

  /** By how much {@link now} can be wrong, in ms; undefined until something was measured. */
  get errorMs(): number | undefined {
    const best = this.#best();
    return best && best.roundTripMs / 2;
  }

  /** Call when a request goes out; call the result with the answer's server time (ms). */
  measure(): (serverTime: number) => void {
    const sentAt = this.#clocks.steady();
    return (serverTime) => {
      const roundTripMs = this.#clocks.steady() - sentAt;
      const skewMs = this.#clocks.wall() - this.#clocks.steady();
      if (Math.abs(skewMs - (this.#skewMs ?? skewMs)) > CLOCK_SET_MS) this.forget();
      this.#skewMs = skewMs;
      const offsetMs = serverTime + roundTripMs / 2 - this.#clocks.wall();
      this.#samples = [...this.#samples, { offsetMs, roundTripMs }].slice(-KEPT_SAMPLES);
    };
  }

  /** What was measured says nothing any more: another network, another server, another clock. */
  forget(): void {
    this.#samples = [];
  }

  #best(): Sample | undefined {
    return this.#samples.toSorted((a, b) => a.roundTripMs - b.roundTripMs)[0];
  }
}
