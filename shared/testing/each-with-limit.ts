/**
 * Does `work` for each item, at most `limit` at a time, and gives the results in the items' order.
 * After a failure no further work is begun; what is under way ends before the promise rejects.
 */
export async function eachWithLimit<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  // All workers draw from one iterator.
  const left = items.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [index, item] of left) {
      results[index] = await work(item, index).catch((error: unknown) => {
        failed = true;
        throw error;
      });
      if (failed) return;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: limit }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}
