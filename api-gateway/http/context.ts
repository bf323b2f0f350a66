import type { HttpBindings } from '@hono/node-server';
import type { Caller } from '@outcry/shared/runtime/access-tokens.ts';

/** What travels with a request through the gateway. */
export interface GatewayContext {
  Bindings: HttpBindings;
  Variables: { requestId: string; caller: Caller };
}
