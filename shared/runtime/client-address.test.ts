import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { clientAddress, networkOf } from './client-address.ts';

/** The parts of a request that the rule looks at. */
function from(remoteAddress: string, forwarded?: string): IncomingMessage {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return { headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

it('takes the entry of X-Forwarded-For that the outermost trusted proxy wrote', () => {
  expect(clientAddress(from('10.0.0.9', '1.2.3.4'), 0)).toBe('10.0.0.9');
  expect(clientAddress(from('10.0.0.9'), 1)).toBe('10.0.0.9');
  expect(clientAddress(from('10.0.0.9', '6.6.6.6, 1.2.3.4'), 1)).toBe('1.2.3.4');
  expect(clientAddress(from('10.0.0.9', '6.6.6.6, 1.2.3.4, 10.0.0.8'), 2)).toBe('1.2.3.4');
  expect(clientAddress(from('10.0.0.9', '1.2.3.4'), 2)).toBe('10.0.0.9');
});

it('counts by the address itself for IPv4, by the subscriber for IPv6', () => {
  expect(networkOf('192.0.2.7')).toBe('192.0.2.7');
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(networkOf('2001:db8:1:2::6')).toBe('2001:db8:1:2::/64');
  expect(networkOf('2001:db8::6')).toBe('2001:db8:0:0::/64');
  expect(networkOf('2001::5:6:7:8:9:a')).toBe('2001:0:5:6::/64');
  expect(networkOf('::1')).toBe('0:0:0:0::/64');
  expect(networkOf('64:ff9b::192.0.2.7')).toBe('64:ff9b:0:0::/64');
  expect(networkOf('')).toBe('');
});

it('counts all ways of writing an address as one', () => {
  for (const same of [
    '192.0.2.7:80',
    '::ffff:192.0.2.7',
    '::FFFF:c000:207',
    '[::ffff:c000:207]:9',
  ]) {
    expect([same, networkOf(same)]).toEqual([same, '192.0.2.7']);
  }
  for (const same of ['2001:0DB8:01:0002::', '[2001:db8:1:2::6]:80', '2001:db8:1:2::6%eth0']) {
    expect([same, networkOf(same)]).toEqual([same, '2001:db8:1:2::/64']);
  }
});
