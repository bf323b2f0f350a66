/** The verdict as a table for people; pure. */
import { firstOf, whole } from '../tables.ts';
import type { ArchiveFinding } from './archive-check.ts';
import type { OddOne, Verdict } from './verdict.ts';

const FAULTS_SHOWN = 20;
const ODD_ONES_SHOWN = 5;

const dollars = (cents: number): string => `$${(cents / 100).toFixed(2)}`;

export interface Totals {
  readonly bids: number;
  readonly resent: number;
  readonly seconds: number;
}

export function reportText(
  verdict: Verdict,
  archive: Readonly<Record<string, ArchiveFinding>>,
  totals: Totals,
): string {
  const { auctions, atEbaysPrice, oddOnes, accepted, refused, faults } = verdict;
  const refusals = [...refused].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows: [string, string][] = [
    ['Replayed', `${whole(auctions)} auctions, ${whole(totals.bids)} bids`],
    ["Closed at eBay's price", `${atEbaysPrice} of ${auctions}${oddText(oddOnes)}`],
    ['Bids accepted', whole(accepted)],
    ...refusals.map(([code, times]): [string, string] => [`Refused, ${code}`, whole(times)]),
    ['Requests sent again', whole(totals.resent)],
    ...Object.entries(archive).map(([who, { complete, events }]): [string, string] => [
      `Archived, by ${who}`,
      `${complete} of ${auctions} auctions hold exactly seq 1 to N: ${whole(events)} events`,
    ]),
    ['Took', `${totals.seconds.toFixed(1)} s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const table = rows.map(([name, value]) => `  ${name.padEnd(width)}   ${value}`);
  return [...table, '', ...endText(faults)].join('\n');
}

function oddText(oddOnes: readonly OddOne[]): string {
  if (oddOnes.length === 0) return '';
  const each = oddOnes.map(
    ({ number, outcome, price, ebayPrice }) =>
      `${number} (${outcome} at ${dollars(price)}, on eBay ${dollars(ebayPrice)})`,
  );
  return `; not so: ${firstOf(each, ODD_ONES_SHOWN).join(', ')}`;
}

const endText = (faults: readonly string[]): string[] =>
  faults.length === 0
    ? ['Good: every auction went as the rules and eBay say.']
    : [
        `Not good, ${faults.length} faults:`,
        ...firstOf(faults, FAULTS_SHOWN).map((fault) => `  - ${fault}`),
      ];
