/** Attempts to bring a message to a receiver. */

/** An answer that takes longer is a burden. */
const SLOW_MS = 2_000;

/** A message, about to be sent. */
export interface Outgoing {
  readonly id: string;
  readonly url: string;
  /** Each signs. */
  readonly secrets: readonly string[];
  readonly payload: string;
  /** Failed attempts of this queue in a row. */
  readonly failures: number;
}

/** How an attempt ended: with an answer of the receiver, or without one. */
export interface AttemptEnd {
  readonly ms: number;
  readonly status: number | undefined;
  readonly error: string | undefined;
}

/** Brings messages to receivers. */
export interface Courier {
  /** One attempt, which ends within its time limit. Never rejects. */
  send(message: Outgoing): Promise<AttemptEnd>;
}

/** Whether the receiver has taken the message. What redirects has not. */
export const isTaken = ({ status }: AttemptEnd): boolean =>
  status !== undefined && status >= 200 && status < 300;

/** Whether a webhook is better asked for less at once. */
export const isStrained = (end: AttemptEnd): boolean => !isTaken(end) || end.ms > SLOW_MS;
