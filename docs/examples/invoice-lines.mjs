/**
 * Writes a line for every sale to a CSV file: a small receiver of Outcry's webhooks (docs/webhooks.md).
 *
 *     WEBHOOK_SECRET=whsec_… node docs/examples/invoice-lines.mjs
 *
 * Register http://127.0.0.1:8090/ for `bidder.won` and give it the secret that comes back. PORT and FILE
 * (invoices.csv) may be set. A line is on disk before the message is answered; what comes twice is
 * written once, also after a restart, because the file has the messages' ids. A sale that is taken
 * back gets a second line with the negative amount.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

/**
 * What this receiver reads of a message.
 * @typedef {{ id: string, title: string, currency: string }} Auction
 * @typedef {{ type: string, timestamp: string, data: { auction: Auction, state: { price: number },
 *   bidder: { userId?: string }, voided: string[] } }} Message
 */

const { WEBHOOK_SECRET = '', PORT = '8090', FILE = 'invoices.csv' } = process.env;
const HEAD = 'message,time,auction,title,buyer,amount,currency';
const MOST_BYTES = 65_536;

const signed = new Webhook(WEBHOOK_SECRET);
const isNew = !existsSync(FILE);
/**
 * The lines of the file by their messages' ids.
 * @type {Map<string, string>}
 */
const lines = new Map();
for (const line of isNew ? [] : readFileSync(FILE, 'utf8').split('\r\n')) remember(line);
const file = openSync(FILE, 'a');
if (isNew) append(HEAD);

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
    try {
      const body = Buffer.concat(chunks);
      const message = /** @type {Message} */ (signed.verify(body, headersOf(request)));
      take(id, message);
      response.writeHead(204).end();
    } catch (error) {
      console.error(`${id}: ${error instanceof Error ? error.message : 'not taken'}`);
      // A wrong signature, or a full disk: it is sent again.
      response.writeHead(400).end();
    }
  });
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`waiting for sales on ${PORT}`));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close());

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
 * @param {Message} message
 */
function take(id, { type, timestamp, data }) {
  if (type === 'auction.rolled_back') {
    for (const voided of data.voided) takeBack(voided);
  } else if (type === 'bidder.won' && !lines.has(id)) {
    const { auction, state, bidder } = data;
    const { currency } = auction;
    const amount = decimal(state.price, currency);
    append(
      [id, timestamp, auction.id, auction.title, bidder.userId ?? '', amount, currency]
        .map(cell)
        .join(','),
    );
  }
}

/** @param {string} id */
function takeBack(id) {
  const line = lines.get(id);
  if (line === undefined || lines.has(`${id}-back`)) return;
  append(line.replace(id, `${id}-back`).replace(/,([\d.]+),([A-Z]{3})$/, ',-$1,$2'));
}

/** @param {string} line */
function append(line) {
  writeSync(file, `${line}\r\n`);
  fsyncSync(file);
  remember(line);
}

/** @param {string} line */
function remember(line) {
  if (line !== '' && line !== HEAD) lines.set(line.slice(0, line.indexOf(',')), line);
}

/**
 * Minor units as a decimal number with as many digits as the currency has.
 * @param {number} minor
 * @param {string} currency
 */
function decimal(minor, currency) {
  const digits =
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
      .maximumFractionDigits ?? 2;
  const text = String(minor).padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/**
 * A cell that no spreadsheet takes for a formula.
 * @param {string} text
 */
function cell(text) {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

process.once('exit', () => closeSync(file));
