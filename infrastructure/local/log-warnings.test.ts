import { expect, test } from 'vitest';
import { warningIn } from './log-warnings.ts';

test('warnings and errors are shown with their cause, other lines are not', () => {
  expect(warningIn('{"level":40,"msg":"slow"}')).toBe('slow');
  expect(warningIn('{"level":50,"msg":"failed","err":{"message":"no route"}}')).toBe(
    'failed: no route',
  );
  expect(warningIn('{"level":30,"msg":"ready"}')).toBeUndefined();
  expect(warningIn('Local: http://127.0.0.1:8000/')).toBeUndefined();
  expect(warningIn('{"level":40,"msg":')).toBeUndefined();
});
