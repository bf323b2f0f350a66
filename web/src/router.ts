/**
 * Moving between pages without loading anything anew. Each entry of the browser's history keeps how
 * far its page was scrolled, so that Back finds the place again.
 */
import { computed, signal } from '@preact/signals';
import { keepScrolling, stopScrolling } from './restore-scroll.ts';
import { routeOf } from './routes.ts';

/** What an entry of the browser's history remembers. */
interface Entry {
  /** Counts the entries of this tab: tells back from forward. */
  readonly index: number;
  /** How far the page was scrolled, pixels. */
  readonly y: number;
}

/** After the last of a row of scroll events: browsers allow a page few changes of its history. */
const SCROLL_REST_MS = 150;

const path = signal(location.pathname);
const search = signal(location.search);
let index = 0;
/** Asked before the page is left; undefined when nothing would be lost. */
let question: string | undefined;

export const route = computed(() => routeOf(path.value));

/** The address's query. */
export const query = computed(() => new URLSearchParams(search.value));

/** Goes to a page of this app, unless the user would rather stay. @param to path and query */
export function goTo(to: string): void {
  if (!mayLeave()) return;
  if (to !== location.pathname + location.search) {
    keepEntry();
    index += 1;
    history.pushState({ index, y: 0 } satisfies Entry, '', to);
  }
  stopScrolling();
  show();
  scrollTo({ top: 0, behavior: 'instant' });
}

/** Writes what the page shows into its address; Back does not stop here. @param to path and query */
export function replaceAddress(to: string): void {
  history.replaceState({ index, y: scrollY } satisfies Entry, '', to);
  show();
}

/**
 * From now on the user is asked before the page is left or loaded anew.
 * @returns ends that
 */
export function askBeforeLeaving(text: string): () => void {
  question = text;
  addEventListener('beforeunload', stay);
  return () => {
    question = undefined;
    removeEventListener('beforeunload', stay);
  };
}

/** Makes plain clicks on links within the app, and the browser's back and forward, change the page. */
export function startRouter(): void {
  history.scrollRestoration = 'manual';
  const first = entryOf(history.state);
  index = first?.index ?? 0;
  keepScrolling(first?.y ?? 0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  addEventListener('scroll', () => {
    clearTimeout(timer);
    timer = setTimeout(keepEntry, SCROLL_REST_MS);
  });
  addEventListener('popstate', ({ state }) => {
    clearTimeout(timer);
    moved(entryOf(state));
  });
  document.addEventListener('click', (click) => {
    const modified = click.metaKey || click.ctrlKey || click.shiftKey || click.altKey;
    if (click.defaultPrevented || click.button !== 0 || modified) return;
    const link = click.target instanceof Element ? click.target.closest('a') : null;
    if (link === null || link.target !== '' || link.origin !== location.origin) return;
    if (link.hasAttribute('download') || link.hash !== '') return;
    click.preventDefault();
    goTo(link.pathname + link.search);
  });
}

/** The browser has gone to another entry. @param entry undefined for one that is not ours */
function moved(entry: Entry | undefined): void {
  const isSamePage = location.pathname === path.peek() && location.search === search.peek();
  const steps = (entry?.index ?? index + 1) - index;
  if (!isSamePage && steps !== 0 && !mayLeave()) {
    // It is left already: back to where the user wants to stay.
    history.go(-steps);
    index += steps;
    return;
  }
  index += steps;
  if (isSamePage) return;
  show();
  keepScrolling(entry?.y ?? 0);
}

function show(): void {
  path.value = location.pathname;
  search.value = location.search;
}

function keepEntry(): void {
  history.replaceState({ index, y: scrollY } satisfies Entry, '');
}

function mayLeave(): boolean {
  // oxlint-disable-next-line no-alert -- nothing else can be asked while the browser goes back
  return question === undefined || confirm(question);
}

const stay = (event: BeforeUnloadEvent): void => event.preventDefault();

function entryOf(state: unknown): Entry | undefined {
  if (typeof state !== 'object' || state === null) return undefined;
  if (!('index' in state) || typeof state.index !== 'number') return undefined;
  if (!('y' in state) || typeof state.y !== 'number') return undefined;
  return { index: state.index, y: state.y };
}
