import { expect, test } from 'vitest';
import { messageJson } from '../../feed/live-message.ts';
import { END, stateAt } from '../../testing/bid-event.ts';
import { readLiveMessage, readLogEntry } from './read-events.ts';

const state = JSON.stringify({ ...stateAt(3), leader: null });
const bid = `{"epoch":1,"seq":2,"type":"bid","at":"${END}","state":${state},"bid":{"alias":1,"amount":5}}`;
const epoch = `{"epoch":2,"seq":3,"type":"epoch","at":"${END}","state":${state},"parent":1}`;

const line = (event: string): string =>
  `{"v":1,"auctionId":"a1-x","public":${event},"salt":"${'0'.repeat(32)}","private":{"userId":"ann"}}`;

test('of a message of version 1 viewers get the bytes that the script wrote', () => {
  const place = '"auctionId":"a1-x","epoch":2,"seq":3';
  const text = `{${place},"events":[${bid},${epoch}],"state":${state},"serverTime":"${END}"}`;
  const message = readLiveMessage('a1-x', text);
  expect(messageJson(message)).toBe(text);
  expect(message).toMatchObject({ auctionId: 'a1-x', epoch: 2, seq: 3, state: { price: 3 } });
  expect(message.events).toEqual([
    { epoch: 1, seq: 2, json: bid },
    { epoch: 2, seq: 3, parent: 1, json: epoch },
  ]);
});

test('what stands in a log of version 1 is told in the same bytes, without its private part', () => {
  const events = readLogEntry(['epoch', '2', 'events', [bid, epoch].map(line).join('\n')]);
  expect(events.map(({ json }) => json)).toEqual([bid, epoch]);
  expect(events[1]).toMatchObject({ epoch: 2, seq: 3, parent: 1 });
});

const record =
  '2 1 2 1795992740274\nbid 1 5 live - 5 30 1 1 1 1795992840274\nepoch 1 live - 5 30 1 1 1 1795992840274';

test('of a record viewers get the same JSON from the channel and from the log', () => {
  const message = readLiveMessage('a1-x', record);
  const shown =
    '"state":{"status":"live","price":5,"minimumBid":30,"leader":1,"bidCount":1,"reserveMet":true,"endsAt":"2026-11-29T22:54:00.274Z"}';
  const at = '2026-11-29T22:52:20.274Z';
  const first = `{"epoch":1,"seq":2,"type":"bid","at":"${at}",${shown},"bid":{"alias":1,"amount":5}}`;
  const second = `{"epoch":1,"seq":3,"type":"epoch","at":"${at}",${shown},"parent":1}`;
  expect(messageJson(message)).toBe(
    `{"auctionId":"a1-x","epoch":1,"seq":3,"events":[${first},${second}],${shown},"serverTime":"${at}"}`,
  );
  expect(message.events[1]).toMatchObject({ epoch: 1, seq: 3, parent: 1 });
  expect(readLogEntry(['public', record, 'private', 'secret'])).toEqual(message.events);
});
