import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test, vi } from 'vitest';
import { stoppedAfterTest } from '../testing/stopped-after-test.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { startNats } from './nats.ts';

vi.setConfig({ testTimeout: 60_000 });

test('a killed NATS starts again on the same port with its stream', async () => {
  const nats = await stoppedAfterTest(startNats({ dataDir: await temporaryFolder() }));
  const before = await connect({ servers: nats.url });
  const manager = await jetstreamManager(before);
  await manager.streams.add({ name: 'kept', subjects: ['kept.>'] });
  await jetstream(before).publish('kept.one', 'a message');
  await before.close();

  await nats.kill();
  await nats.start();

  const after = await connect({ servers: nats.url });
  const { state } = await (await jetstreamManager(after)).streams.info('kept');
  await after.close();
  expect(state.messages).toBe(1);
});

test('further lines of the configuration arrive', async () => {
  const nats = await stoppedAfterTest(
    startNats({
      dataDir: await temporaryFolder(),
      config: 'max_payload: 4096',
    }),
  );
  const client = await connect({ servers: nats.url });
  const account = await (await jetstreamManager(client)).getAccountInfo();
  expect(client.info?.max_payload).toBe(4096);
  await client.close();
  expect(account.limits.max_storage).toBe(-1);
  await nats.stop();
  await expect(
    startNats({ dataDir: await temporaryFolder(), config: 'no_such_setting_here {' }),
  ).rejects.toThrow(/nats did not start/);
});
