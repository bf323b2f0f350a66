import type { Position } from '@outcry/shared/contracts/live.ts';

/** `<epoch>:<seq>` as a position; undefined for anything else. */
export function positionOf(lastEventId: string): Position | undefined {
  const [, epoch, seq] = /^([1-9]\d{0,14}):(0|[1-9]\d{0,14})$/.exec(lastEventId) ?? [];
  return epoch === undefined || seq === undefined
    ? undefined
    : { epoch: Number(epoch), seq: Number(seq) };
}
