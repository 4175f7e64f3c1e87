import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// Everything is a file of our own origin: the policy the server sends allows no data: fonts and no inline script.
export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
    sourcemap: false,
  },
  worker: { format: 'es' },
  // A developer's page talks to a running watch; WATCHKEEPER names another one.
  server: {
    proxy: Object.fromEntries(
      ['/api', '/tiles'].map((path) => [path, { target: process.env.WATCHKEEPER ?? 'http://127.0.0.1:8080', ws: true }]),
    ),
  },
});
