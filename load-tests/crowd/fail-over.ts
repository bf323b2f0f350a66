/** Clients that know several gateways: one that fails is left for the next one. */
import type { Fetch } from '@outcry/client/http-attempt.ts';

/**
 * A `fetch` that puts the present gateway's address in the place of the client's. After a failure
 * or a 503 the next request, which is the client's own retry, goes to the next gateway.
 *
 * @param first which one to begin with
 */
export function failOver(gatewayUrls: readonly string[], first: number): Fetch {
  let present = first;
  return async (url, init) => {
    const origin = gatewayUrls[present % gatewayUrls.length];
    const { pathname, search } = new URL(url);
    try {
      const response = await fetch(`${origin}${pathname}${search}`, init);
      if (response.status === 503) present += 1;
      return response;
    } catch (error) {
      present += 1;
      throw error;
    }
  };
}
