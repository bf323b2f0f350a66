import { preact } from '@preact/preset-vite';
import { defineConfig } from 'vite';

const gatewayUrl = process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:8080';

// The page asks its own origin where the services are, and only that question is passed on; from
// then on it talks to the services' own addresses.
const proxy = { '/v1/config': { target: gatewayUrl, changeOrigin: true } };

export default defineConfig({
  plugins: [preact()],
  server: { port: 8000, strictPort: true, proxy },
  preview: { port: 8000, strictPort: true, proxy },
  build: { target: 'es2022', sourcemap: true },
});
