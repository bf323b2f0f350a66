/** The environment of the demo: where the system is, when `npm start` does not say it. */
import { z } from 'zod';
import { PlainError } from './command-line.ts';

const settings = z.object({
  GATEWAY_URL: z.url({ protocol: /^https?$/ }).optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
});
export type DemoSettings = z.infer<typeof settings>;

/** @throws PlainError naming every variable that cannot be used, without its value */
export function demoSettings(environment: NodeJS.ProcessEnv = process.env): DemoSettings {
  const given = Object.entries(environment).filter(([, value]) => value !== '');
  const result = settings.safeParse(Object.fromEntries(given));
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new PlainError(`the demo cannot start: ${mistakes.join('; ')}`);
}
