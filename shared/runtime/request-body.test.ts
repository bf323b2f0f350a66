import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { readBodyText, undeclaredJson } from './request-body.ts';

test('a client that left before its body was asked for is not waited for', async () => {
  const incoming = new IncomingMessage(new Socket());
  incoming.destroy();
  await once(incoming, 'close');
  expect((await readBodyText(incoming)).ok).toBe(false);
});

test.each([
  ['application/json', undefined],
  ['APPLICATION/JSON; charset=utf-8', undefined],
  ['application/merge-patch+json', undefined],
  ['application/json', 'identity'],
  ['application/json', 'Identity'],
])('a body that is %s, packed as %s, is read', (type, encoding) => {
  expect(undeclaredJson(type, encoding)).toBeUndefined();
});

test.each([
  [undefined, undefined],
  ['text/plain', undefined],
  ['application/jsonx', undefined],
  ['application/json', 'gzip'],
  ['application/json', 'identity, br'],
])('a body that is %s, packed as %s, is not', (type, encoding) => {
  expect(undeclaredJson(type, encoding)).toMatch(/^Send the body/);
});
