import { runService } from '@outcry/shared/runtime/lifecycle.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { gatewaySettings } from './config.ts';
import { createGateway } from './create-gateway.ts';

const log = createLogger('api-gateway', process.env['LOG_LEVEL'] ?? 'info');

await runService(log, () => createGateway(gatewaySettings(), log));
