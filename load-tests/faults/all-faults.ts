import type { Fault } from './fault.ts';
import { DEATHS } from './kinds/deaths.ts';
import { MESSAGES } from './kinds/messages.ts';
import { OUTAGES } from './kinds/outages.ts';

/** In the order in which they are injected when all are asked for. */
export const ALL_FAULTS: readonly Fault[] = [...DEATHS, ...MESSAGES, ...OUTAGES];
