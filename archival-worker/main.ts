import { runService } from '@outcry/shared/runtime/lifecycle.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { workerSettings } from './config.ts';
import { createWorker } from './create-worker.ts';
import { surviveLostSockets } from './lost-socket.ts';

const log = createLogger('archival-worker', process.env['LOG_LEVEL'] ?? 'info');

surviveLostSockets(log);
await runService(log, () => createWorker(workerSettings(), log));
