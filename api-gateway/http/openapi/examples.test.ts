import { describe, expect, test } from 'vitest';
import { API_ROUTES } from './api-routes.ts';
import { EXAMPLES } from './examples.ts';
import { HISTORY_ROUTES } from './history-routes.ts';

describe('the examples of the API page', () => {
  test.each([...API_ROUTES, ...HISTORY_ROUTES].map((route) => [route.name, route] as const))(
    '%s fits its schemas',
    (name, { body, answer }) => {
      const example = EXAMPLES.get(name);
      expect(answer.schema.safeParse(example?.answer).error).toBeUndefined();
      expect(example?.body === undefined).toBe(body === undefined);
      if (body !== undefined) expect(body.safeParse(example?.body).error).toBeUndefined();
    },
  );
});
