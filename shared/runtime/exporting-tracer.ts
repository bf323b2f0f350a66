/** Spans by OpenTelemetry's SDK. Loaded only when traces are switched on: see open-tracer.ts. */
import { randomUUID } from 'node:crypto';
import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type SpanContext,
  type Tracer as SdkTracer,
} from '@opentelemetry/api';
import {
  ExportResultCode,
  parseTraceParent,
  setGlobalErrorHandler,
  type ExportResult,
} from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import { withTimeLimit } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import type { OpenTracer, Span, SpanStart } from './tracing.ts';

/** Spans that wait for the collector; more are dropped. */
const MAX_WAITING = 2_048;
/** Small enough that writing a batch as JSON holds the event loop for about a millisecond. */
const MAX_BATCH = 128;
const EXPORT_EVERY_MS = 1_000;
const EXPORT_LIMIT_MS = 5_000;
const CLOSE_LIMIT_MS = 2_000;

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

interface ExportOptions {
  readonly endpoint: string;
  readonly service: string;
  readonly ratio: number;
}

export class ExportingTracer implements OpenTracer {
  readonly #provider: TracerProvider;
  readonly #tracer: SdkTracer;
  readonly #ratio: number;
  readonly #log: Logger;

  constructor({ endpoint, service, ratio }: ExportOptions, log: Logger) {
    const exporter = new LoggedExporter(
      new OTLPTraceExporter({
        url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
        timeoutMillis: EXPORT_LIMIT_MS,
      }),
      log,
    );
    const processor = new BatchSpanProcessor({
      exporter,
      maxQueueSize: MAX_WAITING,
      maxExportBatchSize: MAX_BATCH,
      scheduledDelayMillis: EXPORT_EVERY_MS,
      exportTimeoutMillis: EXPORT_LIMIT_MS + 1_000,
    });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        'service.name': service,
        'service.namespace': 'outcry',
        'service.instance.id': randomUUID(),
      }),
      sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
      spanProcessors: [processor],
    });
    this.#tracer = this.#provider.getTracer('outcry');
    this.#ratio = ratio;
    this.#log = log;
    sendSdkMessagesTo(log, () => exporter.failing);
  }

  begin(name: string, { kind, parent, links, attributes }: SpanStart): Span | undefined {
    const cause = readContext(parent);
    // Before the SDK is asked: making ids only to drop them would cost every bid.
    if (cause === undefined && Math.random() >= this.#ratio) return undefined;
    const span = this.#tracer.startSpan(
      name,
      {
        kind: KINDS[kind],
        ...(attributes === undefined ? {} : { attributes: { ...attributes } }),
        links: (links ?? []).flatMap((text) => {
          const context = readContext(text);
          return context === undefined ? [] : [{ context }];
        }),
      },
      cause === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, cause),
    );
    if (!span.isRecording()) return undefined;
    const { traceId, spanId } = span.spanContext();
    return {
      traceparent: `00-${traceId}-${spanId}-0${TraceFlags.SAMPLED}`,
      end: (more, failure) => {
        if (more !== undefined) span.setAttributes(more);
        if (failure !== undefined) {
          span.setAttribute('error.type', failure);
          span.setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
      },
    };
  }

  async close(): Promise<void> {
    try {
      await withTimeLimit(this.#provider.shutdown(), CLOSE_LIMIT_MS, 'exporting the last traces');
    } catch (error) {
      this.#log.warn({ err: error }, 'the last traces were not exported');
    }
  }
}

function readContext(traceparent: string | undefined): SpanContext | undefined {
  if (traceparent === undefined) return undefined;
  const context = parseTraceParent(traceparent);
  return context === null ? undefined : { ...context, isRemote: true };
}

/** Says once that the collector takes nothing, and once that it does again and what was lost. */
class LoggedExporter implements SpanExporter {
  readonly #inner: SpanExporter;
  readonly #log: Logger;
  #lost = 0;

  constructor(inner: SpanExporter, log: Logger) {
    this.#inner = inner;
    this.#log = log;
  }

  /** Whether the last export failed. */
  get failing(): boolean {
    return this.#lost > 0;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#inner.export(spans, (result) => {
      this.#note(result, spans.length);
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }

  #note({ code, error }: ExportResult, spans: number): void {
    if (code === ExportResultCode.SUCCESS) {
      if (this.failing) this.#log.info({ lost: this.#lost }, 'traces are exported again');
      this.#lost = 0;
      return;
    }
    if (!this.failing) this.#log.warn({ err: error }, 'traces cannot be exported, they are lost');
    this.#lost += spans;
  }
}

/** What the SDK says of itself; while the collector is away that was said already. */
function sendSdkMessagesTo(log: Logger, isKnown: () => boolean): void {
  const say = (message: string): void => {
    log[isKnown() ? 'debug' : 'warn']({ sdk: message }, 'a message of the tracing library');
  };
  const quiet = (message: string): void => log.debug({ sdk: message }, 'tracing');
  diag.setLogger(
    { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  // The exporter's own failures, which LoggedExporter has noted.
  setGlobalErrorHandler((error) => log.debug({ err: error }, 'an export of traces failed'));
}
