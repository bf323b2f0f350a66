/**
 * Writes mail to those who were outbid or have won: a small receiver of Outcry's webhooks
 * (docs/webhooks.md).
 *
 *     WEBHOOK_SECRET=whsec_… SMTP_URL=smtp://127.0.0.1:25 node docs/examples/send-mail.mjs
 *
 * Register http://127.0.0.1:8091/ as an admin for `bidder.outbid` and `bidder.won`: only admins are told
 * who was outbid. ADDRESSES (addresses.json) is a file of user ids with their addresses, in the
 * place of your user directory. PORT and MAIL_FROM may be set. A message is answered once the mail server
 * has its mail; when that is away it is sent again. Mail that leaves twice has the same Message-ID, by
 * which mailboxes know it.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createTransport } from 'nodemailer';
import { Webhook } from 'standardwebhooks';

/**
 * What this receiver reads of a message.
 * @typedef {{ type: string, data: { auction: { id: string, title: string, currency: string },
 *   state?: { price: number }, bidder?: { userId?: string } } }} Message
 */

const {
  WEBHOOK_SECRET = '',
  SMTP_URL = 'smtp://127.0.0.1:25',
  PORT = '8091',
  ADDRESSES = 'addresses.json',
  MAIL_FROM = 'auctions@outcry.example',
} = process.env;
const MOST_BYTES = 65_536;
const MOST_SENT = 10_000;

const signed = new Webhook(WEBHOOK_SECRET);
/** @type {Map<string, unknown>} */
const addresses = new Map(
  Object.entries(/** @type {object} */ (JSON.parse(readFileSync(ADDRESSES, 'utf8')))),
);
// Less than the 10 s after which Outcry waits no longer.
const limits = { connectionTimeout: 3_000, greetingTimeout: 3_000, socketTimeout: 5_000 };
const mail = createTransport({ url: SMTP_URL, ...limits });
/**
 * Messages whose mail has left, the newest only.
 * @type {Set<string>}
 */
const sent = new Set();

const server = createServer((request, response) => {
  /** @type {Buffer[]} */
  const chunks = [];
  let bytes = 0;
  request.on('data', (/** @type {Buffer} */ chunk) => {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) request.destroy();
    else chunks.push(chunk);
  });
  request.on('end', () => {
    const id = String(request.headers['webhook-id']);
    take(id, Buffer.concat(chunks), headersOf(request)).then(
      () => response.writeHead(204).end(),
      (/** @type {unknown} */ error) => {
        console.error(`${id}: ${error instanceof Error ? error.message : 'not taken'}`);
        response.writeHead(500).end();
      },
    );
  });
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`waiting for messages on ${PORT}`));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close();
    mail.close();
  });
}

/**
 * The headers, each as one text.
 * @param {import('node:http').IncomingMessage} request
 */
function headersOf(request) {
  /** @type {Record<string, string>} */
  const headers = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
  return headers;
}

/**
 * @param {string} id
 * @param {Buffer} body
 * @param {Record<string, string>} headers
 */
async function take(id, body, headers) {
  const { type, data } = /** @type {Message} */ (signed.verify(body, headers));
  const text = textOf(type, data);
  const to = addresses.get(data.bidder?.userId ?? '');
  if (text === undefined || typeof to !== 'string' || sent.has(id)) return;
  await mail.sendMail({ from: MAIL_FROM, to, messageId: `<${id}@outcry>`, ...text });
  sent.add(id);
  const [oldest = ''] = sent;
  if (sent.size > MOST_SENT) sent.delete(oldest);
}

/**
 * @param {string} type
 * @param {Message['data']} data
 */
function textOf(type, { auction: { id, title, currency }, state }) {
  if (state === undefined) return undefined;
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency });
  const { maximumFractionDigits = 2 } = digits.resolvedOptions();
  const amount = digits.format(state.price / 10 ** maximumFractionDigits);
  if (type === 'bidder.outbid') {
    return {
      subject: `You were outbid: ${title}`,
      text: `Somebody bids more than you for ${title}, which stands at ${amount} now (${id}).`,
    };
  }
  if (type === 'bidder.won') {
    return { subject: `You have won: ${title}`, text: `${title} is yours for ${amount} (${id}).` };
  }
  return undefined;
}
