// Builds the page with the mock box inside and serves it as the daemon would, content security policy included.
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const outDir = 'node_modules/.offhook-mock';

/** @returns {Promise<{ url: string, close: () => Promise<void> }>} */
export async function serveMock() {
  await build({ root, mode: 'mock', logLevel: 'warn', build: { outDir, emptyOutDir: true } });
  const server = await preview({ root, logLevel: 'warn', build: { outDir }, preview: { port: 0, host: '127.0.0.1' } });
  const address = server.httpServer.address();
  if (!address || typeof address === 'string') throw new Error('the preview server has no port');
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}
