import { expect, it } from 'vitest';
import { until } from '@outcry/shared/testing/until.ts';
import { startBareTarget } from './attack.ts';

it('what has ended already, as by the Ctrl-C of a terminal, is not waited for', async () => {
  const target = await startBareTarget();
  const { pid } = target;
  if (pid === undefined) throw new Error('a target is a process');
  process.kill(pid, 'SIGINT');
  await until('its end was noticed', () => !exists(pid));
  await expect(target.end()).resolves.toBeUndefined();
});

/** Also one that has ended, until this process has taken notice. */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
