import type { Fault } from './fault.ts';
import { JETSTREAM_LOSSES } from './kinds/jetstream-losses.ts';
import { KILLS } from './kinds/kills.ts';
import { OUTAGES } from './kinds/outages.ts';
import { poison } from './kinds/poison.ts';
import { RACES } from './kinds/races.ts';

/** In the order in which they are injected when all are asked for. */
export const ALL_FAULTS: readonly Fault[] = [
  ...KILLS,
  ...RACES,
  ...JETSTREAM_LOSSES,
  poison,
  ...OUTAGES,
];
