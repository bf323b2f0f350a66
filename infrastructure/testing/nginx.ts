/** Runs the deployments' own nginx configurations, with addresses of this machine put in. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@outcry/local/processes/ports.ts';
import { obtainNginx } from '@outcry/local/programs/programs.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { createServer } from '@outcry/local/servers/run-server.ts';
import { ROOT, type Variables } from './secured-servers.ts';
import { serviceAccount } from './image-service.ts';

interface Options {
  /** Configuration file, from the checkout or absolute. */
  readonly config: string;
  /** The port that the file listens on. */
  readonly listens: number;
  /** Answers 200 when it is up. */
  readonly healthPath: string;
  /** Folder that relative paths of the file are below, and that it writes nothing to. */
  readonly prefix: string;
  /** A folder of the test. */
  readonly folder: string;
  /** What the file calls a server, and where that is here. */
  readonly servers?: Variables;
  /** What the image's entrypoint puts in for `${NAME}`. */
  readonly variables?: Variables;
  /** What else a test needs otherwise: pieces of the file, and what stands there instead. */
  readonly pieces?: Variables;
}

/** @throws Error when a name of `servers` is not in the file, or nginx does not come up */
export async function startNginx(options: Options): Promise<LocalServer> {
  const {
    config,
    listens,
    healthPath,
    prefix,
    folder,
    servers = {},
    variables = {},
    pieces = {},
  } = options;
  const port = await freePort();
  const temporary = join(folder, 'tmp', `nginx-${port}`);
  await mkdir(temporary, { recursive: true, mode: 0o777 });
  let text = await readFile(join(config.startsWith('/') ? '' : ROOT, config), 'utf8');
  const replaced = {
    ...pieces,
    [`listen ${listens};`]: `listen 127.0.0.1:${port};`,
    ' /tmp/': ` ${temporary}/`,
    ...Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [`\${${name}}`, value ?? '']),
    ),
    ...Object.fromEntries(
      Object.entries(servers).map(([name, url]) => [` ${name}`, ` ${new URL(url).host}`]),
    ),
  };
  for (const [from, to] of Object.entries(replaced)) {
    if (!text.includes(from)) throw new Error(`${config} has no "${from}"`);
    text = text.replaceAll(from, to);
  }
  const file = join(temporary, 'nginx.conf');
  await writeFile(file, text, { mode: 0o644 });
  await chmod(temporary, 0o777);
  const url = `http://127.0.0.1:${port}`;
  const server = createServer({
    name: 'nginx',
    url,
    port,
    log: join(folder, `nginx-${port}.log`),
    process: {
      file: await obtainNginx(),
      args: ['-p', prefix, '-e', 'stderr', '-c', file],
      cwd: folder,
      ...serviceAccount,
    },
    stopSignal: 'SIGTERM',
    answers: async () => {
      try {
        return (await fetch(url + healthPath, { signal: AbortSignal.timeout(1_000) })).ok;
      } catch {
        return false;
      }
    },
  });
  await server.start();
  return server;
}
