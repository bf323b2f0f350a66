/** The environment of history tests. */
import { tmpdir } from 'node:os';
import { z } from 'zod';

const schema = z.object({
  /** Histories are kept in this folder; without it only those that are wrong, in a temporary one. */
  HISTORY_DIR: z.string().min(1).optional(),
  /** Runs this seed and no other, to look again at one that failed. */
  HISTORY_SEED: z.coerce.number().int().min(0).optional(),
});

export interface HistorySettings {
  readonly keepsAll: boolean;
  readonly folder: string;
  readonly seed: number | undefined;
}

/** @throws Error naming what cannot be used */
export function historySettings(environment: NodeJS.ProcessEnv = process.env): HistorySettings {
  const { HISTORY_DIR: folder, HISTORY_SEED: seed } = schema.parse(environment);
  return { keepsAll: folder !== undefined, folder: folder ?? tmpdir(), seed };
}
