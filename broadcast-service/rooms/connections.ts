/** How many connections a node takes, in all and from one network address. */

export interface ConnectionLimits {
  readonly all: number;
  /** 0 for no limit. */
  readonly perAddress: number;
}

export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #byAddress = new Map<string, number>();
  #all = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#all;
  }

  /** Why no connection from this address is taken now; undefined when one is. */
  refusal(
    address: string,
  ): 'this node is full' | 'too many connections of one address' | undefined {
    if (this.#all >= this.#limits.all) return 'this node is full';
    const { perAddress } = this.#limits;
    if (perAddress > 0 && (this.#byAddress.get(address) ?? 0) >= perAddress) {
      return 'too many connections of one address';
    }
    return undefined;
  }

  /** Counts a connection. @returns call it once, when the connection has ended */
  add(address: string): () => void {
    this.#all += 1;
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    return () => {
      this.#all -= 1;
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#byAddress.delete(address);
      else this.#byAddress.set(address, left);
    };
  }
}
