// Every page, wide and narrow, light and dark, in both languages: contrast, names, sizes, nothing cut, nothing refused.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { audit } from './audit.mjs';
import { open } from './browser.mjs';
import { inMock, visit } from './pages.mjs';

/** axe-core's rules for WCAG 2.2 AA and its advice; put into the page by the debugger, which no policy stops. */
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** @type {Record<string, (base: string, browser: import('playwright-core').Browser) => Promise<void>>} */
export const tests = {};

for (const [width, height] of [[1280, 860], [390, 844]]) {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    const locale = (width === 1280) === (colorScheme === 'light') ? 'fr-FR' : 'en-GB';
    tests[`every page is legible at ${width} px, ${colorScheme}, ${locale}`] = async (base, browser) => {
      const { context, page, complaints } = await open(browser, { viewport: { width: width ?? 0, height: height ?? 0 }, colorScheme, locale, reducedMotion: 'reduce' });
      /** @type {string[]} */
      const wrong = [];
      for (const path of inMock) {
        await visit(page, base + path);
        wrong.push(...[...(await audit(page)), ...(await rules(page))].map((text) => `${path}: ${text}`));
      }
      assert.deepEqual(wrong, []);
      assert.deepEqual(complaints, []);
      await context.close();
    };
  }
}

/** What axe-core finds. @param {import('playwright-core').Page} page @returns {Promise<string[]>} */
export async function rules(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    // Without preloading it fetches nothing.
    const found = await /** @type {any} */ (window).axe.run(document, { preload: false, resultTypes: ['violations'] });
    return found.violations.flatMap((/** @type {any} */ rule) =>
      rule.nodes.map((/** @type {any} */ node) => `axe ${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`),
    );
  });
}
