import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Refusal, unavailable } from '../refusal.ts';
import { SharedAnswers } from './shared-answers.ts';

/** Questions that stay open until they are told to end. */
function questions() {
  const open: (() => void)[] = [];
  let [asked, atOnce, most] = [0, 0, 0];
  const ask = async (): Promise<object> => {
    asked += 1;
    atOnce += 1;
    most = Math.max(most, atOnce);
    await new Promise<void>((resolve) => open.push(resolve));
    atOnce -= 1;
    return {};
  };
  const endAll = async (): Promise<void> => {
    for (let turn = 0; turn < 100; turn += 1) {
      for (const end of open.splice(0)) end();
      await nextTurn();
    }
  };
  return { ask, endAll, figures: () => ({ asked, most }) };
}

test('who asks the same waits for the same answer', async () => {
  const shared = new SharedAnswers();
  const { ask, endAll, figures } = questions();
  const answers = Array.from({ length: 50 }, () => shared.answer('board', ask));
  await endAll();
  expect(new Set(await Promise.all(answers)).size).toBe(1);
  await shared.answer('board', ask);
  expect(figures()).toEqual({ asked: 1, most: 1 });
});

test('few are asked at once, some wait, and more are refused', async () => {
  const shared = new SharedAnswers();
  const { ask, endAll, figures } = questions();
  const all = Promise.allSettled(Array.from({ length: 50 }, (_, i) => shared.answer(`${i}`, ask)));
  await endAll();
  const refused = (await all).filter(({ status }) => status === 'rejected');
  expect(figures()).toEqual({ asked: 15, most: 3 });
  expect(refused).toHaveLength(35);
  expect(refused[0]).toMatchObject({ reason: expect.any(Refusal) as unknown });
});

test('a question that failed is asked again', async () => {
  const shared = new SharedAnswers();
  const away = unavailable('away', undefined);
  await expect(shared.answer('board', () => Promise.reject(away))).rejects.toThrow('away');
  expect(await shared.answer('board', () => Promise.resolve({ there: true }))).toEqual({
    there: true,
  });
});

test('answers are renewed on demand, at most once a second', async () => {
  const shared = new SharedAnswers();
  let asked = 0;
  const ask = () => Promise.resolve({ asked: (asked += 1) });
  for (let i = 0; i < 5; i += 1) {
    shared.renew();
    await shared.answer('board', ask);
  }
  expect(asked).toBe(1);
});
