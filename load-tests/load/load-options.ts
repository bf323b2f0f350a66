/** The command line of loads. */
import { readArguments, UsageError, wholeNumber } from '../command-line.ts';
import { PLANS, type Plan, type PlanName } from './plans.ts';

export interface LoadOptions {
  /** The command line, from which others can repeat the run. */
  readonly given: string;
  readonly name: PlanName;
  readonly plan: Plan;
  /** Bids per second. */
  readonly rate: number;
  readonly vus: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly viewers: number;
  readonly auctions: number;
  readonly gateways: number;
  readonly broadcasters: number;
  readonly model: 'open' | 'closed';
  readonly bids: 'exact' | 'maximum' | 'both';
  readonly sweep: boolean;
}

/** Of a step of a sweep, where the command line says nothing else. */
const STEP_SECONDS = 5;

export const LOAD_USAGE = `npm run load -- SCENARIO [options]
  --rate 200         bids due per second, whether or not earlier ones were answered
  --vus 200          bidders at once, at most
  --duration 60s     what is measured; also 500ms, 5m, 2h
  --warm-up 5s       before it, not measured
  --viewers 200      of fanout, mixed and soak
  --auctions 20      of spread, sniping, mixed, soak and resilience
  --model closed     each bidder waits for the answer before the next bid; default open
  --bids both        exact, maximum, or both in turn
  --sweep            makes the load larger step by step, and plots what each bid or message costs;
                     of ${Object.entries<Plan>(PLANS)
                       .filter(([, { sweeps }]) => sweeps !== undefined)
                       .map(([name]) => name)
                       .join(', ')}
Each scenario has defaults of its own:
${Object.entries(PLANS)
  .map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
  .join('\n')}
The exit code is 1 when a bid was lost, doubled or invented, or a limit was not kept.`;

/** @param args what follows the program's name @throws UsageError */
export function loadOptions(args: readonly string[]): LoadOptions {
  const { values, positionals } = parse(args);
  const [name = '', ...more] = positionals;
  if (!isPlan(name) || more.length > 0) {
    const names = Object.keys(PLANS).join(', ');
    throw new UsageError(`name one scenario of ${names}, not "${positionals.join(' ')}"`);
  }
  const plan: Plan = PLANS[name];
  if (values.sweep && plan.sweeps === undefined) throw new UsageError(`${name} has no sweep`);
  const usualSeconds = values.sweep ? STEP_SECONDS : plan.seconds;
  return {
    given: args.join(' '),
    name,
    plan,
    rate: whole('rate', values.rate, plan.rate),
    vus: whole('vus', values.vus, plan.vus),
    seconds: values.duration === undefined ? usualSeconds : seconds('duration', values.duration),
    warmUpSeconds: seconds('warm-up', values['warm-up'] ?? (values.sweep ? '2s' : '5s')),
    viewers: plan.viewers === 0 ? 0 : whole('viewers', values.viewers, plan.viewers),
    auctions: plan.auctions === 1 ? 1 : whole('auctions', values.auctions, plan.auctions),
    gateways: 1,
    broadcasters: 1,
    model: oneOf('model', values.model, ['open', 'closed']),
    bids: oneOf('bids', values.bids, ['exact', 'maximum', 'both']),
    sweep: values.sweep,
  };
}

const isPlan = (name: string): name is PlanName => Object.hasOwn(PLANS, name);

const parse = (args: readonly string[]) =>
  readArguments({
    args: [...args],
    allowPositionals: true,
    options: {
      rate: { type: 'string' },
      vus: { type: 'string' },
      duration: { type: 'string' },
      'warm-up': { type: 'string' },
      viewers: { type: 'string' },
      auctions: { type: 'string' },
      model: { type: 'string', default: 'open' },
      bids: { type: 'string', default: 'both' },
      sweep: { type: 'boolean', default: false },
    },
  });

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
