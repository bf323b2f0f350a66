/** A report of 100,000 bids: its length costs no memory, and a spreadsheet opens it. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { LONG_TEST_MS } from '@outcry/shared/testing/sizes.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';

const HOUR_MS = 3_600_000;
const FORMULA = '=HYPERLINK("http://evil.example","Lamp")';
const SOFFICE = '/usr/bin/soffice';
const LONG = 'a1-long';
const BIDS = 300_000;
const MB = 1024 * 1024;
/** A stream stays below 8 MB, the worker's other work included; all rows at once take 17 MB and more. */
const MAX_GROWTH = 12 * MB;

let system: TestSystem;
let worker: Service;

beforeAll(async () => {
  system = await TestSystem.start();
  worker = await system.startWorker();
  const startsAt = Date.now() - 2 * HOUR_MS;
  const long = new TestAuction({ auctionId: LONG, shard: 1, startsAt: startsAt + HOUR_MS });
  const sold = { sellerId: 'sam', startsAt };
  const lamp = new TestAuction({ auctionId: 'a0-lamp', itemTitle: FORMULA, ...sold });
  const yen = { auctionId: 'a2-yen', shard: 2, currency: 'JPY', buyNowPrice: 90_000 };
  const fan = new TestAuction({ ...yen, itemTitle: 'Fan', ...sold });
  await system.publish([
    ...long.opening(1),
    ...lamp.opening(0),
    lamp.bid('ann', { amount: 2_150 }),
    lamp.end(),
    ...fan.opening(0),
    fan.buyNow('ann'),
  ]);
  await system.allAcknowledged();
}, LONG_TEST_MS);
afterAll(() => system.stop());

const ask = (path: string, accept: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${worker.port}${path}`, {
    headers: { accept, authorization: `Bearer ${tokenOf('sam', ['seller'])}` },
  });

describe(`${BIDS.toLocaleString()} bids`, () => {
  beforeAll(async () => {
    await system.sql`
      INSERT INTO events (auction_id, epoch, seq, type, at, public, salt, private, payload_hash,
                          user_id, bid_id, alias, amount)
      SELECT auction_id, epoch, seq + i, 'bid', at + make_interval(secs => i / 100.0), public, salt, private,
             sha256(convert_to(i::text, 'UTF8')), user_id, 'b-' || i, 1 + i % 9, 1000 + i
        FROM (SELECT * FROM events WHERE auction_id = ${LONG} AND type = 'bid') AS first,
             generate_series(1, ${BIDS - 1}) AS i`;
  }, LONG_TEST_MS);

  const path = `/v1/history/auctions/${LONG}/bids/report`;

  test.each(['text/csv', 'application/json'])(
    'stream with flat memory, as %s',
    { timeout: LONG_TEST_MS },
    async (accept) => {
      await (await ask('/v1/users/me/sales/report', accept)).text();
      const before = liveHeap();
      const { body } = await ask(path, accept);
      const reader = body?.getReader();
      const decoder = new TextDecoder();
      let [lines, bytes, most] = [0, 0, 0];
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) break;
        const text = decoder.decode(value, { stream: true });
        lines += text.split('\n').length - 1;
        // The rest waits in the worker, which shares this test's heap, or is not read yet.
        if (bytes === 0 || Math.floor(bytes / MB) !== Math.floor((bytes + value.length) / MB)) {
          most = Math.max(most, liveHeap() - before);
        }
        bytes += value.length;
      }
      expect(lines).toBeGreaterThanOrEqual(BIDS + 1);
      expect(lines).toBeLessThanOrEqual(BIDS + 2);
      console.log(`${accept}: ${bytes} bytes, live heap grew by ${most} at most`);
      expect(bytes).toBeGreaterThan(4 * MB);
      expect(most).toBeLessThan(MAX_GROWTH);
    },
  );

  test.skipIf(!existsSync(SOFFICE))(
    'open in a spreadsheet, with amounts as numbers and no formula',
    { timeout: LONG_TEST_MS },
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'outcry-sheet-'));
      try {
        const bids = await sheetOf(folder, 'bids', await (await ask(path, 'text/csv')).text());
        expect(
          bids.match(/office:value-type="float" office:value="10.1"/g)?.length,
        ).toBeGreaterThan(0);
        expect(bids.match(/<text:p>EUR<\/text:p>/g)).toHaveLength(BIDS);
        const sales = await (await ask('/v1/users/me/sales/report', 'text/csv')).text();
        const sheet = await sheetOf(folder, 'sales', sales);
        expect(sheet).toContain('office:value-type="float" office:value="21.5"');
        expect(sheet).toContain('office:value-type="float" office:value="90000"');
        expect(sheet).toContain('=HYPERLINK(');
        for (const each of [bids, sheet]) expect(each).not.toContain('table:formula');
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes on the heap and in buffers that something still refers to. */
function liveHeap(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** What LibreOffice makes of CSV, as flat XML. */
async function sheetOf(folder: string, name: string, csv: string): Promise<string> {
  const file = join(folder, `${name}.csv`);
  await writeFile(file, csv);
  const options = [`-env:UserInstallation=file://${folder}/profile`, '--headless'];
  execFileSync(SOFFICE, [...options, '--convert-to', 'fods', '--outdir', folder, file], {
    stdio: 'ignore',
    timeout: LONG_TEST_MS,
  });
  return readFile(join(folder, `${name}.fods`), 'utf8');
}
