import { expect, test } from 'vitest';
import { splitEventLine } from '@outcry/shared/contracts/events.ts';
import { TestBook, TestSale } from '@outcry/shared/testing/book-lines.ts';
import { TestAuction, type TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { AbsenteesRestoration } from './restored-absentees.ts';
import { packed } from './restoration.ts';
import { SaleRestoration } from './restored-sale.ts';

const ID = 's0-lamps';
const START = Date.UTC(2026, 0, 1);
const DAY = 24 * 60 * 60 * 1000;
const md5 = (entry: TestEntry): string => {
  const { fingerprint } = JSON.parse(splitEventLine(entry.text).privateText) as {
    fingerprint: string;
  };
  return fingerprint;
};

const recordOf = (entry: TestEntry | undefined, receipt: string): string =>
  `${entry === undefined ? '' : md5(entry)}+OK ${receipt}`;

const lineOf = (entry: TestEntry | undefined, text: string): string =>
  entry === undefined ? '' : `${text.replace('#', md5(entry))}\n`;

const lotOf = (lot: number, auction: TestAuction, entry: TestEntry) => ({
  ...splitEventLine(entry.text.split('\n').at(-1) ?? ''),
  lot,
  auctionId: auction.auctionId,
  latestEnd: null,
});

function restored(entries: readonly TestEntry[], lots: Parameters<SaleRestoration['finish']>[0]) {
  const restoration = new SaleRestoration(ID);
  for (const { text } of entries) expect(restoration.take(splitEventLine(text))).toEqual([]);
  return restoration.finish(lots);
}

/** A lot that is led by ann up to 5000, one that ben has won for 1000, and one to come. */
function threeLots() {
  const led = new TestAuction({ auctionId: 'a0-led', saleId: ID, lot: 1, lastsMs: 3 * DAY });
  const won = new TestAuction({ auctionId: 'a0-won', saleId: ID, lot: 2 });
  const next = new TestAuction({ auctionId: 'a0-next', saleId: ID, lot: 7, startsAt: START + DAY });
  for (const auction of [led, won]) {
    auction.create();
    auction.start();
  }
  led.bid('ben', { maxAmount: 2_000 });
  won.bid('ben', { maxAmount: 8_000 });
  return [
    lotOf(1, led, led.bid('ann', { maxAmount: 5_000 })),
    lotOf(2, won, won.end()),
    lotOf(7, next, next.create()),
  ];
}

test('a sale with lots is what the script would have', () => {
  const sale = new TestSale(ID, { defaultLimit: 9_000, startsAt: '2026-01-01T01:00:00.000Z' });
  const entries = [
    sale.create(),
    sale.register('ann', 1, 9_000),
    sale.register('ben', 2, 9_000),
    sale.admit('ann', 1, 'approved', 20_000),
    sale.admit('ben', 2, 'blocked', 9_000),
    sale.start(),
  ];
  const [create, registered, , admitted] = entries;
  const done = restored(entries, threeLots());
  const endsAt = START + 3 * DAY;
  expect(done?.auction).toEqual({
    auctionId: ID,
    status: 'live',
    fields: {
      standing: packed(
        endsAt,
        'approval',
        1,
        6,
        9000,
        2,
        2,
        0,
        START + 6_000,
        'live',
        '-',
        'seller-1',
      ),
      shown: '1 6 live',
      status: 'live',
      terms: JSON.stringify(sale.terms),
      plan: `EUR ${START + DAY} 60000 ${START + 3_600_000} 30000 30000 120000`,
      lots: '1:a0-led,2:a0-won,7:a0-next',
      endsAt: `${endsAt}`,
      runId: 'rebuilt',
      publishedSeq: '6',
      archivedEpoch: '1',
      archivedSeq: '6',
    },
    bidders: [
      ['b:ann', packed(1, 20_000, 5_000, 'approved')],
      ['p:1', 'ann'],
      ['b:ben', packed(2, 9_000, 1_000, 'blocked')],
      ['p:2', 'ben'],
    ],
    claim: {
      userId: 'seller-1',
      key: 'scheduled-1',
      fingerprint: expect.any(String) as string,
      at: START + 1_000,
    },
    endsAt,
    lastSeq: 6,
  });
  const records = new Map(done?.answers.map(({ field, record }) => [field, record]));
  expect(records.get('a:seller-1:scheduled-1')).toBe(
    recordOf(create, `1 1 ${START + 1_000} scheduled ${START + DAY}`),
  );
  expect(records.get('a:ann:registered-2')).toBe(recordOf(registered, '1 pending 9000 0'));
  expect(records.get('a:seller-1:admitted-4')).toBe(
    recordOf(admitted, '1 approved 20000 5000 ann'),
  );
});

test('without registration nobody owes anything', () => {
  const sale = new TestSale(ID, {
    registration: 'none',
    softClose: null,
    firstLotEndsAt: '2026-02-01T00:00:00.000Z',
  });
  const done = restored([sale.create()], threeLots());
  expect(done?.auction.bidders).toEqual([]);
  expect(done?.auction.endsAt).toBe(Date.UTC(2026, 1, 1));
  expect(done?.auction.fields).toMatchObject({
    plan: `EUR ${Date.UTC(2026, 1, 1)} 60000 0 0 0 120000`,
    standing: packed(
      Date.UTC(2026, 1, 1),
      'none',
      1,
      1,
      0,
      2,
      0,
      0,
      START + 1_000,
      'scheduled',
      '-',
      'seller-1',
    ),
  });
});

test.each([
  ['before it started', true, { before: 'live', open: 2, endsAt: START + 3 * DAY }],
  ['with lots to come', false, { before: 'scheduled', open: 0, endsAt: START + DAY }],
])('paused %s', (_name, hasLots, { before, open, endsAt }) => {
  const sale = new TestSale(ID);
  const entries = [
    sale.create(),
    sale.write('paused', { userId: 'seller-1' }, { status: 'paused', reason: 'A drill' }),
  ];
  const done = restored(entries, hasLots ? threeLots() : []);
  const at = START + 2_000;
  expect(done?.auction.fields['standing']).toEqual(
    packed(endsAt, 'approval', 1, 2, 0, open, 0, at, at, 'paused', before, 'seller-1'),
  );
});

test('resumed, ended, and answered by what its lots made of it', () => {
  const sale = new TestSale(ID);
  const entries = [
    sale.create(),
    sale.write('paused', { userId: 'seller-1' }, { status: 'paused', reason: 'A drill' }),
    sale.write('resumed', { userId: 'seller-1' }, { status: 'scheduled', reason: 'Over' }),
  ];
  const started = sale.start();
  // In the same call.
  const same = { ...started, text: started.text.replace('00:00:04.000Z', '00:00:03.000Z') };
  const done = restored([...entries, same, sale.end()], []);
  expect(done?.auction).toMatchObject({
    status: 'ended',
    endsAt: START + 5_000,
    fields: {
      standing: packed(
        START + DAY,
        'approval',
        1,
        5,
        0,
        0,
        0,
        0,
        START + 5_000,
        'ended',
        '-',
        'seller-1',
      ),
      shown: '1 5 ended',
    },
  });
  expect(done?.answers.at(-1)?.record).toMatch(
    new RegExp(`^[0-9a-f]{32}\\+OK 1 4 ${START + 3_000} live ${START + DAY}$`),
  );
});

test('stops before a gap', () => {
  const sale = new TestSale(ID);
  const [first, , third] = [sale.create(), sale.register('ann', 1), sale.start()];
  const restoration = new SaleRestoration(ID);
  expect(restoration.take(splitEventLine(first.text))).toEqual([]);
  expect(restoration.take(splitEventLine(third.text))).toBeUndefined();
  expect(restoration.finish([])?.auction.lastSeq).toBe(1);
  expect(new SaleRestoration(ID).finish([])).toBeUndefined();
});

test('absentee bids are those that still stand, in the order in which they were left', () => {
  const book = new TestBook('b0-lot');
  const auction = new TestAuction({ auctionId: 'a0-lot', startsAt: START + DAY, stepMs: DAY });
  const left = (userId: string, maxAmount: number, key?: string) =>
    book.write('left', {
      userId,
      bidId: `b-${maxAmount}`,
      maxAmount,
      ...(key !== undefined && { key }),
    });
  const entries = [
    left('ann', 5_000),
    left('ben', 6_000, ''),
    left('cid', 7_000),
    book.write('withdrawn', { userId: 'ben' }),
    left('ann', 9_000),
  ];
  const created = splitEventLine(auction.create().text);
  const restoration = new AbsenteesRestoration('b0-lot', [created]);
  const answers = entries.flatMap(({ text }) => restoration.take(splitEventLine(text)) ?? []);
  expect(restoration.finish()).toEqual({
    auctionId: 'b0-lot',
    status: 'scheduled',
    fields: {
      shown: '1 5 scheduled',
      status: 'scheduled',
      runId: 'rebuilt',
      publishedSeq: '5',
      archivedEpoch: '1',
      archivedSeq: '5',
    },
    absentees:
      lineOf(entries[2], 'cid 7000 b-7000 # left-3') +
      lineOf(entries[4], 'ann 9000 b-9000 # left-5'),
    lastSeq: 5,
  });
  const end = START + DAY + 3_600_000;
  expect(answers.map(({ field, record }) => `${field} ${record.slice(33)}`)).toEqual([
    `a:ann:left-1 OK b-5000 1 1 scheduled 0 1000 1000 ${end} ${START + 1_000}`,
    `a:ben:b-6000 OK b-6000 1 1 scheduled 0 1000 1000 ${end} ${START + 2_000}`,
    `a:cid:left-3 OK b-7000 1 1 scheduled 0 1000 1000 ${end} ${START + 3_000}`,
    'a:ben:withdrawn-4 OK 0 0 0 0',
    `a:ann:left-5 OK b-9000 1 1 scheduled 0 1000 1000 ${end} ${START + 5_000}`,
  ]);
  restoration.take(splitEventLine(book.write('closed', {}, { status: 'ended' }).text));
  expect(restoration.finish()).toMatchObject({ status: 'ended', absentees: undefined });
});
