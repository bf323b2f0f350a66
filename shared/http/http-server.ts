/** An HTTP server with limits against slow and oversized senders, and a stop that drains. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { getRequestListener, type HttpBindings, type Http2Bindings } from '@hono/node-server';

type Fetch = (request: Request, env: HttpBindings | Http2Bindings) => unknown;

export interface HttpServer {
  readonly server: Server;
  /** The port in use; useful when 0 was asked for. */
  readonly port: number;
  /** Takes no new connection, lets requests in hand finish (at most 5 s), then closes all. */
  close(): Promise<void>;
}

const DRAIN_LIMIT_MS = 5_000;

/**
 * @param takes sees every request first; true when it has taken it, and then it must answer
 * @throws Error with a plain sentence when the port is taken or not allowed
 */
export async function serveHttp(
  fetch: Fetch,
  port: number,
  host: string,
  takes: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): Promise<HttpServer> {
  const answer = getRequestListener(fetch, {
    overrideGlobalObjects: true,
    // HTTP/1.0, which simple health checks speak, need not name one.
    hostname: 'localhost',
  });
  const server = createServer(
    {
      maxHeaderSize: 16_384,
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      // Longer than a load balancer's own idle time (60 s), so that it closes first.
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
    },
    (request, response) => {
      if (!takes(request, response)) void answer(request, response);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(taken ? new Error(`port ${port} is taken; set PORT to a free one`) : error);
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    server,
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => drain(server),
  };
}

function drain(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => server.closeAllConnections(), DRAIN_LIMIT_MS);
    server.close(() => {
      clearTimeout(limit);
      resolve();
    });
    server.closeIdleConnections();
  });
}
