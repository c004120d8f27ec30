// End-to-end tests of the page in a real browser: `npm run e2e`, against the mock box, or with BASE_URL against a daemon
// whose first run is still to be made (or with OFFHOOK_PASSWORD against one already set up).
import { launch } from './browser.mjs';
import * as trace from './trace.mjs';
import { serveMock } from './server.mjs';
import * as firstCall from './first-call.mjs';
import * as keyboard from './keyboard.mjs';
import * as looks from './looks.mjs';
import * as office from './office.mjs';
import * as outside from './outside.mjs';
import * as policy from './policy.mjs';
import * as recording from './recording.mjs';

const target = process.env.BASE_URL;
const only = process.argv[2];
const server = target ? { url: target.replace(/\/$/, ''), close: async () => undefined } : await serveMock();
const browser = await launch();

/** Tests that any box passes, then those that need the mock's office. @type {Record<string, (base: string, b: import('playwright-core').Browser) => Promise<void>>} */
const tests = target ? { ...firstCall.tests, ...outside.tests, ...recording.tests, ...trace.tests, ...policy.tests }
  : { ...firstCall.tests, ...policy.tests, ...office.tests, ...keyboard.tests, ...looks.tests };

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  if (only && !name.includes(only)) continue;
  const started = performance.now();
  try {
    await test(server.url, browser);
    console.log(`ok    ${name} (${Math.round(performance.now() - started)} ms)`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}\n      ${error instanceof Error ? error.stack?.replaceAll('\n', '\n      ') : error}`);
  }
}
await browser.close();
await server.close();
console.log(failed ? `${failed} failed` : 'all passed');
process.exit(failed ? 1 : 0);
