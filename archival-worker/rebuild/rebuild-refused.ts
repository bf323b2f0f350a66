/** It must not, or cannot, be rebuilt; the message says why and what to do. */
export class RebuildRefusedError extends Error {
  override readonly name = 'RebuildRefusedError';
}
