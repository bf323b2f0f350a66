/** A server does not do right now what somebody asks for; the message says what that is. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}

/** @throws UnavailableError with this message when the work rejects */
export async function available<T>(message: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new UnavailableError(message, { cause: error });
  }
}
