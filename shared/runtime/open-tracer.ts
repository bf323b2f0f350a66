/** Switches traces on; without an endpoint nothing of the tracing SDK is loaded. */
import type { Logger } from './logger.ts';
import type { OpenTracer } from './tracing.ts';

export interface TracerOptions {
  /** Where an OpenTelemetry collector takes OTLP over HTTP; undefined: no traces. */
  readonly endpoint: string | undefined;
  readonly service: string;
  /** The share of work without a parent that is sampled, 0 to 1. */
  readonly ratio: number;
}

/**
 * Loads the SDK of OpenTelemetry, when there is somewhere to export to. It exports in the background: a
 * collector that is away costs its spans and two log lines, nothing else.
 */
export async function openTracer(
  { endpoint, ...options }: TracerOptions,
  log: Logger,
): Promise<OpenTracer | undefined> {
  if (endpoint === undefined) return undefined;
  const { ExportingTracer } = await import('./exporting-tracer.ts');
  return new ExportingTracer({ endpoint, ...options }, log);
}
