/**
 * Traces: where one sampled bid spent its time, across services. They are switched on by
 * configuration (open-tracer.ts); without it there is no tracer.
 */
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

/** The trace that a `traceparent` belongs to, as log lines name it. */
export const traceIdOf = (traceparent: string | undefined): string | undefined =>
  traceparent?.slice(3, 35);
