import { expect, it } from 'vitest';
import { parseFigures, type Look } from './metrics-text.ts';
import { pipelineFigures } from './pipeline-figures.ts';

const look = (atMs: number, text: string): Look => ({ atMs, figures: parseFigures(text) });

const gateway = (atMs: number, ok: number): Look =>
  look(
    atMs,
    `outcry_commands_total{result="OK"} ${ok}
outcry_commands_total{result="BID_TOO_LOW"} ${ok / 2}
outcry_batch_commands_sum ${ok * 1.5}
outcry_batch_commands_count ${ok / 2}
outcry_keeper_lateness_seconds_bucket{le="1"} ${ok / 10}
outcry_keeper_lateness_seconds_bucket{le="2.5"} ${ok}
outcry_keeper_lateness_seconds_bucket{le="+Inf"} ${ok}
outcry_keeper_lateness_seconds_sum ${ok / 10}
outcry_keeper_lateness_seconds_count ${ok}
outcry_log_unpublished_events 7
outcry_log_unpublished_seconds 1.5
outcry_log_unarchived_seconds NaN
outcry_handoff_open 0`,
  );

it('needs two looks for rates, one for levels, and says nothing of a service without an answer', () => {
  const figures = pipelineFigures({}, { gateway: gateway(0, 10) });
  expect(figures).toMatchObject({ commandsPerSecond: undefined, unpublishedSeconds: 1.5 });
  const next = pipelineFigures({ gateway: gateway(0, 10) }, { gateway: gateway(2_000, 110) });
  expect(next).toMatchObject({
    commandsPerSecond: 75,
    acceptedPerSecond: 50,
    commandsPerBatch: 3,
    unpublishedEvents: 7,
    publishing: false,
    repairedEntries: 0,
    unarchivedSeconds: undefined,
    viewers: undefined,
    deadLetters: undefined,
  });
  expect(next.latenessP99Seconds).toBeCloseTo(2.483);
  const gone = pipelineFigures({ gateway: gateway(0, 10) }, {});
  expect(Object.values(gone).every((figure) => figure === undefined)).toBe(true);
});
