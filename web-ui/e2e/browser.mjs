import { chromium } from 'playwright-core';

/**
 * Chromium without a screen; the microphone is a beeping fake.
 * @param {string[]} [more] arguments
 */
export function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--autoplay-policy=no-user-gesture-required',
      ...more,
    ],
  });
}

/**
 * A fresh page whose complaints (errors, refused content, failed loads) are collected.
 * @param {import('playwright-core').Browser} browser
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
export async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  /** @type {string[]} */
  const complaints = [];
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`content security policy: ${event.effectiveDirective} refused ${event.blockedURI}`);
    });
  });
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    // A refusal the page handles (wrong password, logged out) is logged by the browser itself.
    if (/status of (401|404|409|422)/.test(message.text())) return;
    complaints.push(`console: ${message.text()}`);
  });
  return { context, page, complaints };
}
