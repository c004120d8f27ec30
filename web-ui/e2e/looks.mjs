// Every page, wide and narrow, light and dark, in both languages: contrast, names, sizes, nothing cut, nothing refused.
import assert from 'node:assert/strict';
import { audit } from './audit.mjs';
import { open } from './browser.mjs';

const pages = [
  '/', '/welcome', '/live', '/calls', '/calls/01900000-0000-7000-8000-000000009000', '/lines', '/extensions', '/extensions/new',
  '/extensions/01900000-0000-7000-8000-000000000002', '/trunks', '/trunks/new', '/routes', '/announcements', '/recording',
  '/settings', '/status', '/nowhere', '/setup?mock=empty',
];

/** @type {Record<string, (base: string, browser: import('playwright-core').Browser) => Promise<void>>} */
export const tests = {};

for (const [width, height] of [[1280, 860], [390, 844]]) {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    const locale = (width === 1280) === (colorScheme === 'light') ? 'fr-FR' : 'en-GB';
    tests[`every page is legible at ${width} px, ${colorScheme}, ${locale}`] = async (base, browser) => {
      const { context, page, complaints } = await open(browser, { viewport: { width: width ?? 0, height: height ?? 0 }, colorScheme, locale, reducedMotion: 'reduce' });
      /** @type {string[]} */
      const wrong = [];
      for (const path of pages) {
        await page.goto(base + path);
        await page.locator('h1').waitFor();
        await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
        await page.waitForTimeout(60);
        wrong.push(...(await audit(page)).map((text) => `${path}: ${text}`));
      }
      assert.deepEqual(wrong, []);
      assert.deepEqual(complaints, []);
      await context.close();
    };
  }
}
