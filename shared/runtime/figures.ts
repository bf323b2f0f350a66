/** The figures of a service for Prometheus, in its own registry; names and units by its convention. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export class Figures {
  readonly #registers: [Registry];

  constructor(registry: Registry) {
    this.#registers = [registry];
  }

  counter<Label extends string = never>(
    name: string,
    help: string,
    ...labelNames: Label[]
  ): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: this.#registers });
  }

  histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name, help, buckets, registers: this.#registers });
  }

  /** A value that is set when it changes. */
  gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: this.#registers });
  }

  /** A value that is read when somebody looks; `undefined` shows as not a number. */
  reading(name: string, help: string, read: () => number | undefined): void {
    const collect = (): void => made.set(read() ?? NaN);
    const made: Gauge = new Gauge({ name, help, registers: this.#registers, collect });
  }
}
