/** The receivers of docs/examples, as programs of their own, told by real deliveries. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SMTPServer } from 'smtp-server';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { freePort } from '@outcry/local/processes/ports.ts';
import { listenLocally } from '@outcry/local/testing/listen-locally.ts';
import type { WebhookWithSecret } from '@outcry/shared/contracts/webhooks.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';
import { auctionFromNow, WebhookStage } from '../testing/webhook-stage.ts';

const EXAMPLES = fileURLToPath(new URL('../../docs/examples/', import.meta.url));
const token = tokenOf('root', ['admin']);

let system: TestSystem;
let stage: WebhookStage;
let folder: string;

beforeAll(async () => {
  system = await TestSystem.start();
});
beforeEach(async () => {
  stage = await WebhookStage.start(system);
  folder = await mkdtemp(join(tmpdir(), 'outcry-receivers-'));
});
afterEach(async () => {
  await system.stopWorkers();
  await system.reset();
  await rm(folder, { recursive: true });
});
afterAll(() => system.stop());

/** Registers a webhook for a program that is not started yet. */
async function register(port: number, events: readonly string[]): Promise<string> {
  const body = { url: `http://127.0.0.1:${port}/`, events };
  const answer = await stage.call('POST', '/v1/webhooks', { token, body });
  return ((await answer.json()) as WebhookWithSecret).secret;
}

/** Runs a receiver until it is stopped, or the test is over. */
async function run(name: string, env: Readonly<Record<string, string>>) {
  const program = spawn(process.execPath, [join(EXAMPLES, name)], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(program, 'exit');
  const stop = async (): Promise<void> => {
    program.kill('SIGTERM');
    await exited;
  };
  onTestFinished(stop);
  await once(program.stdout, 'data');
  return { stop };
}

test('invoice-lines.mjs writes each sale once, also over a restart, and takes back what is void', async () => {
  const port = await freePort();
  const FILE = join(folder, 'invoices.csv');
  const WEBHOOK_SECRET = await register(port, ['bidder.won']);
  const env = { WEBHOOK_SECRET, PORT: `${port}`, FILE };
  const lines = async () => (await readFile(FILE, 'utf8')).split('\r\n').slice(0, -1);
  const first = await run('invoice-lines.mjs', env);
  await stage.deliver();

  const lamp = auctionFromNow({
    auctionId: 'a0-lamp',
    itemTitle: '=1+1, "a lamp"',
    buyNowPrice: 9_905,
  });
  await system.publish([lamp.create(), lamp.start(), lamp.buyNow('ann')]);
  await until('the sale is there', async () => (await lines()).length === 2);
  await first.stop();

  // It was down when this was sold; the restart finds what it had written.
  const vase = auctionFromNow({ auctionId: 'a0-vase', currency: 'JPY', buyNowPrice: 5_000 });
  await system.publish([vase.create(), vase.start(), vase.buyNow('ben')]);
  await run('invoice-lines.mjs', env);
  await until('the second sale is there', async () => (await lines()).length === 3);
  const [head, one = '', two = ''] = await lines();
  expect(head).toBe('message,time,auction,title,buyer,amount,currency');
  const [id = ''] = one.split(',');
  expect(id).toMatch(/^msg_/);
  expect(one).toMatch(/,a0-lamp,"'=1\+1, ""a lamp""",ann,99\.05,EUR$/);
  expect(two).toMatch(/,a0-vase,A lamp,ben,5000,JPY$/);

  const [{ id: webhookId } = { id: '' }] = await system.sql<
    { id: string }[]
  >`SELECT id FROM webhooks`;
  const again = `/v1/webhooks/${webhookId}/deliveries/${id}/redeliver`;
  expect((await stage.call('POST', again, { token, body: {} })).status).toBe(202);
  await until('it came again', async () => {
    const sent = (await stage.deliveries(webhookId, token)).find((each) => each.id === id);
    return sent?.status === 'delivered' && sent.attempts === 2;
  });
  expect(await lines()).toHaveLength(3);

  // As if a failover had lost the first sale.
  await system.sql`
    UPDATE webhook_queues SET due_at = now() WHERE auction_id = 'a0-lamp'`;
  await system.sql`
    INSERT INTO webhook_deliveries (id, webhook_id, auction_id, epoch, seq, type, at, payload)
    SELECT 'msg_back', webhook_id, auction_id, 2, 3, 'auction.rolled_back', now(),
           jsonb_build_object('type', 'auction.rolled_back', 'timestamp', now(),
                              'data', jsonb_build_object('voided', jsonb_build_array(id)))::text
      FROM webhook_deliveries WHERE id = ${id}`;
  await until('it is taken back', async () => (await lines()).length === 4);
  expect((await lines()).at(-1)).toBe(one.replace(id, `${id}-back`).replace(',99.05,', ',-99.05,'));
});

test('send-mail.mjs writes to those who were outbid or have won, also when the mail server was away', async () => {
  const mails: string[] = [];
  let isAway = true;
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onConnect: (_session, done) => done(isAway ? new Error('not now') : null),
    onData: (stream, { envelope }, done) => {
      let text = envelope.rcptTo.map(({ address }) => `for ${address}\n`).join('');
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('end', () => {
        mails.push(text);
        done();
      });
    },
  });
  const smtpPort = await listenLocally(smtp.server);
  onTestFinished(() => new Promise<void>((resolve) => smtp.close(resolve)));
  const port = await freePort();
  const ADDRESSES = join(folder, 'addresses.json');
  await writeFile(ADDRESSES, JSON.stringify({ ann: 'ann@mail.example', ben: 'ben@mail.example' }));
  const WEBHOOK_SECRET = await register(port, ['bidder.outbid', 'bidder.won']);
  const SMTP_URL = `smtp://127.0.0.1:${smtpPort}`;
  await run('send-mail.mjs', { WEBHOOK_SECRET, PORT: `${port}`, ADDRESSES, SMTP_URL });
  await stage.deliver();

  const auction = auctionFromNow({ auctionId: 'a0-mail' });
  await system.publish([
    auction.create(),
    auction.start(),
    auction.bid('ann', { amount: 1_500 }),
    auction.bid('nobody-knows', { amount: 2_000 }),
    auction.bid('ben', { amount: 3_050 }),
    auction.end(),
  ]);
  await until('an attempt has failed', async () => {
    const rows = await system.sql`SELECT FROM webhook_deliveries WHERE last_status = 500`;
    return rows.length > 0;
  });
  isAway = false;
  await until('both have mail', () => mails.length === 2);
  expect(mails[0]).toContain('for ann@mail.example');
  expect(mails[0]).toContain('Subject: You were outbid: A lamp');
  expect(mails[0]).toContain('=E2=82=AC20.00 now');
  expect(mails[1]).toContain('for ben@mail.example');
  expect(mails[1]).toContain('Subject: You have won: A lamp');
  expect(mails[1]).toMatch(/Message-ID: <msg_[\w-]+@outcry>/);
});
