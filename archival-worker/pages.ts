/** Pages of a list, each of what comes behind the last row of the one before, until one is empty. */
export async function* pagesOf<Row>(
  behind: (last?: Row) => Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[], void, void> {
  for (let last: Row | undefined; ;) {
    const page = await behind(last);
    last = page.at(-1);
    if (last === undefined) return;
    yield page;
  }
}
