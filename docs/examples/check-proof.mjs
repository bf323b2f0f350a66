// Checks the proof of a sealed auction by docs/seal.md alone. Needs Node 18 or later, nothing else.
//
//   node check-proof.mjs <proof: file or URL> [<own bids: file>]
//
// The second file is a page of GET /v1/users/me/bids: the salts in it must open the hashes of the
// proof. Exit code 0 when everything holds, 1 when not.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/**
 * @typedef {{ form: string, auctionId: string, head: string, sealedAt: string, count: number,
 *   events: { public: string, privateHash: string }[] }} Proof
 * @typedef {{ auctionId: string, seq: number, counts: boolean,
 *   opening: { salt: string, private: string } | null }} OwnBid
 * @typedef {{ epoch: number, seq: number, state?: { status: string } }} PublicEvent
 */

const [proofAt, ownBidsAt] = process.argv.slice(2);
if (proofAt === undefined)
  fail('usage: node check-proof.mjs <proof: file or URL> [<own bids: file>]');

const proof = /** @type {Proof} */ (JSON.parse(await textAt(proofAt)));
checkChain(proof);
const opened = ownBidsAt === undefined ? 0 : checkOwnBids(proof, await textAt(ownBidsAt));

console.log(
  `The proof of ${proof.auctionId} holds: ${proof.count} events, sealed ${proof.sealedAt}.`,
);
console.log(`Head: ${proof.head}`);
if (ownBidsAt !== undefined) console.log(`${opened} of your bids are in it, as you placed them.`);

/** @param {Proof} proof */
function checkChain({ form, auctionId, head, count, events }) {
  if (form !== 'outcry-seal-v1') fail(`unknown form ${form}`);
  if (events.length !== count) fail(`${count} events are claimed, ${events.length} are there`);
  let link = sha256(`outcry-seal-v1\n${auctionId}`);
  let epoch = 1;
  let last = '';
  for (const [i, { public: text, privateHash }] of events.entries()) {
    const event = /** @type {PublicEvent} */ (JSON.parse(text));
    if (event.seq !== i + 1) fail(`event ${i + 1} says that its seq is ${event.seq}`);
    if (event.epoch < epoch) fail(`event ${i + 1} goes back to epoch ${event.epoch}`);
    if (!/^[0-9a-f]{64}$/.test(privateHash)) fail(`event ${i + 1} has no hash`);
    epoch = event.epoch;
    last = event.state?.status ?? '';
    link = sha256(`${link}\n${privateHash}\n${text}`);
  }
  if (!['ended', 'cancelled'].includes(last)) fail('the last event ends nothing');
  if (link !== head) fail(`the chain ends in ${link}, not in the head ${head}`);
}

/** @param {Proof} proof @param {string} page */
function checkOwnBids({ auctionId, events }, page) {
  const { items } = /** @type {{ items: OwnBid[] }} */ (JSON.parse(page));
  let opened = 0;
  for (const { auctionId: of, seq, counts, opening } of items) {
    if (of !== auctionId || !counts || opening === null) continue;
    const { privateHash } = events[seq - 1] ?? fail(`bid ${seq} is not in the proof`);
    const found = sha256(opening.salt + opening.private);
    if (found !== privateHash) fail(`the proof has another bid at ${seq} than yours`);
    opened += 1;
  }
  return opened;
}

/** @param {string} text */
function sha256(text) {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** @param {string} place */
async function textAt(place) {
  if (!/^https?:/.test(place)) return readFile(place, 'utf8');
  const response = await fetch(place, { signal: AbortSignal.timeout(60_000) });
  if (!response.ok) fail(`${place} answered ${response.status}: ${await response.text()}`);
  return response.text();
}

/** @param {string} reason @returns {never} */
function fail(reason) {
  console.error(`NOT PROVEN: ${reason}`);
  process.exit(1);
}
