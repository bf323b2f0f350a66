/**
 * The broadcaster with its event loop watched. Arguments: `as-shipped`, or `unlimited` for one that
 * sends in one go to all, whatever waits; a port at which it says, as JSON, what the event loop was held
 * for since it was asked last.
 */
import { createServer } from 'node:http';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { broadcasterSettings } from '@outcry/broadcast-service/config.ts';
import { createBroadcaster } from '@outcry/broadcast-service/create-broadcaster.ts';
import { FAN_OUT_LIMITS, type FanOutLimits } from '@outcry/broadcast-service/rooms/fan-out.ts';
import { runService } from '@outcry/shared/runtime/lifecycle.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';

const [limits, port] = process.argv.slice(2);
const UNLIMITED: FanOutLimits = {
  holdMs: Infinity,
  restFactor: 0,
  maxRestMs: 0,
  fullBytes: Infinity,
  maxBehindMs: Infinity,
};

const RESOLUTION_MS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
const ms = (nanoseconds: number): number => nanoseconds / 1e6 - RESOLUTION_MS;
let longestGcMs = 0;
/** The longest hold in CPU time: without what the machine's other programs took meanwhile. */
let maxCpuMs = 0;
let cpuBefore = process.cpuUsage();
let turnedAt = performance.now();
setInterval(() => {
  const { user, system } = process.cpuUsage(cpuBefore);
  const heldMs = performance.now() - turnedAt - RESOLUTION_MS;
  // Other threads' time counts too, but a hold is no longer than it took.
  maxCpuMs = Math.max(maxCpuMs, Math.min(heldMs, (user + system) / 1_000));
  cpuBefore = process.cpuUsage();
  turnedAt = performance.now();
}, RESOLUTION_MS);
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longestGcMs = Math.max(longestGcMs, duration);
}).observe({ entryTypes: ['gc'] });
createServer((_request, response) => {
  const held = {
    'event loop held, longest ms': ms(delay.max),
    'the same in CPU time, ms': maxCpuMs,
    'event loop held, p99 ms': ms(delay.percentile(99)),
    'garbage collection, longest ms': longestGcMs,
  };
  response.end(JSON.stringify(held));
  delay.reset();
  [longestGcMs, maxCpuMs] = [0, 0];
}).listen(Number(port), '127.0.0.1');

const log = createLogger('broadcast-service', 'warn');
await runService(log, () =>
  createBroadcaster(
    broadcasterSettings(),
    log,
    limits === 'unlimited' ? UNLIMITED : FAN_OUT_LIMITS,
  ),
);
