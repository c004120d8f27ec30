// Every address of the page; those with an identifier name things of the mock's office.

/** On any box. */
export const anywhere = [
  '/', '/welcome', '/live', '/calls', '/lines', '/lines/new', '/extensions', '/extensions/new', '/trunks', '/trunks/new', '/routes',
  '/announcements', '/recording', '/settings', '/status', '/nowhere',
];

/** In the mock's office, then the mock's first run. */
export const inMock = [
  ...anywhere,
  '/calls/01900000-0000-7000-8000-000000009000',
  '/extensions/01900000-0000-7000-8000-000000000002',
  '/trunks/01900000-0000-7000-8000-000000000041',
  '/lines/01900000-0000-7000-8000-000000000031',
  '/lines/01900000-0000-7000-8000-000000000035',
  '/setup?mock=empty',
];

/**
 * Opens an address and waits until all of it is there.
 * @param {import('playwright-core').Page} page @param {string} url
 */
export async function visit(page, url) {
  const response = await page.goto(url);
  await page.locator('h1').waitFor();
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
  await page.evaluate(async () => {
    await document.fonts.ready;
    // Nothing moves any more, and what came last is drawn.
    await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined)));
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  });
  return response;
}
