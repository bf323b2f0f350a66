import type { ProblemCode, ProblemExtras } from '@outcry/shared/contracts/problems.ts';

const RETRY_AFTER_MS = 1_000;

/** Why a request is refused: what whoever asks is told. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;

  constructor(
    code: ProblemCode,
    detail: string,
    { cause, ...extras }: ProblemExtras & { readonly cause?: unknown } = {},
  ) {
    super(detail, { cause });
    this.code = code;
    this.extras = extras;
  }
}

/** A server does not do right now what somebody asks for. */
export const unavailable = (detail: string, cause: unknown): Refusal =>
  new Refusal('UNAVAILABLE', detail, { cause, retryAfterMs: RETRY_AFTER_MS });

/** @throws Refusal: the work's own, or `UNAVAILABLE` when it rejects for another reason */
export async function available<T>(detail: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Refusal ? error : unavailable(detail, error);
  }
}
