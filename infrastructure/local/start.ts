import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runScript } from './build-and-migrate.ts';
import { portsFrom } from './choose-ports.ts';
import { IDENTITY_PROVIDER, publicUrl, SERVICES } from './parts.ts';
import { runUntilSignal } from './run-until-signal.ts';
import { startSystem, type System } from './start-system.ts';

const { oidc } = parseArgs({ options: { oidc: { type: 'boolean', default: false } } }).values;
const services = oidc ? [IDENTITY_PROVIDER, ...SERVICES] : SERVICES;

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const folder = join(root, '.local');

await runUntilSignal(async (signal) => {
  const { env } = process;
  const script = { root, signal };
  const system = await startSystem({
    root,
    folder,
    services,
    ports: () => portsFrom(services, env, say),
    given: { redis: env['REDIS_URL'], nats: env['NATS_URL'], postgres: env['DATABASE_URL'] },
    env,
    say,
    signal,
    async prepare({ databaseUrl }) {
      say('building');
      await runScript('build', { ...script, log: join(folder, 'logs', 'build.log') });
      say('migrating the database');
      await runScript('migrate', {
        ...script,
        log: join(folder, 'logs', 'migrate.log'),
        env: { DATABASE_URL: databaseUrl },
      });
    },
  });
  printAddresses(system);
  return system;
}, say);

function say(line: string): void {
  console.log(`  ${line}`);
}

function printAddresses({ ports }: System): void {
  const at = (name: string): string => publicUrl(ports[name]);
  const rows = [
    ['Web app', at('web')],
    ['Bids and auctions', `${at('api-gateway')}/docs`],
    ['Live feed', at('broadcast-service')],
    ['History', `${at('archival-worker')}/v1/history/auctions`],
    ...(oidc ? [['Sign-in', at('identity-provider')]] : []),
    ['Data and logs', folder],
  ];
  const width = Math.max(...rows.map(([what = '']) => what.length));
  const lines = rows.map(([what = '', where = '']) => `  ${what.padEnd(width)}   ${where}`);
  console.log(`\nOutcry runs.\n\n${lines.join('\n')}\n\nPress Ctrl-C to stop.\n`);
}
