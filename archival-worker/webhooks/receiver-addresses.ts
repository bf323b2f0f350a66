/** Where webhooks may go: out into the world, and nowhere else unless it is configured. */
import ipaddr from 'ipaddr.js';

type Network = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

/** Everything that is in use in the public part of the IPv6 Internet. */
const PUBLIC_V6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** Public by its number, but a cloud's own services, to be reached from the inside only. */
const CLOUD_SERVICES: readonly Network[] = [ipaddr.parseCIDR('168.63.129.16/32')];

/** Networks as `10.1.0.0/16`; undefined when a text is none. */
export function networkOf(text: string): Network | undefined {
  return ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined;
}

/** Which addresses and URLs webhooks may have. */
export class ReceiverAddresses {
  readonly #allowed: readonly Network[];

  /** @param allowed networks that may be reached though they are private, over http too */
  constructor(allowed: readonly Network[]) {
    this.#allowed = allowed;
  }

  /**
   * Why nothing is sent to this address, or undefined when it may be.
   * @param address an IP address
   * @param secure whether over https
   */
  refusal(address: string, secure: boolean): string | undefined {
    if (!ipaddr.isValid(address)) return 'is no address';
    // An IPv4 address within an IPv6 one is what it stands for.
    const parsed = ipaddr.process(address);
    if (this.#allowed.some((network) => isWithin(parsed, network))) return undefined;
    if (!isPublic(parsed)) return 'is not a public address';
    return secure ? undefined : 'is reached over https only';
  }

  /** What is wrong with a receiver's URL by itself; undefined when nothing is. */
  fault(text: string): string | undefined {
    const url = new URL(text);
    if (url.username !== '' || url.password !== '') return 'must not have a user or password';
    const secure = url.protocol === 'https:';
    const address = literalAddress(url.hostname);
    if (address !== undefined) {
      const refusal = this.refusal(address, secure);
      return refusal && `its host ${refusal}`;
    }
    // Which networks a name leads to shows when something is sent.
    return secure || this.#allowed.length > 0 ? undefined : 'must begin with https';
  }
}

/** The address that a URL names, which nobody looks up; undefined for a name. */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.replaceAll(/^\[|\]$/g, '');
  return ipaddr.isValid(bare) ? bare : undefined;
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (CLOUD_SERVICES.some((network) => isWithin(address, network))) return false;
  if (address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv4 || address.match(PUBLIC_V6);
}

function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: Network): boolean {
  if (address instanceof ipaddr.IPv4) {
    return network instanceof ipaddr.IPv4 && address.match(network, bits);
  }
  return network instanceof ipaddr.IPv6 && address.match(network, bits);
}
