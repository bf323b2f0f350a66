/**
 * A route: its declaration, from which routing, authentication, validation and the description
 * follow, and what answers it.
 */
import type { z } from 'zod';
import type { Role } from '../contracts/api.ts';
import type { ProblemCode } from '../contracts/problems.ts';
import type { Caller } from '../runtime/access-tokens.ts';
import type { Exchange, HttpAnswer } from './exchange.ts';

/**
 * Who may ask. An admin may do what a seller may. Of an address with an `{id}` of a user, `me` is
 * the caller where a token counts.
 */
export type Who =
  | 'anyone'
  | 'anyone, more with a token'
  | 'any user'
  | 'that user, or an admin'
  | Role;

/** Everything that clients can know of a route. */
export interface Declaration {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With parameters in braces: `/v1/items/{id}`. */
  readonly path: string;
  /** Parameters that have a form; an address with another one is not found. */
  readonly params?: Readonly<Record<string, RegExp>>;
  /** The operation's id. */
  readonly name: string;
  readonly summary: string;
  readonly who: Who;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Bytes; 64 KiB without it. */
  readonly maxBodyBytes?: number;
  /** Takes an `Idempotency-Key`: a repeat gets the first answer. */
  readonly idempotent?: true;
  readonly answer: {
    readonly status: 200 | 201 | 202 | 204;
    /** None: the answer has no body. */
    readonly schema?: z.ZodType;
    /** A stream of events, each of the schema, instead of one value as JSON. */
    readonly type?: 'text/event-stream';
    /** The same as a table, where `Accept` asks for that. */
    readonly alsoCsv?: true;
    /** What a 304 means, where there is one. */
    readonly notModified?: string;
  };
  /** The route's own; what follows from the rest of the declaration is added. */
  readonly refusals: readonly ProblemCode[];
  readonly example: { readonly body?: object; readonly answer?: object };
}

/** Sent as it is read, at the reader's pace; its headers are those of the exchange. */
export interface StreamedAnswer {
  readonly status: number;
  readonly body: ReadableStream<Uint8Array>;
}

/** What a route answers; `taken` where it writes to the exchange's response itself. */
export type RouteAnswer = HttpAnswer | StreamedAnswer | 'taken';

type ParamsOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [Key in Name]: string } & ParamsOf<Rest>
  : unknown;

type OutputOf<T> = T extends z.ZodType ? z.output<T> : undefined;

type CallerOf<W> = W extends 'anyone'
  ? undefined
  : W extends 'anyone, more with a token'
    ? Caller | undefined
    : Caller;

/** A request that fulfils its route's declaration. */
export interface Asked<D extends Declaration> {
  readonly x: Exchange;
  readonly params: ParamsOf<D['path']>;
  readonly query: D extends { readonly query: infer Q } ? OutputOf<Q> : undefined;
  readonly body: D extends { readonly body: infer B } ? OutputOf<B> : undefined;
  readonly caller: CallerOf<D['who']>;
  /** The idempotency key, or ''. */
  readonly key: string;
}

/** @typeParam P what the service's routes work with */
export interface Route<P> {
  readonly declaration: Declaration;
  /** Undefined: requests are answered before they reach the router. */
  readonly answer?: (asked: never, parts: P) => RouteAnswer | Promise<RouteAnswer>;
}

export const route = <const D extends Declaration, P>(
  declaration: D,
  answer: (asked: Asked<D>, parts: P) => RouteAnswer | Promise<RouteAnswer>,
): Route<P> => ({ declaration, answer });

/** A route whose requests never reach the router: whoever serves them says why. */
export const pastRouter = (declaration: Declaration): Route<unknown> => ({ declaration });
