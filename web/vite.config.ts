import { preact } from '@preact/preset-vite';
import { defineConfig, type Plugin, type ProxyOptions } from 'vite';
import { contentPolicy } from './content-policy.ts';

/** Where a gateway without further settings tells browsers to go. */
const LOCAL_SERVICES =
  'http://localhost:8080 http://localhost:8081 ws://localhost:8081 http://localhost:8082';

// The page asks its own origin where the services are; everything else it asks the services
// themselves. The whole path only: a prefix would let `..` reach the rest of the gateway.
const proxy: Record<string, ProxyOptions> = {
  '^/v1/config$': {
    target: process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:8080',
    changeOrigin: true,
  },
};

/** As the web image's nginx sends them. */
const headers = {
  'Content-Security-Policy': contentPolicy({
    connectTo: process.env['WEB_CONNECT_TO'] ?? LOCAL_SERVICES,
    framedBy: process.env['WEB_FRAMED_BY'] ?? "'none'",
  }),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
};

/** The live server speaks WebSocket only: the library's other transports stay out of the page. */
const webSocketOnly: Plugin = {
  name: 'websocket-only',
  load: (id) =>
    id.endsWith('engine.io-client/build/esm/transports/index.js')
      ? "import { WS } from './websocket.js'; export const transports = { websocket: WS };"
      : undefined,
};

/**
 * Whether every page loads a module: the way from the first one to it has no `import()`. These are in
 * one file, which compresses best.
 */
function isForAll(id: string, context: ModuleGraph, seen = new Set<string>()): boolean {
  const module = context.getModuleInfo(id);
  if (module === null || seen.has(id)) return false;
  seen.add(id);
  return module.isEntry || module.importers.some((by) => isForAll(by, context, seen));
}

interface ModuleGraph {
  getModuleInfo(id: string): { readonly isEntry: boolean; readonly importers: string[] } | null;
}

const appName = (id: string, context: ModuleGraph): string | null =>
  isForAll(id, context) ? 'app' : null;

export default defineConfig({
  plugins: [preact(), webSocketOnly],
  server: { port: 8000, strictPort: true, proxy },
  preview: { port: 8000, strictPort: true, proxy, headers },
  build: {
    target: 'es2022',
    sourcemap: true,
    // Where preloading is not known, files are fetched when they are needed and not before.
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: appName }] } } },
  },
});
