/** The verdict as a table for people; pure. */
import type { ArchiveFinding } from './archive-check.ts';
import type { OddOne, Verdict } from './verdict.ts';

const FAULTS_SHOWN = 20;
const ODD_ONES_SHOWN = 5;

const count = (value: number): string => value.toLocaleString('en');
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
    ['Replayed', `${count(auctions)} auctions, ${count(totals.bids)} bids`],
    ["Closed at eBay's price", `${atEbaysPrice} of ${auctions}${oddText(oddOnes)}`],
    ['Bids accepted', count(accepted)],
    ...refusals.map(([code, times]): [string, string] => [`Refused, ${code}`, count(times)]),
    ['Requests sent again', count(totals.resent)],
    ...Object.entries(archive).map(([who, { complete, events }]): [string, string] => [
      `Archived, by ${who}`,
      `${complete} of ${auctions} auctions hold exactly seq 1 to N: ${count(events)} events`,
    ]),
    ['Took', `${totals.seconds.toFixed(1)} s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const table = rows.map(([name, value]) => `  ${name.padEnd(width)}   ${value}`);
  return [...table, '', ...endText(faults)].join('\n');
}

function oddText(oddOnes: readonly OddOne[]): string {
  if (oddOnes.length === 0) return '';
  const named = oddOnes
    .slice(0, ODD_ONES_SHOWN)
    .map(
      ({ number, outcome, price, ebayPrice }) =>
        `${number} (${outcome} at ${dollars(price)}, on eBay ${dollars(ebayPrice)})`,
    );
  const more = oddOnes.length - ODD_ONES_SHOWN;
  return `; not so: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function endText(faults: readonly string[]): string[] {
  if (faults.length === 0) return ['Good: every auction went as the rules and eBay say.'];
  const more = faults.length - FAULTS_SHOWN;
  return [
    `Not good, ${faults.length} faults:`,
    ...faults.slice(0, FAULTS_SHOWN).map((fault) => `  - ${fault}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
