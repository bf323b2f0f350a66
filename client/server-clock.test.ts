import { beforeEach, describe, expect, it } from 'vitest';
import { ServerClock } from './server-clock.ts';

/** The server is 10 s ahead of the viewer's clock. */
const AHEAD_MS = 10_000;

let wall = 1_000_000;
let steady = 500;
let clock: ServerClock;

const pass = (ms: number): void => {
  wall += ms;
  steady += ms;
};

/** A round trip on which the server reads its clock after `outMs`. */
function roundTrip(outMs: number, backMs: number): void {
  const answered = clock.measure();
  pass(outMs);
  const serverTime = wall + AHEAD_MS;
  pass(backMs);
  answered(serverTime);
}

beforeEach(() => {
  clock = new ServerClock({ wall: () => wall, steady: () => steady });
});

describe('ServerClock', () => {
  it('is the local clock until something was measured', () => {
    expect(clock.now()).toBe(wall);
    expect(clock.errorMs).toBeUndefined();
  });

  it('is off by no more than half the fastest round trip', () => {
    roundTrip(400, 20);
    expect(clock.now()).toBe(wall + AHEAD_MS + 190);
    roundTrip(15, 5);
    expect(clock.now()).toBe(wall + AHEAD_MS + 5);
    expect(clock.errorMs).toBe(10);
    roundTrip(300, 0);
    pass(60_000);
    expect(clock.now()).toBe(wall + AHEAD_MS + 5);
  });

  it('forgets the fastest round trip after a while: clocks drift', () => {
    roundTrip(5, 5);
    for (let i = 0; i < 5; i += 1) roundTrip(20, 20);
    expect(clock.errorMs).toBe(20);
  });

  it('measures anew when the local clock was set', () => {
    roundTrip(5, 5);
    wall -= 3_600_000;
    const answered = clock.measure();
    pass(30);
    answered(wall + 3_600_000 + AHEAD_MS);
    expect(clock.now()).toBe(wall + 3_600_000 + AHEAD_MS + 15);
  });
});
