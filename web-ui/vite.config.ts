import { readFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** What the daemon sends with every page; the mock preview sends the same, so that the e2e tests prove the page obeys it. */
const contentSecurityPolicy = readFileSync(new URL('content-security-policy.txt', import.meta.url), 'utf8').trim();

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // Inlined assets would be data: URLs, which the content security policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es' },
  // With OFFHOOK_URL set, `npm run dev:box` works on a running daemon instead of the mock.
  server: process.env.OFFHOOK_URL
    ? { proxy: { '/api': { target: process.env.OFFHOOK_URL, ws: true, changeOrigin: true } } }
    : {},
  preview: { headers: { 'Content-Security-Policy': contentSecurityPolicy } },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
