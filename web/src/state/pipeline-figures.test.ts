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
outcry_handoff_in_flight 2
outcry_handoff_left_to_keeper 5
outcry_handoff_open 0`,
  );

it('needs two looks at a service, and says nothing of one that does not answer', () => {
  expect(pipelineFigures({}, { gateway: gateway(0, 10) })).toBeUndefined();
  const figures = pipelineFigures({ gateway: gateway(0, 10) }, { gateway: gateway(2_000, 110) });
  expect(figures).toMatchObject({
    commandsPerSecond: 75,
    acceptedPerSecond: 50,
    commandsPerBatch: 3,
    entriesUnpublished: 7,
    publishing: false,
    viewers: undefined,
    archiveLagSeconds: undefined,
  });
});
