import type { Page } from '@outcry/shared/contracts/api.ts';

/**
 * Reads page after page until the last one.
 * @throws Error when a cursor comes back unchanged, which would go on for ever
 */
export async function* pagesOf<T>(
  read: (cursor: string | undefined) => Promise<Page<T>>,
  from?: string,
): AsyncGenerator<readonly T[], void, void> {
  let cursor = from;
  for (;;) {
    const page = await read(cursor);
    yield page.items;
    if (page.nextCursor === null) return;
    if (page.nextCursor === cursor) throw new Error('the server repeats a page');
    cursor = page.nextCursor;
  }
}
