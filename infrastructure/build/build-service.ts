// Builds a service into its dist folder: all its code, and the files it reads beside it. Run in the
// service's folder. An argument that ends in `.ts` is a program of its own beside main.ts; the others
// name what to copy, from the folder or from an installed package:
// `adapters/redis/lua=lua`, `some-package/file.css=docs/file.css`.
import { cpSync, existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';

const given = process.argv.slice(2);
const programs = given.filter((argument) => argument.endsWith('.ts'));
const copies = given.filter((argument) => !argument.endsWith('.ts'));

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: ['main.ts', ...programs],
  outdir: 'dist',
  bundle: true,
  // What several programs need, and what is loaded only when it is switched on, is in files of its own.
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
  // Libraries in CommonJS call require; a module has none of its own.
  banner: {
    js: "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);",
  },
});
const requireHere = createRequire(join(process.cwd(), 'package.json'));
for (const pair of copies) {
  const [from = '', to = ''] = pair.split('=');
  const source = existsSync(from) ? from : requireHere.resolve(from);
  cpSync(source, `dist/${to}`, { recursive: true });
}
