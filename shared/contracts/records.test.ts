import { describe, expect, test } from 'vitest';
import { splitEventLine } from './events.ts';
import {
  isoTime,
  lastStateJson,
  readHead,
  readNotices,
  readLogEntry,
  readStanding,
  readStoredView,
  recordLines,
  shownEvents,
  stateJson,
  stateRecord,
} from './records.ts';

const AT = 1_795_992_740_274;
const AT_TEXT = '2026-11-29T22:52:20.274Z';
const END = 1_795_992_840_274;
const END_TEXT = '2026-11-29T22:54:00.274Z';
const SALT = '0123456789abcdef0123456789abcdef';
const LIVE = `live - 5000 5100 2 7 1 ${END}`;
const LIVE_JSON = `{"status":"live","price":5000,"minimumBid":5100,"leader":2,"bidCount":7,"reserveMet":true,"endsAt":"${END_TEXT}"}`;
const NEW = `scheduled - 1000 1000 0 0 0 ${END}`;
const NEW_JSON = `{"status":"scheduled","price":1000,"minimumBid":1000,"leader":null,"bidCount":0,"reserveMet":false,"endsAt":"${END_TEXT}"}`;

/**
 * Frozen: these bytes are hashed into seals and stored for ever. Where a form must change, a new
 * version is added, and these stay.
 */
