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
    [{ unpublishedSeconds: 31 }, 'publish'],
    [{ unarchivedSeconds: 61 }, 'archive'],
    [{ deadLetters: 1 }, 'archive'],
    [{ sealDoubts: 1 }, 'seal'],
    [{ sealLagSeconds: 601 }, 'seal'],
    [{ latenessSeconds: 3 }, 'keep'],
    [{ commandsWaiting: 1_001 }, 'decide'],
    [{ memoryShare: 0.9 }, 'decide'],
  ])('%j shows at %s', (figures, stage) => {
    expect(stagesOf(READY, { ...CALM, ...figures })).toEqual([stage]);
  });
});
