/** When connections that look alive may be dead: this machine slept, or its network changed. */

const LOOK_EVERY_MS = 5_000;
/** A timer this late means that the machine, or the page, was put to sleep. */
const SLEPT_MS = 10_000;

/**
 * Calls back after sleep and, in browsers, when the network is back.
 * @returns ends it
 */
export function onWakeUp(call: () => void): () => void {
  let due = Date.now() + LOOK_EVERY_MS;
  const timer = setInterval(() => {
    const lateMs = Date.now() - due;
    due = Date.now() + LOOK_EVERY_MS;
    if (lateMs > SLEPT_MS) call();
  }, LOOK_EVERY_MS);
  // A browser's window hears of the network; Node's global object does not.
  const page: unknown = globalThis;
  const hears = page instanceof EventTarget ? page : undefined;
  hears?.addEventListener('online', call);
  return () => {
    clearInterval(timer);
    hears?.removeEventListener('online', call);
  };
}
