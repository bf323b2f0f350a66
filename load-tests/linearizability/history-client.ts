/** One client: sends its random steps one after the other and writes down what it heard. */
import { Agent, request, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { HistoryCommand, HistoryRequest, HistoryAnswer } from './history.ts';
import type { KnownAuctions } from './known-auctions.ts';
import type { RandomSteps, Step } from './random-steps.ts';

/** Who sends, and to which gateways (ports; the numbers in a history are their places here). */
export interface Sender {
  readonly client: number;
  readonly userId: string;
  readonly token: string;
  readonly ports: readonly number[];
}

/** Where all clients of a run write down their commands. */
export class Recorder {
  readonly commands: HistoryCommand[] = [];
  ids = 0;
}

export class HistoryClient {
  readonly #sender: Sender;
  readonly #recorder: Recorder;
  readonly #known: KnownAuctions;
  // A doubled command and its neighbour need two connections.
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2 });

  constructor(sender: Sender, recorder: Recorder, known: KnownAuctions) {
    this.#sender = sender;
    this.#recorder = recorder;
    this.#known = known;
  }

  /**
   * Takes steps until `isOver`.
   * @param longestPauseMs between two steps
   */
  async run(steps: RandomSteps, longestPauseMs: number, isOver: () => boolean): Promise<void> {
    const { client, ports } = this.#sender;
    while (!isOver()) {
      const home = client % ports.length;
      const gateway = steps.goesElsewhere() ? (home + 1) % ports.length : home;
      const step = steps.next(this.#known.all);
      const exchanged = await this.#take(step, gateway);
      if (typeof exchanged === 'object') steps.heard(step, exchanged);
      await pause(steps.pauseMs(longestPauseMs));
    }
  }

  /** Reads an auction at one gateway and waits for the answer. */
  async read(auctionId: string, gateway: number): Promise<void> {
    const request: HistoryRequest = { kind: 'read' };
    await this.#send(
      { auctionId, request, key: '', isDoubled: false, dropAfterMs: undefined },
      gateway,
    );
  }

  close(): void {
    this.#agent.destroy();
  }

  async #take(step: Step, gateway: number): Promise<Exchanged> {
    const other = (gateway + 1) % this.#sender.ports.length;
    if (step.isDoubled && step.key !== '') {
      const [exchanged] = await Promise.all([this.#send(step, gateway), this.#send(step, other)]);
      return exchanged;
    }
    const exchanged = await this.#send(step, gateway);
    // A gateway that is down is left at once, as a load balancer does.
    return exchanged === 'unsent' ? this.#send(step, other) : exchanged;
  }

  async #send(step: Step, gateway: number): Promise<Exchanged> {
    const { client, userId, token, ports } = this.#sender;
    const { auctionId, request, key, dropAfterMs } = step;
    const command: HistoryCommand = {
      type: 'command',
      id: (this.#recorder.ids += 1),
      client,
      userId,
      gateway,
      auctionId,
      request,
      key,
      start: now(),
      end: null,
      answer: null,
    };
    const exchanged = await exchange({
      agent: this.#agent,
      port: ports[gateway] ?? 0,
      ...httpRequest(auctionId, request),
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(key === '' ? {} : { 'idempotency-key': key }),
      },
      dropAfterMs,
    });
    // What never left the client is no part of the history.
    if (exchanged === 'unsent') return exchanged;
    this.#recorder.commands.push(command);
    if (exchanged === 'lost') return exchanged;
    command.end = now();
    command.answer = exchanged;
    this.#known.learn(auctionId, exchanged);
    return exchanged;
  }
}

/** Milliseconds of this process's monotonic clock, to the microsecond. */
const now = (): number => Math.round(performance.now() * 1_000) / 1_000;

function httpRequest(auctionId: string, request: HistoryRequest) {
  const path = `/v1/auctions/${auctionId}`;
  const { kind, ...body } = request;
  switch (kind) {
    case 'read':
      return { method: 'GET' as const, path, body: '' };
    case 'me':
      return { method: 'GET' as const, path: `${path}/me`, body: '' };
    case 'bid':
      return { method: 'POST' as const, path: `${path}/bids`, body: JSON.stringify(body) };
    case 'buy':
      return { method: 'POST' as const, path: `${path}/buy-now`, body: '{}' };
    default:
      return { method: 'POST' as const, path: `${path}/${kind}`, body: JSON.stringify(body) };
  }
}

export interface Exchange {
  readonly agent: Agent;
  readonly port: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The client closes the connection this long after sending; undefined: it waits. */
  readonly dropAfterMs: number | undefined;
}

/** `lost`: it may have arrived. `unsent`: the gateway took no connection, nothing was sent. */
export type Exchanged = HistoryAnswer | 'lost' | 'unsent';

/** The gateway answers within 2 s; what takes much longer will not come. */
const ANSWER_LIMIT_MS = 6_000;

export function exchange(sent: Exchange): Promise<Exchanged> {
  const { agent, port, method, path, headers, body, dropAfterMs } = sent;
  return new Promise((resolve) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent });
    const limit = setTimeout(() => outgoing.destroy(), ANSWER_LIMIT_MS);
    let drop: NodeJS.Timeout | undefined;
    const finish = (exchanged: Exchanged): void => {
      clearTimeout(limit);
      clearTimeout(drop);
      resolve(exchanged);
    };
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      finish(error.code === 'ECONNREFUSED' ? 'unsent' : 'lost');
    });
    const lost = (): void => finish('lost');
    outgoing.on('close', lost);
    outgoing.on('response', (incoming) => {
      // From here on the answer itself says whether it broke off.
      outgoing.off('close', lost);
      readAnswer(incoming).then(finish, lost);
    });
    outgoing.on('finish', () => {
      if (dropAfterMs === undefined) return;
      if (dropAfterMs === 0) outgoing.destroy();
      else drop = setTimeout(() => outgoing.destroy(), dropAfterMs);
    });
    outgoing.end(body);
  });
}

async function readAnswer(incoming: IncomingMessage): Promise<HistoryAnswer> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += String(chunk);
  return {
    status: incoming.statusCode ?? 0,
    replayed: incoming.headers['idempotency-replayed'] === 'true',
    body: parseBody(text),
  };
}

function parseBody(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // An answer that is not JSON is shown as it is; no checker accepts it.
  }
  return { text };
}
