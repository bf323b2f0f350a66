/**
 * The pipeline as its operator sees it: every two seconds each service is asked, through the web
 * server, whether it is ready and for its figures.
 */
import { signal } from '@preact/signals';
import { RefreshLoop } from './refresh-loop.ts';
import { parseFigures, type Look } from './metrics-text.ts';
import { pipelineFigures, type PipelineFigures, type ServiceLooks } from './pipeline-figures.ts';

export const SERVICE_NAMES = ['gateway', 'broadcaster', 'archive'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** `hidden`: the web server does not pass the question on. */
export type Health =
  | { readonly state: 'unknown' | 'ready' | 'unreachable' | 'hidden' }
  /** Each thing that is missing, with a reason. */
  | { readonly state: 'not ready'; readonly waitingFor: Readonly<Record<string, string>> };

const ASK_EVERY_MS = 2_000;
const TIMEOUT_MS = 1_800;
/** Two minutes. */
const KEPT_POINTS = 60;

const UNKNOWN: Health = { state: 'unknown' };

export class Operations {
  readonly health = signal<Readonly<Record<ServiceName, Health>>>({
    gateway: UNKNOWN,
    broadcaster: UNKNOWN,
    archive: UNKNOWN,
  });
  /** Oldest first. Figures that need two answers are missing in the first. */
  readonly points = signal<readonly PipelineFigures[]>([]);
  #looks: ServiceLooks = {};
  readonly #loop = new RefreshLoop(() => this.#look(), ASK_EVERY_MS);

  open(): void {
    this.#loop.start();
  }

  close(): void {
    this.#loop.stop();
  }

  async #look(): Promise<void> {
    const [gateway, broadcaster, archive] = await Promise.all([
      lookAt('gateway'),
      lookAt('broadcaster'),
      lookAt('archive'),
    ]);
    if (this.#loop.stopped) return;
    this.health.value = {
      gateway: gateway.health,
      broadcaster: broadcaster.health,
      archive: archive.health,
    };
    const looks: ServiceLooks = {
      gateway: gateway.look,
      broadcaster: broadcaster.look,
      archive: archive.look,
    };
    const figures = pipelineFigures(this.#looks, looks);
    this.#looks = looks;
    this.points.value = [...this.points.peek(), figures].slice(-KEPT_POINTS);
  }
}

interface Answer {
  readonly health: Health;
  readonly look: Look | undefined;
}

async function lookAt(name: ServiceName): Promise<Answer> {
  const ask = (what: string): Promise<Response> =>
    fetch(`/operations/${name}/${what}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  try {
    const [ready, metrics] = await Promise.all([ask('readyz'), ask('metrics')]);
    const text = await metrics.text();
    const isFigures = metrics.ok && !isPage(metrics);
    return {
      health: await healthOf(ready),
      look: isFigures ? { atMs: performance.now(), figures: parseFigures(text) } : undefined,
    };
  } catch {
    return { health: { state: 'unreachable' }, look: undefined };
  }
}

async function healthOf(response: Response): Promise<Health> {
  if (isPage(response) || response.status === 404 || response.status === 403) {
    return { state: 'hidden' };
  }
  if (response.ok) return { state: 'ready' };
  if (response.status !== 503) return { state: 'unreachable' };
  const body: unknown = await response.json().catch(() => undefined);
  const waitingFor =
    typeof body === 'object' && body !== null && 'waitingFor' in body ? body.waitingFor : {};
  const reasons: Record<string, string> = {};
  for (const [part, why] of Object.entries(waitingFor ?? {})) reasons[part] = String(why);
  return { state: 'not ready', waitingFor: reasons };
}

/** A web server that knows nothing of this address answers with the app itself. */
const isPage = (response: Response): boolean =>
  response.headers.get('content-type')?.includes('text/html') === true;
