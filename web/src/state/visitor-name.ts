/** What all tabs of this browser call themselves, so that they count as one viewer. */

const KEY = 'outcry.visitor';

/** Chance alone: it says nothing of who it is. */
export function visitorName(): string {
  const fresh = crypto.getRandomValues(new Uint32Array(4)).join('-');
  try {
    const kept = localStorage.getItem(KEY);
    if (kept !== null) return kept;
    localStorage.setItem(KEY, fresh);
  } catch {
    // Storage can be forbidden; then each tab is a viewer of its own.
  }
  return fresh;
}
