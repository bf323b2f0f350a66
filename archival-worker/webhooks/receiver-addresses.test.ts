import { describe, expect, test } from 'vitest';
import { networkOf, ReceiverAddresses } from './receiver-addresses.ts';

const network = (text: string) => {
  const found = networkOf(text);
  if (found === undefined) throw new Error(text);
  return found;
};
const strict = new ReceiverAddresses([]);
const local = new ReceiverAddresses([network('127.0.0.0/8'), network('fd12::/16')]);

test.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  // Alibaba's metadata, AWS's and most others', Oracle's, AWS's over IPv6, Azure's.
  '100.100.100.200',
  '169.254.169.254',
  '192.0.0.192',
  'fd00:ec2::254',
  '168.63.129.16',
  '127.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001::1',
  '2001:db8::1',
  'fc00::1',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  'not an address',
])('nothing is sent to %s', (address) => {
  expect(strict.refusal(address, true)).toBeDefined();
});

test.each(['8.8.8.8', '93.184.216.34', '2606:4700::1111', '::ffff:8.8.8.8'])(
  '%s is public: over https only',
  (address) => {
    expect(strict.refusal(address, true)).toBeUndefined();
    expect(strict.refusal(address, false)).toBe('is reached over https only');
    expect(local.refusal(address, false)).toBe('is reached over https only');
  },
);

test('what is configured may be reached, over http too, and nothing else', () => {
  expect(local.refusal('127.1.2.3', false)).toBeUndefined();
  expect(local.refusal('::ffff:127.0.0.1', false)).toBeUndefined();
  expect(local.refusal('fd12::1', true)).toBeUndefined();
  expect(local.refusal('10.0.0.1', true)).toBe('is not a public address');
  expect(local.refusal('::1', true)).toBe('is not a public address');
});

describe('a URL', () => {
  test.each([
    ['https://2130706433/', 'its host is not a public address'],
    ['https://0x7f.1/', 'its host is not a public address'],
    ['https://017700000001/', 'its host is not a public address'],
    ['https://127.1/', 'its host is not a public address'],
    ['https://[::ffff:10.0.0.1]/', 'its host is not a public address'],
    ['https://0/', 'its host is not a public address'],
    ['http://shop.example/', 'must begin with https'],
    ['http://8.8.8.8/', 'its host is reached over https only'],
    ['https://ann:secret@shop.example/', 'must not have a user or password'],
    ['https://shop.example/hook?a=b', undefined],
    ['https://8.8.8.8:8443/', undefined],
  ])('%s', (url, fault) => {
    expect(strict.fault(url)).toBe(fault);
  });

  test('over http, to a name, only where some network is configured', () => {
    expect(local.fault('http://shop.internal/')).toBeUndefined();
  });
});

test.each(['127.0.0.1', '10.0.0.0/33', 'localhost', ''])('%s is no network', (text) => {
  expect(networkOf(text)).toBeUndefined();
});
