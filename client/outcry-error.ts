/** The one error this client throws: a problem as the server stated it, or one of the same form. */
import {
  isRetryable,
  problem,
  PROBLEMS,
  type Problem,
  type ProblemCode,
} from '@outcry/shared/contracts/problems.ts';

/** A request that got a problem for an answer, or no answer at all. */
export class OutcryError extends Error {
  override readonly name = 'OutcryError';
  readonly problem: Problem;
  /** The key a POST was sent with: send the same request with it again and it runs only once. */
  readonly idempotencyKey: string | undefined;

  constructor(stated: Problem, idempotencyKey?: string, cause?: unknown) {
    super(`${stated.code}: ${stated.detail}`, { cause });
    this.problem = stated;
    this.idempotencyKey = idempotencyKey;
  }

  get code(): ProblemCode {
    return this.problem.code;
  }

  /** True when the same request, with its key, may succeed later. */
  get retryable(): boolean {
    return isRetryable(this.code);
  }
}

/** A problem stated by the client itself, for requests that got no usable answer. */
export const clientProblem = (
  code: ProblemCode,
  detail: string,
  extras: Parameters<typeof problem>[3] = {},
): Problem => problem(code, detail, '', extras);

/** True for an error body in the documented form with a code that this version knows. */
export function isProblem(body: unknown): body is Problem {
  return (
    typeof body === 'object' &&
    body !== null &&
    'code' in body &&
    typeof body.code === 'string' &&
    Object.hasOwn(PROBLEMS, body.code) &&
    'status' in body &&
    typeof body.status === 'number' &&
    'detail' in body &&
    typeof body.detail === 'string'
  );
}
