import type { HttpBindings } from '@hono/node-server';

/** What travels with a request through the history API. */
export interface HistoryContext {
  Bindings: HttpBindings;
  Variables: {
    requestId: string;
    /** Headers that the answer will have, whichever it is. */
    headers: [name: string, value: string][];
  };
}
