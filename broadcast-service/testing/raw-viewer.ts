/**
 * A viewer that speaks the protocol of Engine.IO 4 and Socket.IO 5 over a bare WebSocket and keeps
 * account of what it is told, without any code that the service or the client uses.
 */
import { WebSocket } from 'ws';

interface RawPosition {
  readonly epoch: number;
  readonly seq: number;
}

interface RawEvents extends RawPosition {
  readonly auctionId: string;
  readonly events: readonly RawPosition[];
  readonly state: Readonly<Record<string, unknown>>;
}

/** The answer to `watch`, as far as it is read here. */
interface RawAnswer {
  readonly ok: boolean;
  readonly data?: {
    readonly auction: RawPosition & Readonly<Record<string, unknown>>;
    readonly events: readonly RawPosition[];
    readonly recovered: boolean;
  };
  readonly problem?: { readonly code: string };
}

/** What one viewer knows of one auction, over all its connections. */
export class RawAccount {
  epoch = 0;
  seq = 0;
  /** The newest absolute state. */
  state: Readonly<Record<string, unknown>> = {};
  /** What must never happen, in words. */
  readonly faults: string[] = [];
  /** Events that were not delivered but covered by a newer state. */
  covered = 0;
  delivered = 0;

  answer({ auction, events, recovered }: NonNullable<RawAnswer['data']>): void {
    const { status, price, bidCount, leader, epoch, seq } = auction;
    const state = { status, price, bidCount, leader };
    if (recovered) {
      this.#advance({ epoch, seq }, events, state);
      return;
    }
    if (epoch < this.epoch || (epoch === this.epoch && seq < this.seq)) {
      this.faults.push(`led back from ${this.epoch}:${this.seq} to ${epoch}:${seq}`);
    }
    this.covered += Math.max(0, epoch === this.epoch ? seq - this.seq : 0);
    [this.epoch, this.seq, this.state] = [epoch, seq, state];
  }

  message({ epoch, seq, events, state }: RawEvents): void {
    const { status, price, bidCount, leader } = state;
    this.#advance({ epoch, seq }, events, { status, price, bidCount, leader });
  }

  #advance(
    to: RawPosition,
    events: readonly RawPosition[],
    state: Readonly<Record<string, unknown>>,
  ): void {
    if (to.epoch < this.epoch || (to.epoch === this.epoch && to.seq < this.seq)) {
      this.faults.push(`went back from ${this.epoch}:${this.seq} to ${to.epoch}:${to.seq}`);
      return;
    }
    let at = this.epoch === to.epoch ? this.seq : to.seq - events.length;
    for (const { epoch, seq } of events) {
      if (epoch !== to.epoch) continue;
      if (seq <= at) this.faults.push(`event ${epoch}:${seq} after ${at}`);
      if (seq > to.seq) this.faults.push(`event ${seq} beyond its state ${to.seq}`);
      this.covered += Math.max(0, seq - at - 1);
      this.delivered += 1;
      at = Math.max(at, seq);
    }
    this.covered += to.seq - at;
    [this.epoch, this.seq, this.state] = [to.epoch, to.seq, state];
  }
}

const EVENTS = ',"events":[';
const END = '}}]';
let newest: { readonly text: string; readonly events: unknown } = { text: '[]', events: [] };

/**
 * JSON.parse, but a long list of events at the end of an answer is parsed once for all who are given
 * the same text: thousands of viewers in one process must not be what is measured.
 */
function parsed(json: string): unknown {
  const at = json.indexOf(EVENTS);
  if (json.length < 10_000 || at < 0 || !json.endsWith(`]${END}`)) return JSON.parse(json);
  const text = json.slice(at + EVENTS.length - 1, -END.length);
  if (text !== newest.text) newest = { text, events: JSON.parse(text) };
  const content = JSON.parse(`${json.slice(0, at)}${END}`) as [{ data: object }];
  return [{ ...content[0], data: { ...content[0].data, events: newest.events } }];
}

