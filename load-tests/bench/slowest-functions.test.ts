import { expect, it } from 'vitest';
import { selfTimes } from './slowest-functions.ts';

const node = (id: number, functionName: string, url: string) => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
});

it('adds up the time in each function itself and leaves idle time out', () => {
  const times = selfTimes({
    nodes: [
      node(1, '(idle)', ''),
      node(2, 'decide', 'file:///app/dist/main.js'),
      node(3, '', 'file:///app/dist/main.js'),
      node(4, 'decide', 'file:///app/dist/main.js'),
    ],
    samples: [1, 2, 3, 4],
    timeDeltas: [1_000, 10, 20, 70],
  });
  expect(times).toEqual([
    { name: 'decide dist/main.js:10', share: 0.8 },
    { name: '(anonymous) dist/main.js:10', share: 0.2 },
  ]);
});
