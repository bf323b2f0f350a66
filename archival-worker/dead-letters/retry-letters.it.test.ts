import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auctionKeys, eventSubject } from '@outcry/shared/contracts/keys.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { SHARDS, TestSystem } from '../testing/test-system.ts';

const WORKER = join(import.meta.dirname, '..');

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(() => system.stop());

/** `npm run dead-letters` on the test's own servers. */
async function tool(...args: string[]): Promise<{ code: number; output: string }> {
  const { REDIS_URL, NATS_URL, DATABASE_URL } = system.settings();
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', 'tsx', 'run-dead-letters.ts', ...args],
      {
        cwd: WORKER,
        env: { PATH: process.env['PATH'], REDIS_URL, NATS_URL, DATABASE_URL, SHARDS: `${SHARDS}` },
      },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

const blocked = (auctionId: string) =>
  system.redisClient.hget(auctionKeys(1, auctionId).auction, 'blocked');

test('letters are listed, and stored again once the reason is gone', async () => {
  const auction = new TestAuction({ auctionId: 'a1-letters', shard: 1 });
  const { auctionId } = auction;
  const entries = auction.opening(5);
  const poison = auction.bid('eve', { amount: auction.minimumBid });
  entries.push(poison, ...auction.minimumBids(3));
  const junk = { subject: eventSubject(1, 'a1-junk'), text: 'not an event' };
  for (const id of [auctionId, 'a1-junk']) {
    await system.redisClient.hset(auctionKeys(1, id).auction, { epoch: 1, seq: auction.seq });
  }
  expect(await tool()).toEqual({ code: 0, output: 'There are no dead letters.\n' });

  await system.sql.unsafe(`
    CREATE FUNCTION no_eve() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.user_id = 'eve' THEN RAISE EXCEPTION 'no eve' USING ERRCODE = '23514'; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER no_eve BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION no_eve();`);
  await system.startWorker();
  await system.publish([...entries, junk]);
  await system.allAcknowledged();
  await until('both are blocked', async () => {
    const both = [await blocked(auctionId), await blocked('a1-junk')];
    return both.join() === '1,1';
  });

  const listed = await tool();
  expect(listed.code).toBe(0);
  expect(listed.output).toContain(`  ${auctionId}  20`);
  expect(listed.output).toContain(`  ${poison.text.length} bytes  no eve (SQLSTATE 23514)`);
  expect(listed.output).toContain('2 dead letters.');
  const [row] = await system.sql<{ hash: string }[]>`
    SELECT encode(payload_hash, 'hex') AS hash FROM dead_letters WHERE auction_id = ${auctionId}`;
  const hash = row?.hash ?? '';

  const tooEarly = await tool('retry', hash);
  expect(tooEarly.code).toBe(1);
  expect(tooEarly.output).toContain('still refused');
  expect(tooEarly.output).toContain('0 stored, 1 kept.');
  expect(await blocked(auctionId)).toBe('1');

  await system.sql.unsafe('DROP FUNCTION no_eve CASCADE');
  const stored = await tool('retry', hash.slice(0, 12));
  expect(stored).toEqual({
    code: 0,
    output: `${auctionId} is no longer blocked\n1 stored, 0 kept.\n`,
  });
  expect(await system.storedLines(auctionId)).toEqual(entries.map(({ text }) => text));
  expect(await blocked(auctionId)).toBeNull();
  const { auction: key } = auctionKeys(1, auctionId);
  expect(await system.redisClient.hget(key, 'archivedSeq')).toBe(`${auction.seq}`);

  const rest = await tool('retry', 'all');
  expect(rest.code).toBe(1);
  expect(rest.output).toContain('0 stored, 1 kept.');
  expect(await blocked('a1-junk')).toBe('1');
});

test('an auction stays blocked until its last letter is stored', async () => {
  await system.stopWorkers();
  await system.reset();
  const auction = new TestAuction({ auctionId: 'a1-two', shard: 1 });
  const entries = auction.opening(4);
  await system.redisClient.hset(auctionKeys(1, 'a1-two').auction, { epoch: 1, seq: 6, blocked: 1 });
  for (const { text, subject } of entries) {
    await system.sql`
      INSERT INTO dead_letters (payload_hash, subject, auction_id, payload, reason)
      VALUES (sha256(${Buffer.from(text)}), ${subject}, 'a1-two', ${Buffer.from(text)}, 'for a test')`;
  }
  const [first] = await system.sql<{ hash: string }[]>`
    SELECT encode(payload_hash, 'hex') AS hash FROM dead_letters LIMIT 1`;
  const one = await tool('retry', first?.hash ?? '');
  expect(one).toEqual({ code: 0, output: '1 stored, 0 kept.\n' });
  expect(await blocked('a1-two')).toBe('1');
  const all = await tool('retry');
  expect(all.output).toContain('a1-two is no longer blocked\n5 stored, 0 kept.');
  expect(all.code).toBe(0);
  expect(await blocked('a1-two')).toBeNull();
});

test('what is no event is discarded, with who and why, and its auction goes on', async () => {
  await system.stopWorkers();
  await system.reset();
  const auction = new TestAuction({ auctionId: 'a1-junk', shard: 1 });
  const entries = auction.opening(4);
  const junk = { subject: eventSubject(1, 'a1-junk'), text: 'not an event' };
  await system.redisClient.hset(auctionKeys(1, 'a1-junk').auction, { epoch: 1, seq: auction.seq });
  await system.startWorker();
  await system.publish([...entries, junk, { ...junk, text: 'no event either' }]);
  await system.allAcknowledged();
  await until('it is blocked', async () => (await blocked('a1-junk')) === '1');
  const listed = await tool();
  expect(listed.output).toContain('2 dead letters.');
  const [first = '', second = ''] = listed.output.split('\n').map((line) => line.slice(0, 12));
  const judged = ['--by', 'ann@ops', '--why', 'a test client used the wrong subject'];

  for (const incomplete of [
    judged.slice(0, 2),
    judged.slice(2),
    ['--by', ' ', ...judged.slice(2)],
  ]) {
    const refused = await tool('discard', first, ...incomplete);
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('discard <hash> --by <name> --why <reason>');
  }
  expect((await tool('discard', '00000000', ...judged)).output).toContain('No dead letter');

  const one = await tool('discard', first, ...judged);
  expect(one.code).toBe(0);
  expect(one.output).toContain(`discarded      ${first}`);
  expect(await blocked('a1-junk')).toBe('1');
  const other = await tool('discard', second, ...judged);
  expect(other.code).toBe(0);
  expect(other.output).toContain('a1-junk is no longer blocked');
  expect(await blocked('a1-junk')).toBeNull();
  expect((await tool()).output).toBe('There are no dead letters.\n');

  const kept = await system.sql<{ text: string; by: string; why: string }[]>`
    SELECT convert_from(payload, 'UTF8') AS text, discarded_by AS by, why
      FROM discarded_letters
     WHERE auction_id = 'a1-junk' AND seen_at <= discarded_at AND reason <> ''
     ORDER BY text`;
  expect([...kept]).toEqual(
    ['no event either', 'not an event'].map((text) => ({
      text,
      by: 'ann@ops',
      why: 'a test client used the wrong subject',
    })),
  );

  // Published once more, it is a dead letter once more.
  await system.publish([junk]);
  await until('it is blocked again', async () => (await blocked('a1-junk')) === '1');
  expect((await tool('discard', 'not hex', ...judged)).code).toBe(1);
});

test('an event that was discarded by mistake is stored when it is published again', async () => {
  await system.stopWorkers();
  await system.reset();
  const auction = new TestAuction({ auctionId: 'a1-mistake', shard: 1 });
  const [created, ...entries] = auction.opening(2);
  if (created === undefined) throw new Error('an auction begins with an event');
  await system.redisClient.hset(auctionKeys(1, 'a1-mistake').auction, {
    epoch: 1,
    seq: auction.seq,
  });
  await system.sql`
    INSERT INTO dead_letters (payload_hash, subject, auction_id, payload, reason)
    VALUES (sha256(${Buffer.from(created.text)}), ${created.subject}, 'a1-mistake',
            ${Buffer.from(created.text)}, 'for a test')`;
  const hash = createHash('sha256').update(created.text).digest('hex');
  const judged = ['--by', 'ann', '--why', 'looked like junk'];
  expect((await tool('discard', hash, ...judged)).code).toBe(0);

  // As the keeper does, which finds it missing.
  await system.startWorker();
  await system.publish([created, ...entries]);
  await system.allAcknowledged();
  expect(await system.storedLines('a1-mistake')).toHaveLength(4);
});

test('says what it does not understand, and what is not there', async () => {
  const usage = await tool('forget');
  expect(usage.code).toBe(1);
  expect(usage.output).toContain('npm run dead-letters -- retry <hash>');
  const none = await tool('retry', '0123456789ab');
  expect(none.code).toBe(1);
  expect(none.output).toContain('No dead letter has a hash that starts with 0123456789ab.');
});