describe('a record of version 2 stands for exactly these bytes:', () => {
  const cases: readonly (readonly [what: string, shown: string, secret: string, line: string])[] = [
    [
      'a creation',
      `scheduled ${NEW}`,
      `${SALT} 0  sam 0123456789abcdef create-"1" ${AT} ${END} ${END + 5} {"item":{"id":"i1-x","title":"A  lamp, \\"old\\""},"startPrice":1000}`,
      `"type":"scheduled","at":"${AT_TEXT}","state":${NEW_JSON}},"salt":"${SALT}","private":{"userId":"sam","key":"create-\\"1\\"","fingerprint":"0123456789abcdef","creation":{"item":{"id":"i1-x","title":"A  lamp, \\"old\\""},"startPrice":1000},"startsAt":${AT},"endsAt":${END},"hardEndsAt":${END + 5}}`,
    ],
    [
      'a start',
      `started ${NEW}`,
      `${SALT} 0 `,
      `"type":"started","at":"${AT_TEXT}","state":${NEW_JSON}},"salt":"${SALT}","private":{}`,
    ],
    [
      'an exact bid',
      `bid 2 5000 ${LIVE}`,
      `${SALT} 5000 ann ann b-1_x 2 5000 0 bid:5000 k\\1`,
      `"type":"bid","at":"${AT_TEXT}","state":${LIVE_JSON},"bid":{"alias":2,"amount":5000}},"salt":"${SALT}","private":{"userId":"ann","bidId":"b-1_x","alias":2,"amount":5000,"key":"k\\\\1","fingerprint":"bid:5000","leaderId":"ann","leaderMax":5000}`,
    ],
    [
      'a maximum bid that is beaten',
      `bid 3 4900 ${LIVE}`,
      `${SALT} 9000 ann bob b-2 3 0 4900 max:4900 b-2`,
      `"type":"bid","at":"${AT_TEXT}","state":${LIVE_JSON},"bid":{"alias":3,"amount":4900}},"salt":"${SALT}","private":{"userId":"bob","bidId":"b-2","alias":3,"maxAmount":4900,"key":"b-2","fingerprint":"max:4900","leaderId":"ann","leaderMax":9000}`,
    ],
    [
      'a raised maximum',
      `no_change ${LIVE}`,
      `${SALT} 9000 ann ann b-3 2 0 9000 max:9000 raise`,
      `"type":"no_change","at":"${AT_TEXT}","state":${LIVE_JSON}},"salt":"${SALT}","private":{"userId":"ann","bidId":"b-3","alias":2,"maxAmount":9000,"key":"raise","fingerprint":"max:9000","leaderId":"ann","leaderMax":9000}`,
    ],
    [
      'a purchase at the highest price',
      `bought 1 1000000000000 ended sold 1000000000000 - 1 1 1 ${AT}`,
      `${SALT} 1000000000000 ann ann b-4 1 0 0 buy now`,
      `"type":"bought","at":"${AT_TEXT}","state":{"status":"ended","outcome":"sold","price":1000000000000,"minimumBid":null,"leader":1,"bidCount":1,"reserveMet":true,"endsAt":"${AT_TEXT}"},"bid":{"alias":1,"amount":1000000000000}},"salt":"${SALT}","private":{"userId":"ann","bidId":"b-4","alias":1,"key":"now","fingerprint":"buy","leaderId":"ann","leaderMax":1000000000000}`,
    ],
    [
      'a new end',
      `extended ${LIVE}`,
      `${SALT} 9000 ann root extend:1795992840274 later`,
      `"type":"extended","at":"${AT_TEXT}","state":${LIVE_JSON}},"salt":"${SALT}","private":{"userId":"root","key":"later","fingerprint":"extend:1795992840274","leaderId":"ann","leaderMax":9000}`,
    ],
    [
      'a cancellation',
      `cancelled cancelled - 1000 1000 0 0 1 ${END}`,
      `${SALT} 0  sam cancel b-5`,
      `"type":"cancelled","at":"${AT_TEXT}","state":{"status":"cancelled","price":1000,"minimumBid":1000,"leader":null,"bidCount":0,"reserveMet":true,"endsAt":"${END_TEXT}"}},"salt":"${SALT}","private":{"userId":"sam","key":"b-5","fingerprint":"cancel"}`,
    ],
    [
      'an end below the reserve',
      `ended ended reserve_not_met 5000 5100 2 7 0 ${END}`,
      `${SALT} 9000 ann`,
      `"type":"ended","at":"${AT_TEXT}","state":{"status":"ended","outcome":"reserve_not_met","price":5000,"minimumBid":5100,"leader":2,"bidCount":7,"reserveMet":false,"endsAt":"${END_TEXT}"}},"salt":"${SALT}","private":{"leaderId":"ann","leaderMax":9000}`,
    ],
    [
      'a new epoch',
      `epoch 1 ${LIVE}`,
      `${SALT} 9000 ann 41`,
      `"type":"epoch","at":"${AT_TEXT}","state":${LIVE_JSON},"parent":1},"salt":"${SALT}","private":{"fork":41,"leaderId":"ann","leaderMax":9000}`,
    ],
  ];

  test.each(cases)('%s', (_, shown, privateText, rest) => {
    const publicText = `2 3 42 ${AT}\n${shown}`;
    const line = `{"v":1,"auctionId":"a1-x","public":{"epoch":3,"seq":42,${rest}}`;
    expect(recordLines('a1-x', { publicText, privateText })).toBe(line);
    const parts = splitEventLine(line);
    expect(shownEvents(publicText).map(({ json }) => json)).toEqual([parts.publicText]);
    expect(JSON.parse(parts.privateText)).toBeTypeOf('object');
  });

  test('several events are numbered on, in lines of their own', () => {
    const publicText = `2 3 42 ${AT}\nstarted ${NEW}\nbid 2 5000 ${LIVE}`;
    const privateText = `${SALT} 0 \n${SALT} 5000 ann ann b-1 2 5000 0 bid:5000 k`;
    const lines = recordLines('a1-x', { publicText, privateText }).split('\n');
    expect(lines.map((line) => /"seq":\d+,"type":"\w+"/.exec(line)?.[0])).toEqual([
      '"seq":42,"type":"started"',
      '"seq":43,"type":"bid"',
    ]);
    expect(readHead(publicText)).toEqual({ epoch: 3, firstSeq: 42, lastSeq: 43, at: AT });
    expect(lastStateJson(publicText)).toBe(LIVE_JSON);
    const fields = ['public', publicText, 'private', privateText];
    expect(readLogEntry('a1-x', fields)).toEqual({
      epoch: 3,
      firstSeq: 42,
      lastSeq: 43,
      at: AT,
      text: lines.join('\n'),
    });
  });
});

