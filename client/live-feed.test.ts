import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, it, vi } from 'vitest';
import { LiveFeed } from './live-feed.ts';

it('connects at once when it is asked to refresh, and does not wait out its pause', async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // Pauses do not end by themselves now.
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] });
  const feed = new LiveFeed({ url: `http://127.0.0.1:${port}` });
  try {
    await once(server, 'connection');
    const again = once(server, 'connection');
    feed.refresh();
    await again;
    expect(feed.connected).toBe(false);
  } finally {
    feed.close();
    vi.useRealTimers();
    server.close();
  }
});
