/** Reads what a service streams, such as Server-Sent Events. */
import { onTestFinished } from 'vitest';

const LIMIT_MS = 10_000;

export interface OpenStream {
  readonly headers: Headers;
  /** Reads on until a text has come; gives all that came so far. @throws Error after 10 s */
  until(text: string): Promise<string>;
}

/** Opens a stream, which ends with the test. @throws Error when there is none */
export async function openStream(url: string): Promise<OpenStream> {
  const { headers, body } = await fetch(url);
  const reader = body?.getReader();
  if (reader === undefined) throw new Error(`${url} has no body`);
  onTestFinished(() => reader.cancel());
  const decoder = new TextDecoder();
  let seen = '';
  return {
    headers,
    until: async (text) => {
      // Ends the read that waits.
      const limit = setTimeout(() => void reader.cancel(), LIMIT_MS);
      try {
        while (!seen.includes(text)) {
          const { done, value } = await reader.read();
          if (done) throw new Error(`${text} did not come, but ${seen}`);
          seen += decoder.decode(value, { stream: true });
        }
        return seen;
      } finally {
        clearTimeout(limit);
      }
    },
  };
}
