const POLL_MS = 10;
const WAIT_LIMIT_MS = 15_000;

/**
 * Waits until `holds` is true; what it throws counts as "not yet".
 * @throws Error naming `what` after the limit
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = WAIT_LIMIT_MS,
): Promise<void> {
  const limit = performance.now() + limitMs;
  const isTrue = async (): Promise<boolean> => holds();
  while (!(await isTrue().catch(() => false))) {
    if (performance.now() > limit) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
