import { expect, it } from 'vitest';
import { initials, sellerName, userIdFromName } from './user-names.ts';

it.each([
  ['ada', 'ada'],
  ['  Zoë  van Dijk! ', 'Zoe-van-Dijk'],
  ['a_b-c9', 'a_b-c9'],
  ['--x--', 'x'],
  ['x'.repeat(80), 'x'.repeat(64)],
  ['¡¿!', undefined],
  ['', undefined],
  ['李', undefined],
])('%j becomes %j', (name, id) => {
  expect(userIdFromName(name)).toBe(id);
});

it('gives ids that the system takes', () => {
  expect(userIdFromName('Åsa (admin) <b>')).toMatch(/^[A-Za-z0-9_-]{1,64}$/u);
});

it.each([
  ['ada', 'A'],
  ['Zoe-van-Dijk', 'ZV'],
  ['Zoë van Dijk', 'ZV'],
  ['_', ''],
])('%s is shown as %j', (id, letters) => {
  expect(initials(id)).toBe(letters === '' ? '_' : letters);
});

it.each([
  ['sam', 'sam'],
  ['sub_', 'sub_'],
  ['sub_eQFhewGUCBlLSBTwVGXGvyGKG8i_ApyhW8MteFKTPjk', 'seller eQFhewGU'],
])('the seller %s is shown as %j', (id, name) => {
  expect(sellerName(id)).toBe(name);
});
