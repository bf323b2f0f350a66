/** What to do when the live server does not take our token: a new one opens the connection again. */
import { sleep } from '@outcry/client/back-off.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { renew, session } from './session.ts';
import type { Session } from './stored-session.ts';

const REPLACE_EVERY_MS = 5_000;

/** @returns what to call at each refusal; it tries for as long as the refused session is current */
export function tokenReplacer(client: OutcryClient): () => Promise<void> {
  let replacedAt = -Infinity;
  let replacing = false;
  /** The session of the latest refusal: the next user's may come while the last one's is replaced. */
  let refused: Session;
  return async () => {
    const current = session.peek();
    if (current === null) return;
    refused = current;
    if (replacing) return;
    replacing = true;
    while (session.peek() === refused) {
      // Were new ones refused as well, we would go round and round as fast as the network allows.
      await sleep(Math.max(0, replacedAt + REPLACE_EVERY_MS - performance.now()));
      if (session.peek() !== refused) continue;
      replacedAt = performance.now();
      try {
        await renew(client, refused);
      } catch (error) {
        // The gateway is away for a while, or the user has signed out, or another has signed in.
        console.warn('the token that the live server refused was not replaced', error);
      }
    }
    replacing = false;
  };
}
