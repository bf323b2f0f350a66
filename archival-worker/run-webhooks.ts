/** Delivers to webhooks: a process of its own, of which any number may run. */
import { runService } from '@outcry/shared/runtime/lifecycle.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { webhookSettings } from './config.ts';
import { createWebhooks } from './create-webhooks.ts';
import { surviveLostSockets } from './lost-socket.ts';

const log = createLogger('webhooks', process.env['LOG_LEVEL'] ?? 'info');

surviveLostSockets(log);
await runService(log, () => createWebhooks(webhookSettings(), log));
