/** What a replay of all auctions came to; pure. */
import type { ArchiveFinding } from './archive-check.ts';
import { replayByRules } from './replay-by-rules.ts';
import type { Replayed } from './replay.ts';

/** The one auction whose bids do not explain its price. */
export const KNOWN_ODD_ONES: readonly number[] = [337];

/** Created, started and ended: the events of an auction that are not bids. */
const EVENTS_BESIDE_BIDS = 3;

/** What the verdict needs to know of a replayed auction. */
export interface ReplayedAuction extends Omit<Replayed, 'auctionId' | 'final'> {
  readonly final: Pick<Replayed['final'], 'price' | 'epoch' | 'seq'> & {
    readonly status: string;
    readonly outcome?: string;
  };
}

export interface OddOne {
  readonly number: number;
  readonly price: number;
  readonly outcome: string;
  readonly ebayPrice: number;
}

export interface Verdict {
  readonly auctions: number;
  /** Sold at eBay's price. */
  readonly atEbaysPrice: number;
  readonly oddOnes: readonly OddOne[];
  readonly accepted: number;
  /** Refused bids by code. */
  readonly refused: ReadonlyMap<string, number>;
  /** Why the demo is not good; empty when it is. */
  readonly faults: readonly string[];
}

/**
 * @param replayed every auction that came to its end
 * @param stopped one line for each that did not
 * @param archive what the archive was found to hold, by who was asked
 */
export function verdictOn(
  replayed: readonly ReplayedAuction[],
  stopped: readonly string[],
  archive: Readonly<Record<string, ArchiveFinding>>,
): Verdict {
  const oddOnes = replayed
    .filter((each) => !isAtEbaysPrice(each))
    .map(oddOne)
    .toSorted((a, b) => a.number - b.number);
  const refused = new Map<string, number>();
  let accepted = 0;
  for (const answer of replayed.flatMap(({ answers }) => answers)) {
    if (answer === 'OK') accepted += 1;
    else refused.set(answer, (refused.get(answer) ?? 0) + 1);
  }
  const numbers = oddOnes.map(({ number }) => number);
  const faults = [
    ...stopped,
    ...(numbers.join() === KNOWN_ODD_ONES.join()
      ? []
      : [`the odd ones should be exactly ${KNOWN_ODD_ONES.join(', ')}`]),
    ...replayed.flatMap(faultsOf),
    ...Object.entries(archive).flatMap(([who, { faults: found }]) =>
      found.map((fault) => `${who}: ${fault}`),
    ),
  ];
  return {
    auctions: replayed.length + stopped.length,
    atEbaysPrice: replayed.length - oddOnes.length,
    oddOnes,
    accepted,
    refused,
    faults,
  };
}

const isAtEbaysPrice = ({ ebay, final }: ReplayedAuction): boolean =>
  final.outcome === 'sold' && final.price === ebay.closingPrice;

const oddOne = ({ ebay, final }: ReplayedAuction): OddOne => ({
  number: ebay.number,
  price: final.price,
  outcome: final.outcome ?? final.status,
  ebayPrice: ebay.closingPrice,
});

function faultsOf({ ebay, answers, acceptedSeqs, final }: ReplayedAuction): string[] {
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
