/** The images that the overlays and the cluster's own parts want, in one archive. */
import { copyFile, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '@outcry/local/processes/run-command.ts';
import { obtainBaseImages } from '../../containers/base-images.ts';
import type { Checkout } from '../../containers/checkout.ts';
import { withCompose } from '../../containers/compose-program.ts';
import { documentedLines } from '../../containers/documented-lines.ts';
import { obtainEngine } from '../../containers/engine.ts';

const MINUTES_MS = 60_000;
/** Made of the programs in the cache, on the image that has a C library and a shell anyway. */
const OWN: Readonly<Record<string, { program?: string; lines: readonly string[] }>> = {
  'outcry.test/pause:1': { lines: ['CMD ["sleep", "infinity"]'] },
  'outcry.test/coredns:1': {
    program: 'coredns',
    lines: ['COPY coredns /usr/local/bin/', 'ENTRYPOINT ["coredns"]'],
  },
};

/**
 * Builds the project's images by the lines of docs/install.md, with an engine that is gone afterwards.
 *
 * @param checkout where the lines are typed
 * @param programs as `obtainClusterPrograms` gives it
 * @returns the official ones among them, and a file of all as `docker save` writes it
 */
export async function makeImages(checkout: Checkout, programs: string) {
  const engine = await obtainEngine();
  try {
    // Debian's engine has its builder inside; the newer one needs a plugin.
    const builder = engine.isOwn ? { DOCKER_BUILDKIT: '0' } : {};
    const environment = { ...(await withCompose(engine)), ...builder };
    const docker = (...args: string[]): Promise<string> =>
      mustRun(engine.docker, args, { env: environment, withinMs: 10 * MINUTES_MS });
    const bases = await obtainBaseImages(engine, environment);
    const [build = ''] = documentedLines('docs/install.md', '### Images');
    await checkout.type(build, environment);
    const images = ['api-gateway', 'broadcast-service', 'archival-worker', 'web'].map(
      (name) => `outcry-${name}:0.1.0`,
    );
    for (const { image } of bases) {
      if (/^(redis|nats|postgres|nginx):/.test(image)) images.push(image);
    }
    const node = bases.find(({ image }) => image.startsWith('node:'))?.image ?? '';
    for (const [image, { program, lines }] of Object.entries(OWN)) {
      const context = await mkdtemp(join(checkout.folder, 'image-'));
      await writeFile(join(context, 'Dockerfile'), `FROM ${node}\n${lines.join('\n')}\n`);
      if (program !== undefined) await copyFile(join(programs, program), join(context, program));
      await docker('build', '--quiet', '--tag', image, context);
      images.push(image);
    }
    const archive = join(checkout.folder, 'images.tar');
    await docker('save', '--output', archive, ...images);
    return { bases, archive };
  } finally {
    await engine.stop();
  }
}
