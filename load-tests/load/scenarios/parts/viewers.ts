/** Viewers over the real protocol: Socket.IO v4 on a WebSocket. */
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import type { Scenario } from 'k6/options';
import { WebSocket } from 'k6/websockets';
import { auctionIds, setup } from './setup.ts';

/** From the instant at which Redis accepted a bid (the event's `at`) until a viewer has it. */
const viewerMs = new Trend('viewer_ms', true);
/** Events that came behind a later one, or a second time. */
const disorder = new Counter('viewer_disorder');
/** Events that a viewer was never sent: a slow one gets the newest state only. */
const skipped = new Counter('viewer_skipped');
/** Where a viewer stands at its end, for the reconciliation. */
const finalSeq = new Trend('viewer_final_seq');
/** Viewers that did not get to watch, or lost their connection. */
const viewerFailed = new Counter('viewer_failed');

const VIEWERS_A_VU = 10;
/** After the last bid, so that everybody has it. */
const SETTLE_MS = 3_000;

/** Limits for viewers that all read as fast as they can. */
export const VIEWER_LIMITS = {
  viewer_ms: ['p(95)<300', 'p(99)<750'],
  viewer_disorder: ['count==0'],
  viewer_skipped: ['count==0'],
  viewer_failed: ['count==0'],
};

/** @param settleMs how long they stay after the last bid */
export function viewing(settleMs = SETTLE_MS): Record<string, Scenario> {
  const lastsMs = (setup.warmUpSeconds + setup.seconds) * 1000 + settleMs;
  return {
    viewers: {
      executor: 'per-vu-iterations',
      exec: 'view',
      vus: Math.ceil(setup.viewers / VIEWERS_A_VU),
      iterations: 1,
      maxDuration: `${lastsMs + 20_000}ms`,
      gracefulStop: '5s',
    },
  };
}

/**
 * Opens some viewers at once and keeps them to the end of the run.
 * @param choose the auction (its index) of a viewer (by number)
 */
export function watchAuctions(choose: (viewer: number) => number, settleMs = SETTLE_MS): void {
  const { startTime, iterationInTest } = exec.scenario;
  const measuredFrom = startTime + setup.warmUpSeconds * 1000;
  const until = measuredFrom + setup.seconds * 1000 + settleMs;
  const first = iterationInTest * VIEWERS_A_VU;
  const viewers = Math.min(VIEWERS_A_VU, setup.viewers - first);
  for (let i = 0; i < viewers; i += 1) watchOne(first + i, choose(first + i), measuredFrom, until);
}

interface Watched {
  readonly ok: boolean;
  readonly data: { readonly auction: { readonly seq: number } };
}

interface Message {
  readonly seq: number;
  readonly events: readonly { readonly seq: number; readonly at: string }[];
}

function watchOne(viewer: number, auction: number, measuredFrom: number, until: number): void {
  const url = setup.viewersUrls[viewer % setup.viewersUrls.length];
  const socket = new WebSocket(`${url}/socket.io/?EIO=4&transport=websocket`);
  let at: number | undefined;
  let leaving = false;
  const leave = (): void => {
    leaving = true;
    if (at === undefined) viewerFailed.add(1);
    else finalSeq.add(at, { auction: String(auction) });
    socket.close();
  };
  setTimeout(leave, Math.max(0, until - Date.now()));

  const take = ({ seq, events }: Message): void => {
    const now = Date.now();
    let last = at ?? seq;
    for (const event of events) {
      // What is already in the snapshot may come again; what was shown may not.
      if (event.seq <= last) disorder.add(1);
      else if (event.seq > last + 1) skipped.add(event.seq - last - 1);
      last = Math.max(last, event.seq);
      const decidedAt = Date.parse(event.at);
      if (decidedAt >= measuredFrom) viewerMs.add(now - decidedAt);
    }
    if (seq > last) skipped.add(seq - last);
    at = Math.max(last, seq);
  };

  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- its types want an enum that k6 does not have
  socket.onmessage = (message) => {
    const text = typeof message?.data === 'string' ? message.data : '';
    if (text.startsWith('42["events",')) {
      if (at !== undefined) take(JSON.parse(text.slice('42["events",'.length, -1)) as Message);
    } else if (text === '2') {
      socket.send('3');
    } else if (text.startsWith('40')) {
      socket.send(`420["watch",{"auctionId":"${auctionIds[auction]}"}]`);
    } else if (text.startsWith('0')) {
      socket.send('40');
    } else if (text.startsWith('430')) {
      const [answer] = JSON.parse(text.slice('430'.length)) as [Watched];
      if (answer.ok) at = answer.data.auction.seq;
    }
  };
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- its types want an enum that k6 does not have
  socket.onclose = () => {
    if (!leaving) viewerFailed.add(1);
  };
}
