import { expect, it, vi } from 'vitest';
import { Rounds } from './rounds.ts';

const NEVER_MS = 1_000_000;

/** A promise to be fulfilled by hand. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  const openers: (() => void)[] = [];
  const opened = new Promise<void>((resolve) => openers.push(resolve));
  return { opened, open: () => openers.forEach((open) => open()) };
}

it('does one round after the other, until it is stopped', async () => {
  let begun = 0;
  let underWay = 0;
  let most = 0;
  const done = gate();
  const rounds = new Rounds(async () => {
    begun += 1;
    underWay += 1;
    most = Math.max(most, underWay);
    await Promise.resolve();
    underWay -= 1;
    if (begun === 5) done.open();
    return begun < 5 ? 0 : NEVER_MS;
  });
  rounds.start();
  await done.opened;
  await rounds.stop();
  expect([begun, most]).toEqual([5, 1]);
});

it('a stop ends the pause, and waits for the round in hand', async () => {
  const begun = gate();
  const mayEnd = gate();
  let ended = false;
  const rounds = new Rounds(async () => {
    begun.open();
    await mayEnd.opened;
    ended = true;
    return NEVER_MS;
  });
  rounds.start();
  await begun.opened;
  expect(rounds.stopped).toBe(false);
  const stopped = rounds.stop();
  expect([rounds.stopped, ended]).toEqual([true, false]);
  mayEnd.open();
  await stopped;
  expect(ended).toBe(true);
});

it('a stop before the start does nothing, and nothing is begun after it', async () => {
  let begun = 0;
  const rounds = new Rounds(() => Promise.resolve((begun += 1)));
  await rounds.stop();
  rounds.start();
  await rounds.stop();
  expect(begun).toBe(0);
});

it('says how many rounds in a row have failed, and goes on', async () => {
  const outcomes = [false, false, true, false, true];
  const failures: (readonly [unknown, number])[] = [];
  const done = gate();
  const rounds = new Rounds(
    () => {
      if (outcomes.shift() === false) return Promise.reject(new Error('no'));
      if (outcomes.length === 0) done.open();
      return Promise.resolve(outcomes.length === 0 ? NEVER_MS : 0);
    },
    (error, inARow) => {
      failures.push([error, inARow]);
      return 0;
    },
  );
  rounds.start();
  await done.opened;
  await rounds.stop();
  const error = new Error('no');
  expect(failures).toEqual([
    [error, 1],
    [error, 2],
    [error, 1],
  ]);
});

it('a wake-up ends the pause, also the one after the round in hand', async () => {
  const begun = gate();
  const mayEnd = gate();
  const done = gate();
  let rounds = 0;
  const woken = new Rounds(async () => {
    rounds += 1;
    if (rounds === 1) {
      begun.open();
      await mayEnd.opened;
    }
    if (rounds === 2) done.open();
    return NEVER_MS;
  });
  woken.start();
  await begun.opened;
  woken.wake();
  expect(rounds).toBe(1);
  mayEnd.open();
  await done.opened;
  woken.wake();
  await vi.waitFor(() => expect(rounds).toBe(3));
  await woken.stop();
});
