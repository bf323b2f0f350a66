import { expect, test } from 'vitest';
import { messageJson } from '../../feed/live-message.ts';
import { END, stateAt } from '../../testing/bid-event.ts';
import { readLiveMessage, readLogEntry } from './read-events.ts';

const state = JSON.stringify({ ...stateAt(3), leader: null });
const bid = `{"epoch":1,"seq":2,"type":"bid","at":"${END}","state":${state},"bid":{"alias":1,"amount":5}}`;
const epoch = `{"epoch":2,"seq":3,"type":"epoch","at":"${END}","state":${state},"parent":1}`;

const line = (event: string): string =>
  `{"v":1,"auctionId":"a1-x","public":${event},"salt":"${'0'.repeat(32)}","private":{"userId":"ann"}}`;

test('viewers get the bytes that the script wrote', () => {
  const place = '"auctionId":"a1-x","epoch":2,"seq":3';
  const text = `{${place},"events":[${bid},${epoch}],"state":${state},"serverTime":"${END}"}`;
  const message = readLiveMessage(text);
  expect(messageJson(message)).toBe(text);
  expect(message).toMatchObject({ auctionId: 'a1-x', epoch: 2, seq: 3, state: { price: 3 } });
  expect(message.events).toEqual([
    { epoch: 1, seq: 2, json: bid },
    { epoch: 2, seq: 3, parent: 1, json: epoch },
  ]);
});

test('what stands in the log is told in the same bytes, without its private part', () => {
  const events = readLogEntry(['epoch', '2', 'events', [bid, epoch].map(line).join('\n')]);
  expect(events.map(({ json }) => json)).toEqual([bid, epoch]);
  expect(events[1]).toMatchObject({ epoch: 2, seq: 3, parent: 1 });
});
