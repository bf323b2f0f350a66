/** What the open load sends: the file that its process reads. */
import { z } from 'zod';

const openPlan = z.object({
  /** Gateways, such as `http://127.0.0.1:8080`. */
  origins: z.array(z.string()).min(1),
  /** Bid n goes to path n modulo their number. */
  paths: z.array(z.string()).min(1),
  /** Bid n is sent by bearer token n modulo their number. */
  tokens: z.array(z.string()).min(1),
  bidsPerSecond: z.number().positive(),
  warmUpSeconds: z.number(),
  seconds: z.number().positive(),
  keyPrefix: z.string(),
});
export type OpenPlan = Readonly<z.infer<typeof openPlan>>;

/** @throws ZodError when it is none */
export const readOpenPlan = (json: string): OpenPlan => openPlan.parse(JSON.parse(json));
