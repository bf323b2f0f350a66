import type { HttpBindings } from '@hono/node-server';

/** What travels with a request through the gateway. */
export interface GatewayContext {
  Bindings: HttpBindings;
  Variables: {
    requestId: string;
    /** Headers of the answer, see send.ts. */
    headers: Record<string, string>;
  };
}
