/** The command line of loads. */
import { z } from 'zod';
import { number, optionsText, readArguments, UsageError } from '../command-line.ts';
import { PLANS, type Plan, type PlanName } from './plans.ts';

const MOST = 1_000_000;
const OPTIONS = {
  rate: number(
    'bids due per second, whether or not earlier ones were answered',
    1,
    MOST,
  ).optional(),
  vus: number('bidders at once, at most', 1, MOST).optional(),
  duration: time('what is measured, such as 500ms, 60s, 5m or 2h').optional(),
  'warm-up': time('before it, not measured').optional(),
  viewers: number('of fanout, mixed and soak', 1, MOST).optional(),
  auctions: number('of spread, sniping, mixed, soak and resilience', 1, MOST).optional(),
  model: z
    .enum(['open', 'closed'])
    .default('open')
    .describe('closed: each bidder waits for the answer before the next bid'),
  bids: z
    .enum(['both', 'exact', 'maximum'])
    .default('both')
    .describe('of both kinds in turn, or one'),
  sweep: z
    .boolean()
    .default(false)
    .describe(
      'of contention, spread, fanout: larger step by step; plots what a bid or message costs',
    ),
};

/** Of a step of a sweep, where the command line says nothing else. */
const STEP_SECONDS = 5;
const WARM_UP_SECONDS = { whole: 5, step: 2 };

export const LOAD_USAGE = `npm run load -- SCENARIO [options]
${optionsText(OPTIONS)}
Each scenario has defaults of its own:
${Object.entries(PLANS)
  .map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
  .join('\n')}
The exit code is 1 when a bid was lost, doubled or invented, or a limit was not kept.`;

export type LoadOptions = ReturnType<typeof loadOptions>;

/** @param args what follows the program's name @throws UsageError */
export function loadOptions(args: readonly string[]) {
  const { values, positionals } = readArguments(args, OPTIONS);
  const [name = '', ...more] = positionals;
  if (!isPlan(name) || more.length > 0) {
    const names = Object.keys(PLANS).join(', ');
    throw new UsageError(`name one scenario of ${names}, not "${positionals.join(' ')}"`);
  }
  const plan: Plan = PLANS[name];
  const { sweep, model, bids } = values;
  if (sweep && plan.sweeps === undefined) throw new UsageError(`${name} has no sweep`);
  return {
    /** The command line, from which others can repeat the run. */
    given: args.join(' '),
    name,
    plan,
    /** Bids per second. */
    rate: values.rate ?? plan.rate,
    vus: values.vus ?? plan.vus,
    seconds: values.duration ?? (sweep ? STEP_SECONDS : plan.seconds),
    warmUpSeconds: values['warm-up'] ?? WARM_UP_SECONDS[sweep ? 'step' : 'whole'],
    viewers: plan.viewers === 0 ? 0 : (values.viewers ?? plan.viewers),
    auctions: plan.auctions === 1 ? 1 : (values.auctions ?? plan.auctions),
    gateways: 1,
    broadcasters: 1,
    model,
    bids,
    sweep,
  };
}

const isPlan = (name: string): name is PlanName => Object.hasOwn(PLANS, name);

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600 };

/** In seconds. */
function time(about: string) {
  const error = 'must be a time such as 500ms, 60s or 5m';
  return z
    .string()
    .regex(/^\d{1,6}(ms|s|m|h)$/, error)
    .transform((text) => Number.parseInt(text, 10) * (UNITS[text.replace(/\d+/, '')] ?? 0))
    .refine((seconds) => seconds > 0, error)
    .describe(about);
}
