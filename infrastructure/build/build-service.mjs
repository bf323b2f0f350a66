// Builds a service into its dist folder: one file with all it needs, and the files it reads beside
// it. Run in the service's folder; each argument is a folder to copy: `adapters/redis/lua=lua`.
import { cpSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: ['main.ts'],
  outfile: 'dist/main.js',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
  // Libraries in CommonJS call require; a module has none of its own.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
});
for (const pair of process.argv.slice(2)) {
  const [from, to] = pair.split('=');
  cpSync(from, `dist/${to}`, { recursive: true });
}
