import { expect, test } from 'vitest';
import { undeclaredJson } from './json-body.ts';

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
