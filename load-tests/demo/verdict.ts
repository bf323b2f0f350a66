/** What a replay of all auctions came to: against eBay's prices, the pure rules, and the archive. */
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import { onDatabase } from '@outcry/local/servers/databases.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import { decide, passTime, scheduledAuction } from '@outcry/shared/domain/auction-rules.ts';
import { DEFAULT_INCREMENTS } from '@outcry/shared/domain/increments.ts';
import { countsOf } from '@outcry/shared/domain/group-by.ts';
import type { RefusalCode } from '@outcry/shared/domain/refusals.ts';
import { eachWithLimit } from '@outcry/shared/testing/each-with-limit.ts';
import { faultsOf, readArchivedEvents, reconcile, untilNothing } from '../accounts/accounts.ts';
import type { Patience } from '../accounts/accounts.ts';
import { errorText, firstOf, whole } from '../command-line.ts';
import type { EbayAuction } from '../data/ebay-auctions.ts';
import { sum } from '../system/machine.ts';
import type { Replayed } from './replay.ts';

/** The one auction whose bids do not explain its price. */
const KNOWN_ODD_ONES = '337';
/** Created, started and ended: the events of an auction that are not bids. */
const EVENTS_BESIDE_BIDS = 3;
const ASK_AGAIN_MS = 500;
const ASKED_AT_ONCE = 8;
const FAULTS_SHOWN = 20;
const ODD_ONES_SHOWN = 5;

/** What the verdict needs to know of a replayed auction. */
export interface ReplayedAuction extends Omit<Replayed, 'auctionId' | 'final'> {
  readonly final: Pick<Replayed['final'], 'price' | 'epoch' | 'seq'> & {
    readonly status: string;
    readonly outcome?: string;
  };
}

/**
 * @param replayed every auction that came to its end
 * @param stopped one line for each that did not
 * @param archive what the archive was found to hold, by who was asked
 * @returns `faults`: why the demo is not good; empty when it is
 */
export function verdictOn(
  replayed: readonly ReplayedAuction[],
  stopped: readonly string[],
  archive: Readonly<Record<string, ArchiveFinding>>,
) {
  const oddOnes = replayed
    .filter(({ ebay, final }) => final.outcome !== 'sold' || final.price !== ebay.closingPrice)
    .map(({ ebay: { number, closingPrice: ebayPrice }, final: { price, outcome, status } }) => {
      return { number, price, outcome: outcome ?? status, ebayPrice };
    })
    .toSorted((a, b) => a.number - b.number);
  const refused = countsOf(replayed.flatMap(({ answers }) => answers));
  const accepted = refused.get('OK') ?? 0;
  refused.delete('OK');
  const asKnown = oddOnes.map(({ number }) => number).join(', ') === KNOWN_ODD_ONES;
  const faults = [
    ...stopped,
    ...(asKnown ? [] : [`the odd ones should be exactly ${KNOWN_ODD_ONES}`]),
    ...replayed.flatMap(replayFaults),
    ...Object.entries(archive).flatMap(([who, { faults: found }]) =>
      found.map((fault) => `${who}: ${fault}`),
    ),
  ];
  const auctions = replayed.length + stopped.length;
  const atEbaysPrice = replayed.length - oddOnes.length;
  return { auctions, atEbaysPrice, oddOnes, accepted, refused, faults };
}

function replayFaults({ ebay, answers, acceptedSeqs, final }: ReplayedAuction): string[] {
  const faults: string[] = [];
  const fault = (text: string): void => void faults.push(`auction ${ebay.number}: ${text}`);
  if (final.status !== 'ended') fault(`is still ${final.status} long after its end`);
  const late = answers.filter((answer) => answer === 'AUCTION_ENDED').length;
  if (late > 0) fault(`${late} bids came after the end`);
  const byRules = replayByRules(ebay).answers;
  const other = answers.findIndex((answer, i) => answer !== byRules[i]);
  if (late === 0 && other >= 0) {
    fault(`bid ${other + 1} was answered ${answers[other]}, by the rules ${byRules[other]}`);
  }
  const events = acceptedSeqs.length + EVENTS_BESIDE_BIDS;
  // Every restart of Redis adds the event that begins a new epoch; epochs do not tell how many.
  const restarted = final.epoch > 1;
  if (restarted ? final.seq <= events : final.seq !== events) {
    fault(`has ${final.seq} events, not ${events}${restarted ? ' and those of new epochs' : ''}`);
  }
  if (acceptedSeqs.some((seq, i) => i > 0 && seq <= (acceptedSeqs[i - 1] ?? 0))) {
    fault('its receipts are not in rising order');
  }
  return faults;
}

const [START, DURING, END] = [0, 1, 2];

/**
 * An auction replayed by the pure rules alone, with one answer a bid: what the running system must
 * answer too. The default increments, no soft close, every bid a maximum bid.
 * @param reservePrice 0 for none
 */
export function replayByRules(ebay: EbayAuction, reservePrice: number = ebay.reservePrice ?? 0) {
  const terms = {
    sellerId: 'seller',
    startPrice: ebay.startPrice,
    reservePrice,
    buyNowPrice: 0,
    increments: DEFAULT_INCREMENTS,
    softWindowMs: 0,
    softExtendMs: 0,
    startsAt: START,
    hardEndsAt: END,
    highestBid: 0,
    graceMs: 0,
  };
  let { auction } = passTime(scheduledAuction(terms, END), START);
  const answers = ebay.bids.map(({ bidder, maxAmount }): 'OK' | RefusalCode => {
    const decision = decide(auction, { kind: 'bid', userId: bidder, maxAmount }, DURING);
    if (!decision.accepted) return decision.code;
    auction = decision.auction;
    return 'OK';
  });
  const { auction: ended } = passTime(auction, END);
  return { closingPrice: ended.price, outcome: ended.outcome, answers };
}

