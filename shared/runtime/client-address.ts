/** Whose requests are counted together: the one rule for every limit by network address. */
import type { IncomingMessage } from 'node:http';
import { isIPv6, SocketAddress } from 'node:net';

/**
 * The client's network address. Each trusted proxy appends the address it saw to X-Forwarded-For,
 * so the last `trustedProxies` entries are true and anything before them may be made up.
 */
export function clientAddress(
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  trustedProxies: number,
): string {
  const direct = socket.remoteAddress ?? '';
  const forwarded = headers['x-forwarded-for'];
  if (trustedProxies === 0 || typeof forwarded !== 'string') return direct;
  return forwarded.split(',').at(-trustedProxies)?.trim() ?? direct;
}

/**
 * What limits by address count by: an IPv4 address, or the first 64 bits of an IPv6 one, because a
 * subscriber is given all addresses behind these (RFC 6177). Every way of writing an address gives
 * the same; a port or a zone beside it does not count.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const bare = address.replace(WITH_PORT, '$1$2').replace(/%.*$/, '');
  if (!isIPv6(bare)) return bare;
  const [before = '', after] = canonical(bare).split('::');
  const mapped = /^ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(before === '' ? (after ?? '') : '')?.[1];
  if (mapped !== undefined) return mapped;
  const first = groupsOf(before);
  const last = after === undefined ? [] : groupsOf(after);
  const left = Math.max(0, GROUPS - first.length - last.length);
  const zeros = Array.from({ length: left }, () => '0');
  return `${[...first, ...zeros, ...last].slice(0, GROUPS / 2).join(':')}::/64`;
}

/** `192.0.2.7:4711` and `[2001:db8::7]:4711`, as some proxies write. */
const WITH_PORT = /^(?:\[(.*)\](?::\d+)?|([\d.]+):\d+)$/;
const GROUPS = 8;

const canonical = (address: string): string =>
  new SocketAddress({ address, family: 'ipv6' }).address;

/** An IPv4 address at the end stands for two groups. */
const groupsOf = (text: string): string[] =>
  text === '' ? [] : text.split(':').flatMap((group) => (group.includes('.') ? ['0', '0'] : group));
