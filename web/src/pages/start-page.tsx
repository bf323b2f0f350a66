import { Empty } from '../parts/empty.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { clock } from '../state/clock.ts';
import type { Start } from '../state/services.ts';

/** Shown until the services are found. */
export function StartPage({ start }: { readonly start: Exclude<Start, { phase: 'ready' }> }) {
  if (start.phase === 'connecting') {
    return (
      <p class="unseen" role="status">
        Connecting
      </p>
    );
  }
  return (
    <>
      <PageHead title="The auction house is not answering" />
      <Empty>
        <p role="status">
          This page gets no answer. It tries again by itself; nothing you did is lost.
        </p>
        <p class="muted">
          <RetryText nextTryAt={start.nextTryAt} />
        </p>
      </Empty>
    </>
  );
}

function RetryText({ nextTryAt }: { readonly nextTryAt: number }) {
  // The clock only makes it tick; the try itself is timed by our own clock.
  const seconds = clock.value === 0 ? 0 : Math.ceil((nextTryAt - Date.now()) / 1_000);
  return <>{seconds > 0 ? `Next try in ${seconds} s` : 'Trying …'}</>;
}
