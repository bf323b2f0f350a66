/** A way to a server that can be cut, or can swallow all that is sent without a word. */
import { connect, createServer, type Socket } from 'node:net';
import { listenLocally } from '@outcry/local/testing/listen-locally.ts';

export interface Link {
  /** `host:port` to connect to instead of the server's own. */
  readonly address: string;
  /** Ends all connections and takes no new ones. */
  cut(): void;
  /** From now on nothing comes through connections that there are; new ones work. */
  freeze(): void;
  mend(): void;
  close(): void;
}

/** @param port where the server listens on 127.0.0.1 */
export async function linkTo(port: number): Promise<Link> {
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.pipe(other);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        other.destroy();
      });
    }
  });
  const ownPort = await listenLocally(server);
  const endAll = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    address: `127.0.0.1:${ownPort}`,
    cut: () => {
      isCut = true;
      endAll();
    },
    freeze: () => {
      for (const socket of open) socket.unpipe().resume();
    },
    mend: () => {
      isCut = false;
    },
    close: () => {
      endAll();
      server.close();
    },
  };
}