/** An auction that ended, with the seqs of the bids that were accepted. */
interface Expected extends Position {
  readonly number: number;
  readonly auctionId: string;
  readonly acceptedSeqs: readonly number[];
}

/** How many auctions are complete, their events, and one line for each that is not. */
type ArchiveFinding = Awaited<ReturnType<typeof untilComplete>>;

/** Gives the fault of each auction that has one, by id. */
type Check = (expected: readonly Expected[]) => Promise<ReadonlyMap<string, string>>;

/**
 * Whether the archive holds every event of every auction exactly once: what history says, and what
 * Postgres itself holds where it can be asked.
 */
export async function lookAtArchive(
  replayed: readonly Replayed[],
  seller: OutcryClient,
  databaseUrl: string | undefined,
  limit: Patience,
): Promise<Record<string, ArchiveFinding>> {
  const expected = replayed.map(({ ebay: { number }, final: { epoch, seq }, ...each }) => {
    return { number, epoch, seq, ...each };
  });
  const checks = {
    'the history API': historyCheck(seller),
    ...(databaseUrl !== undefined && { 'Postgres itself': rowsCheck(databaseUrl) }),
  };
  const findings = Object.entries(checks).map(async ([who, check]) => {
    return [who, await untilComplete(expected, check, limit)] as const;
  });
  return Object.fromEntries(await Promise.all(findings));
}

/** Repeats a check for what is not complete yet. */
export async function untilComplete(expected: readonly Expected[], check: Check, limit: Patience) {
  let missing = expected;
  const ask = async (): Promise<string[]> => {
    const faults = await check(missing);
    missing = missing.filter(({ auctionId }) => faults.has(auctionId));
    return missing.map((each) => `auction ${each.number}: ${faults.get(each.auctionId)}`);
  };
  const faults = await untilNothing(ask, { everyMs: ASK_AGAIN_MS, ...limit });
  const complete = expected.filter((each) => !missing.includes(each));
  return { complete: complete.length, events: sum(complete.map(({ seq }) => seq)), faults };
}

const historyCheck =
  (client: OutcryClient): Check =>
  async (expected) => {
    const faults = await eachWithLimit(expected, ASKED_AT_ONCE, async ({ auctionId, seq }) => {
      const says = await client.archivedAuction(auctionId).then(
        (found) => `${found.status}, seq ${found.seq}, archived up to ${found.archivedSeq}`,
        (error: unknown) => {
          if (error instanceof OutcryError) return error.message;
          throw error;
        },
      );
      const good = `ended, seq ${seq}, archived up to ${seq}`;
      return says === good ? [] : [[auctionId, `history says ${says}, not ${good}`] as const];
    });
    return new Map(faults.flat());
  };

/** Compares the rows themselves with what bidders were told. */
export const rowsCheck =
  (databaseUrl: string): Check =>
  async (expected) => {
    const ids = expected.map(({ auctionId }) => auctionId);
    try {
      const archived = await onDatabase(databaseUrl, (sql) => readArchivedEvents(sql, ids));
      const accepted = expected.flatMap(({ auctionId, acceptedSeqs }) =>
        acceptedSeqs.map((seq) => ({ auctionId, seq })),
      );
      const heads = new Map(expected.map(({ auctionId, ...head }) => [auctionId, head]));
      const faults = faultsOf(reconcile({ accepted, unknown: 0, heads, archived }));
      return new Map(faults.toReversed().map((fault) => [fault.split(/[ :]/)[0] ?? '', fault]));
    } catch (error) {
      // Postgres may have been killed just now; it is asked again until the time is over.
      return new Map(ids.map((id) => [id, `Postgres: ${errorText(error)}`]));
    }
  };

const dollars = (cents: number): string => `$${(cents / 100).toFixed(2)}`;

/** The verdict as a table for people. */
export function reportText(
  { auctions, atEbaysPrice, oddOnes, accepted, refused, faults }: ReturnType<typeof verdictOn>,
  archive: Readonly<Record<string, ArchiveFinding>>,
  totals: { readonly bids: number; readonly resent: number; readonly seconds: number },
): string {
  const odd = oddOnes.map(
    ({ number, outcome, price, ebayPrice }) =>
      `${number} (${outcome} at ${dollars(price)}, on eBay ${dollars(ebayPrice)})`,
  );
  const notSo = odd.length === 0 ? '' : `; not so: ${firstOf(odd, ODD_ONES_SHOWN).join(', ')}`;
  const refusals = [...refused].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const archived = Object.entries(archive).map(([who, { complete, events }]) => [
    `Archived, by ${who}`,
    `${complete} of ${auctions} auctions hold exactly seq 1 to N: ${whole(events)} events`,
  ]);
  const rows = [
    ['Replayed', `${whole(auctions)} auctions, ${whole(totals.bids)} bids`],
    ["Closed at eBay's price", `${atEbaysPrice} of ${auctions}${notSo}`],
    ['Bids accepted', whole(accepted)],
    ...refusals.map(([code, times]) => [`Refused, ${code}`, whole(times)]),
    ['Requests sent again', whole(totals.resent)],
    ...archived,
    ['Took', `${totals.seconds.toFixed(1)} s`],
  ];
  const width = Math.max(...rows.map(([name = '']) => name.length));
  const lines = rows.map(([name = '', value]) => `  ${name.padEnd(width)}   ${value}`);
  if (faults.length === 0) lines.push('', 'Good: every auction went as the rules and eBay say.');
  else lines.push('', `Not good, ${faults.length} faults:`);
  return [...lines, ...firstOf(faults, FAULTS_SHOWN).map((each) => `  - ${each}`)].join('\n');
}
