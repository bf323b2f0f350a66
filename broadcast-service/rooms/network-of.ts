/**
 * What limits per network address count by: the address, or of IPv6 its first 64 bits, because a
 * subscriber is given all addresses behind these (RFC 6177).
 */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [before = '', after] = address.split('::');
  const first = groupsOf(before);
  const last = after === undefined ? [] : groupsOf(after);
  const left = Math.max(0, GROUPS - first.length - last.length);
  const zeros = Array.from({ length: left }, () => '0');
  return `${[...first, ...zeros, ...last].slice(0, GROUPS / 2).join(':')}::/64`;
}

const GROUPS = 8;

const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'));
