/** Lists of the desks' pages: one page at a time, read again while it is looked at. */
import { useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { Page } from '@outcry/shared/contracts/api.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { Button } from '../parts/button.tsx';
import { FailureBanner } from '../parts/failure-banner.tsx';
import { Panel } from '../parts/panel.tsx';
import { useReading } from '../state/reading.ts';
import { asUser } from '../state/session.ts';

export const PAGE_SIZE = 20;
const READ_EVERY_MS = 5_000;

export interface Pages<T> {
  /** Undefined until the page is there. */
  readonly items: readonly T[] | undefined;
  readonly problem: Problem | null;
  /** Reads the page again, now. */
  again(): void;
  /** Goes there; undefined where there is no such page. */
  readonly previous: (() => void) | undefined;
  readonly next: (() => void) | undefined;
}

export function usePages<T>(
  client: OutcryClient,
  read: (query: {
    readonly limit: number;
    readonly cursor?: string | undefined;
  }) => Promise<Page<T>>,
): Pages<T> {
  // Cursors lead forward only: those of the pages before this one are kept.
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const reading = useReading(
    () => asUser(client, () => read({ limit: PAGE_SIZE, cursor })),
    READ_EVERY_MS,
    [client, cursor],
  );
  const { items, nextCursor = null } = reading.value.value ?? {};
  return {
    items,
    problem: reading.problem.value,
    again: () => void reading.again(),
    previous: cursors.length === 0 ? undefined : () => setCursors(cursors.slice(0, -1)),
    next: nextCursor === null ? undefined : () => setCursors([...cursors, nextCursor]),
  };
}

/** Whether the list is there, or is known not to come: what follows it then stays where it is. */
export const isRead = ({ items, problem }: Pages<unknown>): boolean =>
  items !== undefined || problem !== null;

interface ListProps<T> {
  readonly pages: Pages<T>;
  /** What there is none of. */
  readonly none: string;
  readonly keyOf: (item: T) => string;
  readonly row: (item: T) => ComponentChildren;
}

/** A page of a list, with the ways to those around it. */
export function List<T>({ pages, none, keyOf, row }: ListProps<T>) {
  const { items, problem, previous, next } = pages;
  return (
    <div class="desk-pages stack tight">
      <FailureBanner problem={problem}>It is read again by itself.</FailureBanner>
      {items === undefined && problem === null && <p class="muted">Reading …</p>}
      {items?.length === 0 && <p class="muted">{none}</p>}
      {items !== undefined && items.length > 0 && (
        <ul class="desk-list">
          {items.map((item) => (
            <li key={keyOf(item)} class="bar spread">
              {row(item)}
            </li>
          ))}
        </ul>
      )}
      {(previous !== undefined || next !== undefined) && (
        <div class="row">
          <Button disabled={previous === undefined} onClick={() => previous?.()}>
            Previous page
          </Button>
          <Button disabled={next === undefined} onClick={() => next?.()}>
            Next page
          </Button>
        </div>
      )}
    </div>
  );
}

interface ListPanelProps<T> extends ListProps<T> {
  readonly title: string;
  readonly class?: string;
}

/** The same in a panel of its own. */
export const ListPanel = <T,>({ title, class: more = '', ...list }: ListPanelProps<T>) => (
  <Panel title={title} class={more}>
    <List {...list} />
  </Panel>
);
