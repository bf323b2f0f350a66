/** The experiments' command line. */
import { readArguments, UsageError, wholeNumber } from '../command-line.ts';
import { PLANS, type Plan, type PlanName } from './plans.ts';

export interface ExperimentOptions {
  /** The command line, from which others can repeat the run. */
  readonly given: string;
  readonly name: PlanName;
  readonly plan: Plan;
  /** Bids a second. */
  readonly rate: number;
  readonly vus: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly viewers: number;
  readonly auctions: number;
  readonly model: 'open' | 'closed';
  readonly bids: 'exact' | 'maximum' | 'both';
  /** Whether docs/experiments.md gets the figures, and docs/reports the report. */
  readonly intoDocs: boolean;
}

export const EXPERIMENT_USAGE = `npm run experiment -- NAME [options]

  --rate 200         bids due a second, whether or not earlier ones were answered
  --vus 200          bidders at once, at most
  --duration 60s     what is measured; also 500ms, 5m, 2h
  --warm-up 5s       before it, not measured
  --viewers 200      of fanout, mixed and soak
  --auctions 20      of spread, sniping, mixed, soak and resilience
  --model closed     each bidder waits for the answer before the next bid; default open
  --bids both        exact, maximum, or both in turn
  --no-docs          leaves docs/experiments.md and docs/reports as they are

Each experiment has defaults of its own:
${Object.entries(PLANS)
  .map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
  .join('\n')}

The exit code is 1 when a bid was lost, doubled or invented, or a limit was not kept.`;

/** @param args what follows the program's name @throws UsageError */
export function experimentOptions(args: readonly string[]): ExperimentOptions {
  const { values, positionals } = parse(args);
  const [name = '', ...more] = positionals;
  if (!isPlan(name) || more.length > 0) {
    const names = Object.keys(PLANS).join(', ');
    throw new UsageError(`name one experiment of ${names}, not "${positionals.join(' ')}"`);
  }
  const plan: Plan = PLANS[name];
  return {
    given: args.filter((each) => each !== '--no-docs').join(' '),
    name,
    plan,
    rate: whole('rate', values.rate, plan.rate),
    vus: whole('vus', values.vus, plan.vus),
    seconds: values.duration === undefined ? plan.seconds : seconds('duration', values.duration),
    warmUpSeconds: seconds('warm-up', values['warm-up']),
    viewers: plan.viewers === 0 ? 0 : whole('viewers', values.viewers, plan.viewers),
    auctions: plan.auctions === 1 ? 1 : whole('auctions', values.auctions, plan.auctions),
    model: oneOf('model', values.model, ['open', 'closed']),
    bids: oneOf('bids', values.bids, ['exact', 'maximum', 'both']),
    intoDocs: !values['no-docs'],
  };
}

const isPlan = (name: string): name is PlanName => Object.hasOwn(PLANS, name);

function parse(args: readonly string[]) {
  return readArguments({
    args: [...args],
    allowPositionals: true,
    options: {
      rate: { type: 'string' },
      vus: { type: 'string' },
      duration: { type: 'string' },
      'warm-up': { type: 'string', default: '5s' },
      viewers: { type: 'string' },
      auctions: { type: 'string' },
      model: { type: 'string', default: 'open' },
      bids: { type: 'string', default: 'both' },
      'no-docs': { type: 'boolean', default: false },
    },
  });
}

const whole = (option: string, text: string | undefined, usual: number): number =>
  text === undefined ? usual : wholeNumber(option, text, 1, 1_000_000);

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600 };

function seconds(option: string, text: string): number {
  const [, digits, unit = ''] = /^(\d{1,6})(ms|s|m|h)$/.exec(text) ?? [];
  const value = Number(digits) * (UNITS[unit] ?? 0);
  if (value > 0) return value;
  throw new UsageError(`--${option} must be a time such as 500ms, 60s or 5m`);
}

function oneOf<T extends string>(option: string, text: string, known: readonly T[]): T {
  const found = known.find((each) => each === text);
  if (found === undefined) throw new UsageError(`--${option} must be one of ${known.join(', ')}`);
  return found;
}
