import { runService } from '@outcry/shared/runtime/lifecycle.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { broadcasterSettings } from './config.ts';
import { createBroadcaster } from './create-broadcaster.ts';

const log = createLogger('broadcast-service', process.env['LOG_LEVEL'] ?? 'info');

await runService(log, () => createBroadcaster(broadcasterSettings(), log));
