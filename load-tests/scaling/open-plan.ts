/** What the open load sends: the file that its process reads. */
import { z } from 'zod';
import { requestPlan } from '../bench/load/request-plan.ts';

const openPlan = requestPlan.omit({ origin: true }).extend({
  /** Gateways, such as `http://127.0.0.1:8080`. */
  origins: z.array(z.string()).min(1),
  bidsPerSecond: z.number().positive(),
  warmUpSeconds: z.number(),
  seconds: z.number().positive(),
});
export type OpenPlan = Readonly<z.infer<typeof openPlan>>;

/** @throws ZodError when it is none */
export const readOpenPlan = (json: string): OpenPlan => openPlan.parse(JSON.parse(json));
