/** One client: sends its random steps one after the other and writes down what it heard. */
import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { HistoryCommand, HistoryRequest } from './history.ts';
import { exchange, type Exchanged } from './http-exchange.ts';
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
  #ids = 0;

  newId(): number {
    this.#ids += 1;
    return this.#ids;
  }
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
      id: this.#recorder.newId(),
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