export interface RawOptions {
  readonly token?: string;
  /** Sees every text received. */
  readonly onText?: (text: string) => void;
}

const ANSWER_LIMIT_MS = 10_000;

export class RawViewer {
  readonly socket: WebSocket;
  /** By auction; a new connection may go on with the accounts of the one before. */
  readonly accounts: Map<string, RawAccount>;
  /** Everything else that came, in order: `[event, payload]`. */
  readonly heard: [string, unknown][] = [];
  onEvents: ((auctionId: string, seq: number) => void) | undefined;
  readonly #answers = new Map<number, (answer: RawAnswer) => void>();
  #asked = 0;

  private constructor(socket: WebSocket, accounts: Map<string, RawAccount>) {
    this.socket = socket;
    this.accounts = accounts;
  }

  /** @throws Error when the connection is refused or takes too long */
  static connect(
    url: string,
    options: RawOptions = {},
    accounts = new Map<string, RawAccount>(),
  ): Promise<RawViewer> {
    const socket = new WebSocket(
      `${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
      { perMessageDeflate: false },
    );
    const viewer = new RawViewer(socket, accounts);
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        socket.terminate();
        reject(new Error('the connection took too long'));
      }, ANSWER_LIMIT_MS);
      const end = (error: Error): void => {
        clearTimeout(limit);
        reject(error);
      };
      socket.on('error', end);
      socket.on('close', () => end(new Error('the connection was closed')));
      socket.on('message', (data: Buffer) => {
        const text = data.toString();
        options.onText?.(text);
        if (text.startsWith('0{')) {
          socket.send(
            options.token === undefined ? '40' : `40${JSON.stringify({ token: options.token })}`,
          );
        } else if (text.startsWith('40')) {
          clearTimeout(limit);
          resolve(viewer);
        } else if (text.startsWith('44')) {
          socket.terminate();
          end(new Error(`refused: ${text.slice(2)}`));
        } else {
          viewer.#take(text);
        }
      });
    });
  }

  /** Watches from where the account stands, if there is one. */
  async watch(auctionId: string): Promise<RawAnswer> {
    const account = this.accounts.get(auctionId);
    const after =
      account && account.seq > 0 ? { after: { epoch: account.epoch, seq: account.seq } } : {};
    return this.ask('watch', { auctionId, ...after });
  }

  /** @throws Error when no answer comes in 10 s */
  ask(event: string, payload: unknown): Promise<RawAnswer> {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#answers.delete(id);
        reject(new Error(`no answer to ${event}`));
      }, ANSWER_LIMIT_MS);
      this.#answers.set(id, (answer) => {
        clearTimeout(limit);
        resolve(answer);
      });
      this.socket.send(`42${id}${JSON.stringify([event, payload])}`);
    });
  }

  #take(text: string): void {
    if (text === '2') {
      this.socket.send('3');
      return;
    }
    const [, id, json = 'null'] = /^4[23](\d*)(\[.*)$/s.exec(text) ?? [];
    const content: unknown = parsed(json);
    if (!Array.isArray(content)) return;
    if (text.startsWith('43')) {
      const answer = content[0] as RawAnswer;
      // In the instant it arrives: what comes next goes on from here.
      if (answer.data?.auction !== undefined)
        this.#account(String(answer.data.auction['id'])).answer(answer.data);
      this.#answers.get(Number(id))?.(answer);
      this.#answers.delete(Number(id));
      return;
    }
    const [event, payload] = content as [string, unknown];
    if (event === 'events') {
      const message = payload as RawEvents;
      this.#account(message.auctionId).message(message);
      this.onEvents?.(message.auctionId, message.seq);
    } else {
      this.heard.push([event, payload]);
    }
  }

  #account(auctionId: string): RawAccount {
    let account = this.accounts.get(auctionId);
    if (account === undefined) {
      account = new RawAccount();
      this.accounts.set(auctionId, account);
    }
    return account;
  }
}
