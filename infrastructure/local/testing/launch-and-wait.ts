// A launcher to be killed by a test: starts one of each server in the folder that its argument
// names, writes their process numbers as one line of JSON, and waits.
import { join } from 'node:path';
import { startNats } from '../servers/nats.ts';
import { startPostgres } from '../servers/postgres.ts';
import { startRedis } from '../servers/redis.ts';
import { redisInFakeDocker } from './fake-docker.ts';

const folder = process.argv[2] ?? '';
const servers = await Promise.all([
  startRedis({ dataDir: join(folder, 'redis') }),
  startNats({ dataDir: join(folder, 'nats') }),
  startPostgres({ dataDir: join(folder, 'postgres'), durable: false }),
  startRedis({ dataDir: join(folder, 'container'), program: await redisInFakeDocker(folder) }),
]);
console.log(JSON.stringify(servers.map((server) => server.pid())));
