// Ends the processes of a launcher that died, even by SIGKILL.
//
// The launcher holds the other end of this process's standard input and writes one JSON line for
// each process that starts ({"add":{"pid","signal","command"}}) or is gone ({"remove":pid}). When
// the launcher ends, for whatever reason, the pipe closes, and what is still listed is ended:
// by its signal (to its whole process group), and by SIGKILL three seconds later. `command` is
// for what a signal does not reach, such as a container.
import { spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

/** @import { Watched } from './watchdog.ts' */

const PATIENCE_MS = 3000;
/** @type {Map<number, Watched>} */
const listed = new Map();

// A Ctrl-C or a hang-up is the launcher's to handle; the pipe tells when it is gone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { add, remove } = /** @type {{ add?: Watched, remove?: number }} */ (JSON.parse(line));
    if (add) listed.set(add.pid, add);
    if (remove) listed.delete(remove);
  })
  .on('close', () => {
    for (const { pid, signal } of listed.values()) signalGroup(pid, signal);
    for (const { command: [file, ...args] = [] } of listed.values()) {
      if (file !== undefined) spawnSync(file, args, { stdio: 'ignore', timeout: 20_000 });
    }
    const giveUpAt = Date.now() + PATIENCE_MS;
    const look = () => {
      const alive = [...listed.keys()].filter((pid) => signalGroup(pid, 0));
      if (alive.length > 0 && Date.now() < giveUpAt) return void setTimeout(look, 20);
      for (const pid of alive) signalGroup(pid, 'SIGKILL');
    };
    look();
  });

/**
 * Signals the process group that `pid` leads; false when it is gone.
 * @param {number} pid
 * @param {NodeJS.Signals | 0} signal
 */
function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}
