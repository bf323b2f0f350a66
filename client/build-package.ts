// Builds the package that programs outside this repository install, in `dist`: one file of code, the
// types, and a package.json of its own, which knows nothing of the workspace. Run in this folder:
//
//   npm run build:package && npm pack ./dist
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';

const { name, version, description, license, dependencies } = JSON.parse(
  readFileSync('package.json', 'utf8'),
) as typeof import('./package.json');

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: ['index.ts'],
  outfile: 'dist/index.js',
  bundle: true,
  external: Object.keys(dependencies),
  platform: 'neutral',
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  logLevel: 'warning',
});

const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
const tsc = join(dirname(compiler), 'bin', 'tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.package.json'], { stdio: 'inherit' });
for (const file of readdirSync('dist/types', { recursive: true, encoding: 'utf8' })) {
  if (file.endsWith('.d.ts')) nameCompiledFiles(join('dist/types', file));
}

cpSync('README.md', 'dist/README.md');
cpSync('../LICENSE', 'dist/LICENSE');
const manifest = {
  name,
  version,
  description,
  license,
  type: 'module',
  exports: { '.': { types: './types/client/index.d.ts', default: './index.js' } },
  files: ['index.js', 'index.js.map', 'types'],
  sideEffects: false,
  engines: { node: '>=20' },
  dependencies,
};
writeFileSync('dist/package.json', `${JSON.stringify(manifest, null, 2)}\n`);

/** The types import each other as the sources do; outside, they stand beside each other in `types`. */
function nameCompiledFiles(file: string): void {
  const shared = relative(dirname(file), 'dist/types/shared');
  const text = readFileSync(file, 'utf8').replaceAll(
    /(from |import\()(['"])(@outcry\/shared|\.\.?)\/([^'"]+)\.ts\2/g,
    (_, keyword: string, quote: string, start: string, path: string) =>
      `${keyword}${quote}${start === '@outcry/shared' ? shared : start}/${path}.js${quote}`,
  );
  writeFileSync(file, text);
}
