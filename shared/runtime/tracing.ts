/**
 * Traces: where one sampled bid spent its time, across services. A trace is switched on by
 * configuration; without it nothing of OpenTelemetry is loaded, and what is traced elsewhere costs a
 * look at `undefined`.
 */
import type { Logger } from './logger.ts';

/** What a span says of its work. Never amounts, users, tokens or keys: traces leave the system. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanStart {
  /** How the work came here or leaves: a request, a call, a message sent, a message received. */
  readonly kind: 'server' | 'client' | 'producer' | 'consumer';
  /** The `traceparent` of the span that caused this one; without it a new trace may begin. */
  readonly parent?: string | undefined;
  /** Spans of other traces that share the work, by their `traceparent`. */
  readonly links?: readonly string[];
  readonly attributes?: SpanAttributes;
}

/** A piece of work in a sampled trace. */
export interface Span {
  /** W3C Trace Context, as it is handed on: version, trace id, span id, flags. */
  readonly traceparent: string;
  /** Ends the span. @param failure what went wrong, in a word; the span then counts as failed */
  end(attributes?: SpanAttributes, failure?: string): void;
}

export interface Tracer {
  /**
   * Begins a span. A sampled parent's trace is continued; of work without a parent the sampler
   * decides.
   * @returns undefined when the work is not sampled
   */
  begin(name: string, start: SpanStart): Span | undefined;
}

export interface OpenTracer extends Tracer {
  /** Hands over what is not exported yet; takes at most 2 s. */
  close(): Promise<void>;
}

export interface TracerOptions {
  /** Where an OpenTelemetry collector takes OTLP over HTTP; undefined: no traces. */
  readonly endpoint: string | undefined;
  readonly service: string;
  /** The share of work without a parent that is sampled, 0 to 1. */
  readonly ratio: number;
}

/**
 * Loads OpenTelemetry, when there is somewhere to export to. It exports in the background: a
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

/** The trace that a `traceparent` belongs to, as log lines name it. */
export const traceIdOf = (traceparent: string | undefined): string | undefined =>
  traceparent?.slice(3, 35);
