/** Moving between pages without loading anything anew. */
import { computed, signal } from '@preact/signals';
import { routeOf } from './routes.ts';

const path = signal(location.pathname);

export const route = computed(() => routeOf(path.value));

/** Goes to a page of this app. */
export function goTo(to: string): void {
  if (to !== location.pathname) history.pushState(null, '', to);
  path.value = to;
  scrollTo({ top: 0, behavior: 'instant' });
}

/** Makes plain clicks on links within the app, and the browser's back and forward, change the page. */
export function startRouter(): void {
  addEventListener('popstate', () => {
    path.value = location.pathname;
  });
  document.addEventListener('click', (click) => {
    const modified = click.metaKey || click.ctrlKey || click.shiftKey || click.altKey;
    if (click.defaultPrevented || click.button !== 0 || modified) return;
    const link = click.target instanceof Element ? click.target.closest('a') : null;
    if (link === null || link.target !== '' || link.origin !== location.origin) return;
    if (link.hasAttribute('download') || link.hash !== '') return;
    click.preventDefault();
    goTo(link.pathname);
  });
}
