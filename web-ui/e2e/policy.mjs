// The content security policy: the box sends it with every page, no page strains against it, and straining would be seen.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { open } from './browser.mjs';
import { enter } from './first-call.mjs';
import { anywhere, visit } from './pages.mjs';

/** @type {Record<string, (base: string, browser: import('playwright-core').Browser) => Promise<void>>} */
export const tests = {
  'no page strains against the content security policy': async (base, browser) => {
    const policy = (await readFile(new URL('../content-security-policy.txt', import.meta.url), 'utf8')).trim();
    assert.doesNotMatch(policy, /unsafe|data:|blob:|\*/);
    const { context, page, complaints } = await open(browser);
    await page.goto(base);
    await enter(page);
    for (const path of anywhere) {
      const response = await visit(page, base + path);
      assert.equal(response?.headers()['content-security-policy'], policy, path);
    }
    assert.deepEqual(complaints, []);

    // The guard is awake: what the policy forbids is refused and comes to our ears.
    await page.evaluate(() => document.body.setAttribute('style', 'color: red'));
    await page.waitForFunction(() => getComputedStyle(document.body).color !== 'rgb(255, 0, 0)');
    assert.ok(complaints.join().includes('content security policy: style-src-attr'), complaints.join('\n'));
    await context.close();
  },
};
