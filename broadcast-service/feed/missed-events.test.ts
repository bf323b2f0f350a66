import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LiveEvent } from './live-message.ts';
import { eventAt } from '../testing/bid-event.ts';
import { isUnbroken, MAX_RECOVERED_EVENTS, recover } from './missed-events.ts';

const events = (epoch: number, from: number, to: number): LiveEvent[] =>
  Array.from({ length: to - from + 1 }, (_, i) => eventAt(from + i, epoch));

const at = (epoch: number, seq: number) => ({ epoch, seq });

const numbers = ({ events, recovered }: ReturnType<typeof recover>) =>
  recovered ? events.map(({ seq }) => seq) : undefined;

describe('recover', () => {
  it('gives what came after, and nothing to whoever has everything', () => {
    expect(numbers(recover(at(1, 2), at(1, 4), events(1, 1, 6)))).toEqual([3, 4]);
    expect(numbers(recover(at(1, 4), at(1, 4), []))).toEqual([]);
    expect(numbers(recover(at(1, 0), at(1, 3), events(1, 1, 3)))).toEqual([1, 2, 3]);
  });

  it('refuses a history with holes or a missing end', () => {
    expect(numbers(recover(at(1, 2), at(1, 6), events(1, 4, 6)))).toBeUndefined();
    expect(numbers(recover(at(1, 2), at(1, 6), events(1, 3, 5)))).toBeUndefined();
    const holed = [...events(1, 3, 4), ...events(1, 6, 7)];
    expect(numbers(recover(at(1, 2), at(1, 7), holed))).toBeUndefined();
  });

  it('refuses a position that is ahead', () => {
    expect(numbers(recover(at(1, 9), at(1, 6), events(1, 1, 6)))).toBeUndefined();
    expect(numbers(recover(at(3, 2), at(2, 6), events(2, 1, 6)))).toBeUndefined();
  });

  it('continues over a new epoch at or before its fork', () => {
    const log = [...events(1, 1, 5), eventAt(6, 7, 1), ...events(7, 7, 8)];
    expect(numbers(recover(at(1, 3), at(7, 8), log))).toEqual([4, 5, 6, 7, 8]);
    expect(numbers(recover(at(1, 5), at(7, 8), log))).toEqual([6, 7, 8]);
  });

  it('refuses a position that a new epoch has cut off', () => {
    const log = [...events(1, 1, 5), eventAt(6, 2, 1), ...events(2, 7, 9)];
    expect(numbers(recover(at(1, 6), at(2, 9), log))).toBeUndefined();
    expect(numbers(recover(at(1, 8), at(2, 9), log))).toBeUndefined();
  });

  it('refuses a position of an epoch that the next one did not fork from', () => {
    const log = [...events(1, 1, 5), eventAt(6, 3, 1)];
    expect(numbers(recover(at(2, 5), at(3, 6), log))).toBeUndefined();
    const between = [...events(1, 1, 5), eventAt(6, 3, 2)];
    expect(numbers(recover(at(1, 5), at(3, 6), between))).toBeUndefined();
    expect(numbers(recover(at(1, 4), at(3, 6), between))).toBeUndefined();
  });

  it(`refuses more than ${MAX_RECOVERED_EVENTS} events`, () => {
    const log = events(1, 1, MAX_RECOVERED_EVENTS + 1);
    expect(numbers(recover(at(1, 1), at(1, log.length), log))).toHaveLength(MAX_RECOVERED_EVENTS);
    expect(numbers(recover(at(1, 0), at(1, log.length), log))).toBeUndefined();
  });

  it('recovers exactly when no event between the positions is missing', () => {
    fc.assert(
      fc.property(
        fc.nat(30),
        fc.integer({ min: 1, max: 30 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 5 }),
        (after, more, missing) => {
          const head = after + more;
          const log = events(1, 1, 70).filter(({ seq }) => !missing.includes(seq));
          const whole = !missing.some((seq) => seq > after && seq <= head);
          const expected = whole ? events(1, after + 1, head).map(({ seq }) => seq) : undefined;
          expect(numbers(recover(at(1, after), at(1, head), log))).toEqual(expected);
        },
      ),
    );
  });
});

describe('isUnbroken', () => {
  it('takes a new epoch that takes events back', () => {
    const log = [eventAt(4, 2, 1), eventAt(5, 2)];
    expect(isUnbroken({ epoch: 1, seq: 7 }, log, { epoch: 2, seq: 5 })).toBe(true);
    expect(isUnbroken({ epoch: 1, seq: 2 }, log, { epoch: 2, seq: 5 })).toBe(false);
  });

  it('is never true of nothing', () => {
    expect(isUnbroken({ epoch: 1, seq: 7 }, [], { epoch: 1, seq: 7 })).toBe(false);
  });
});