test('what is no record is refused', () => {
  expect(() => readHead('{"epoch":1}')).toThrow('record');
  expect(() => readHead(`3 1 1 ${AT}\nstarted ${NEW}`)).toThrow('record');
  expect(() => shownEvents(`2 1 1 ${AT}\ninvented ${NEW}`)).toThrow('event');
  expect(() => readStanding(['nonsense'])).toThrow('form');
});

const lineOf = (seq: number): string =>
  `{"v":1,"auctionId":"a1-x","public":{"epoch":3,"seq":${seq},"type":"started","at":"${AT_TEXT}","state":${NEW_JSON}},"salt":"${SALT}","private":{}}`;

test('a log entry of version 1 is read as it is', () => {
  const text = [lineOf(7), lineOf(8)].join('\n');
  expect(readLogEntry('a1-x', ['epoch', '3', 'events', text])).toEqual({
    epoch: 3,
    firstSeq: 7,
    lastSeq: 8,
    at: AT,
    text,
  });
});

test('a state has one record and one JSON, with and without outcome, leader and minimum', () => {
  const records = [
    LIVE,
    NEW,
    `ended sold 1000000000000 - 1 1 1 ${END}`,
    `ended no_bids 5 5 0 0 1 ${END}`,
  ];
  for (const record of records) {
    expect(stateRecord(JSON.parse(stateJson(record)) as never)).toBe(record);
  }
  expect(stateJson(NEW_JSON)).toBe(NEW_JSON);
});

test('an auction is shown alike from the fields of either version', () => {
  const terms = {
    id: 'a1-x',
    item: { id: 'i1-x', title: 'A lamp' },
    sellerId: 'sam',
    currency: 'EUR',
  };
  const now = readStoredView(
    [JSON.stringify({ ...terms, startsAt: AT }), `3 42 ${LIVE}`, null, null, null],
    END_TEXT,
  );
  const before = readStoredView(
    [JSON.stringify({ ...terms, startsAt: AT_TEXT }), null, '3', '42', LIVE_JSON],
    END_TEXT,
  );
  expect(now).toMatchObject({
    epoch: 3,
    seq: 42,
    price: 5_000,
    startsAt: AT_TEXT,
    serverTime: END_TEXT,
  });
  expect(now).toEqual(before);
  expect(readStoredView([null, null, null, null, null], END_TEXT)).toBeUndefined();
});

test('times are remembered, but not without bound', () => {
  for (let ms = 0; ms < 3_000; ms += 1) expect(isoTime(`${ms}`)).toBe(new Date(ms).toISOString());
  expect(isoTime('1')).toBe('1970-01-01T00:00:00.001Z');
});

test('each user whom a call concerns is told of it once, and version 1 said it as JSON', () => {
  const lines = ['a1-x 700 800 ann,bob cid ', 'a2-y 900 - ann  ann', 'a3-z 5 6   '];
  const about = { auctionId: 'a1-x', price: 700 };
  expect(readNotices(lines.join('\n'))).toEqual([
    { type: 'own', userId: 'ann', auctionId: 'a1-x' },
    { type: 'own', userId: 'bob', auctionId: 'a1-x' },
    { type: 'outbid', userId: 'cid', ...about, minimumBid: 800 },
    { type: 'own', userId: 'ann', auctionId: 'a2-y' },
    { type: 'won', userId: 'ann', auctionId: 'a2-y', price: 900 },
  ]);
  expect(readNotices('a1-x 700 -  cid ')).toEqual([
    { type: 'outbid', userId: 'cid', ...about, minimumBid: null },
  ]);
  const own = { type: 'own', userId: 'ann', auctionId: 'a1-x' };
  expect(readNotices(JSON.stringify([own]))).toEqual([own]);
});
