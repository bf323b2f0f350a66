import type { TestViewer } from './test-broadcaster.ts';

/** What an address may ask at once when few viewers are expected of it; one connection may as well. */
const REQUESTS_OF_AN_ADDRESS = 200;

/** Asks until the viewer's address may ask no more, and is told so. */
export async function useUp(viewer: TestViewer): Promise<void> {
  const asked = Array.from({ length: REQUESTS_OF_AN_ADDRESS }, () =>
    viewer.ask('unwatch', { auctionId: 'a1-x' }),
  );
  await Promise.all(asked);
}
