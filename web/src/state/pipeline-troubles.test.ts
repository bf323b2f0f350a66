import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { PipelineFigures } from './pipeline-figures.ts';
import { troublesOf } from './pipeline-troubles.ts';

const READY = {
  gateway: { state: 'ready' },
  broadcaster: { state: 'ready' },
  archive: { state: 'ready' },
} as const;

const CALM: Partial<PipelineFigures> = {
  publishing: true,
  unpublishedSeconds: 0.2,
  unarchivedSeconds: 1,
  commandsWaiting: 3,
  memoryShare: 0.1,
  deadLetters: 0,
  sealDoubts: 0,
};

const stagesOf = (...given: Parameters<typeof troublesOf>) =>
  troublesOf(...given).map(({ stage }) => stage);

describe('troublesOf', () => {
  it('finds none while everything answers and keeps up', () => {
    expect(troublesOf(READY, CALM)).toEqual([]);
    expect(troublesOf(READY, {})).toEqual([]);
  });

  it('blames the way to the services when none answers', () => {
    const away = { state: 'unreachable' } as const;
    const troubles = troublesOf({ gateway: away, broadcaster: away, archive: away }, {});
    expect(troubles.map(({ title }) => title)).toEqual(['No service answers']);
  });

  it.each([
    ['gateway', 'decide'],
    ['broadcaster', 'show'],
    ['archive', 'archive'],
  ] as const)('shows a %s that is away or not ready at its stage', (service, stage) => {
    for (const state of ['unreachable', 'not ready'] as const) {
      expect(stagesOf({ ...READY, [service]: { state } }, CALM)).toEqual([stage]);
    }
  });

  it.each<[Partial<PipelineFigures>, string]>([
    [{ publishing: false }, 'publish'],
    [{ deadLetters: 1 }, 'archive'],
    [{ sealDoubts: 1 }, 'seal'],
  ])('%j shows at %s', (figures, stage) => {
    expect(stagesOf(READY, { ...CALM, ...figures })).toEqual([stage]);
  });

  it.each<[keyof PipelineFigures, string, string]>([
    ['unpublishedSeconds', 'PublishBehind', 'publish'],
    ['unarchivedSeconds', 'ArchiveSlow', 'archive'],
    ['sealLagSeconds', 'SealsLate', 'seal'],
    ['latenessP99Seconds', 'KeeperLate', 'keep'],
    ['commandsWaiting', 'CommandsQueued', 'decide'],
    ['memoryShare', 'RedisNearlyFull', 'decide'],
  ])('%s above the limit of the alert %s shows at %s', async (figure, alert, stage) => {
    const limit = await limitOf(alert);
    expect(stagesOf(READY, { ...CALM, [figure]: limit })).toEqual([]);
    expect(stagesOf(READY, { ...CALM, [figure]: limit * 1.01 })).toEqual([stage]);
  });

  it('says how long the oldest event has waited', () => {
    const [found] = troublesOf(READY, { ...CALM, unpublishedSeconds: 90 });
    expect(found?.meaning).toContain('has waited for 1.5 min');
  });
});

const ALERTS = new URL('../../../infrastructure/observability/alerts.yaml', import.meta.url);

async function limitOf(alert: string): Promise<number> {
  const rule = new RegExp(`alert: ${alert}\\n *expr: .*> ([0-9.]+)\\n`, 'u');
  const limit = rule.exec(await readFile(ALERTS, 'utf8'))?.[1];
  if (limit === undefined) throw new Error(`no alert ${alert} with a limit`);
  return Number(limit);
}
