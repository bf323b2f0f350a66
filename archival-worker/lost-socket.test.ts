import { expect, test } from 'vitest';
import { isLostSocket } from './lost-socket.ts';

test('the known defect of the Postgres client is told from other errors', () => {
  const known = new TypeError("Cannot read properties of null (reading 'write')");
  known.stack = `${known.message}\n    at Immediate.nextWrite (connection.js:255:22)`;
  expect(isLostSocket(known)).toBe(true);
  const elsewhere = new TypeError("Cannot read properties of null (reading 'write')");
  elsewhere.stack = `${elsewhere.message}\n    at send (other.js:1:1)`;
  expect(isLostSocket(elsewhere)).toBe(false);
  expect(isLostSocket(new Error('reading write nextWrite'))).toBe(false);
});
