import { beforeEach, expect, test, vi } from 'vitest';
import type { AuctionCommand, DecidedBatch } from './auction-commands.ts';
import { GroupCommit } from './group-commit.ts';

const BID: AuctionCommand = {
  kind: 'bid',
  userId: 'ann',
  admin: false,
  amount: 1_000,
  maxAmount: 0,
  key: 'k',
  fingerprint: 'bid:1000',
};

const onDefect = vi.fn();
beforeEach(() => onDefect.mockClear());

const decided = (...answers: string[]): DecidedBatch => ({
  now: 1,
  entry: undefined,
  head: undefined,
  terms: '',
  answers,
});

test('an answer that nobody can read leaves the others their answers, and the gateway alive', async () => {
  const engine = new GroupCommit(
    { decide: () => Promise.resolve(decided('+OK|first', 'nonsense', '+OK|third')) },
    { refuse: () => undefined, onDecided: () => undefined, onDefect },
  );
  const outcomes = await Promise.all([BID, BID, BID].map((bid) => engine.submit('a0-x', bid)));
  expect(outcomes.map(({ kind }) => kind)).toEqual(['answered', 'unknown', 'unknown']);
  expect(onDefect).toHaveBeenCalledOnce();
  await engine.close();
});

test('what is done with a batch afterwards cannot take its answers back', async () => {
  const engine = new GroupCommit(
    { decide: () => Promise.resolve(decided('+OK|first')) },
    {
      refuse: () => undefined,
      onDecided: () => {
        throw new Error('the hand-off failed');
      },
      onDefect,
    },
  );
  expect(await engine.submit('a0-x', BID)).toMatchObject({ kind: 'answered' });
  expect(onDefect).toHaveBeenCalledOnce();
  await engine.close();
});
