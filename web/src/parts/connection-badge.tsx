import type { WatchConnection } from '@outcry/client/watched-auction.ts';

interface ConnectionBadgeProps {
  readonly connection: WatchConnection;
}

const WORDS: Readonly<Record<WatchConnection, string>> = {
  connecting: 'Connecting …',
  live: 'Live',
  reconnecting: 'Reconnecting …',
  failed: 'Updates every few seconds',
};

/** Whether what is shown is of this very moment. */
export function ConnectionBadge({ connection }: ConnectionBadgeProps) {
  return (
    <span class={`badge badge-${connection}`} data-testid="connection" role="status">
      <span class="badge-dot" aria-hidden="true" />
      {WORDS[connection]}
    </span>
  );
}
