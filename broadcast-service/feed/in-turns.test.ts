import { describe, expect, it } from 'vitest';
import { InTurns } from './in-turns.ts';

describe('InTurns', () => {
  it('gives each costly piece a turn of its own, in the order they came', async () => {
    const turns = new InTurns();
    const done: string[] = [];
    let turn = 0;
    let isOver = false;
    const count = (): void => {
      turn += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const piece = async (name: string, isCostly: boolean): Promise<number> => {
      await turns.next(() => isCostly);
      done.push(name);
      return turn;
    };
    const [one, two, free, three] = await Promise.all([
      piece('one', true),
      piece('two', true),
      piece('free', false),
      piece('three', true),
    ]);
    isOver = true;
    expect(done).toEqual(['one', 'two', 'free', 'three']);
    expect(two).toBeGreaterThan(one);
    expect(free).toBe(two);
    expect(three).toBeGreaterThan(free);
  });

  it('goes on after one that throws', async () => {
    const turns = new InTurns();
    const broken = turns.next(() => {
      throw new Error('broken');
    });
    const after = turns.next(() => true);
    await expect(broken).rejects.toThrow('broken');
    await expect(after).resolves.toBeUndefined();
  });
});
