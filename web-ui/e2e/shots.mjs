// Pictures of every page: node e2e/shots.mjs FOLDER [page …]. Wide and narrow, light and dark, French and English.
import { mkdirSync } from 'node:fs';
import { launch, open } from './browser.mjs';
import { serveMock } from './server.mjs';

const [folder = 'node_modules/.shots', ...only] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

/** @type {Record<string, { path: string, before?: (page: import('playwright-core').Page) => Promise<void> }>} */
const pages = {
  setup: { path: '/setup?mock=empty' },
  login: { path: '/login', before: logOut },
  home: { path: '/' },
  welcome: { path: '/welcome' },
  live: { path: '/lines', before: ringAndTalk },
  calls: { path: '/calls' },
  call: { path: '/calls?period=all', before: async (page) => void (await page.locator('tbody a').nth(6).click()) },
  trace: {
    path: '/calls/01900000-0000-7000-8000-000000009002',
    before: async (page) => {
      await page.getByRole('button', { name: /SIP/ }).click();
      await page.getByRole('button', { name: /^180/ }).first().click();
      await page.getByRole('button', { name: /^180/ }).first().scrollIntoViewIfNeeded();
    },
  },
  lines: { path: '/lines', before: ringOnly },
  line: { path: '/lines/01900000-0000-7000-8000-000000000031' },
  outsideLine: { path: '/lines/01900000-0000-7000-8000-000000000035' },
  newLine: { path: '/lines/new' },
  extensions: { path: '/extensions' },
  extension: { path: '/extensions/01900000-0000-7000-8000-000000000002' },
  newExtension: { path: '/extensions/new' },
  credentials: {
    path: '/extensions/01900000-0000-7000-8000-000000000002',
    before: async (page) => void (await page.getByRole('button', { name: /How to connect|Comment le connecter/ }).first().click()),
  },
  device: {
    path: '/extensions/01900000-0000-7000-8000-000000000002',
    before: async (page) => {
      await page.getByRole('button', { name: /^(Settings|Réglages)/ }).first().click();
      await page.getByLabel('Codecs').selectOption({ index: 1 });
    },
  },
  sound: {
    path: '/calls?period=all',
    before: async (page) => {
      await page.locator('tbody a').first().click();
      await page.locator('summary').first().click();
      await page.locator('summary').first().scrollIntoViewIfNeeded();
    },
  },
  trunks: { path: '/trunks' },
  trunk: { path: '/trunks/01900000-0000-7000-8000-000000000041' },
  routes: { path: '/routes' },
  route: { path: '/routes', before: async (page) => void (await page.getByRole('button', { name: /^(Edit|Modifier)/ }).first().click()) },
  announcements: { path: '/announcements' },
  recording: { path: '/recording' },
  settings: { path: '/settings' },
  status: { path: '/status' },
  menu: { path: '/', before: async (page) => void (await page.getByRole('button', { name: /Open the menu|Ouvrir le menu/ }).click({ timeout: 2000 }).catch(() => undefined)) },
};

/** @param {import('playwright-core').Page} page */
async function logOut(page) {
  const menu = page.getByRole('button', { name: /Open the menu|Ouvrir le menu/ });
  if (await menu.isVisible()) await menu.click();
  await page.getByRole('button', { name: /Log out|déconnecter/ }).filter({ visible: true }).click();
  await page.waitForTimeout(5500); // The farewell goes away.
}

/** @param {import('playwright-core').Page} page */
async function ringOnly(page) {
  const first = page.locator('article.line').first();
  await first.getByRole('button', { name: /^(Lift|Décrocher)/ }).click();
  for (const key of '1002') await first.getByRole('button', { name: new RegExp(`(Key|Touche) ${key}$`) }).click();
  await page.waitForTimeout(600);
}

/** @param {import('playwright-core').Page} page */
async function ringAndTalk(page) {
  await ringOnly(page);
  await page.locator('article.line').nth(1).getByRole('button', { name: /^(Lift|Décrocher)/ }).click();
  await page.waitForTimeout(300);
  await page.evaluate(() => {
    history.pushState(null, '', '/live');
    window.dispatchEvent(new PopStateEvent('popstate'));
  });
  await page.waitForTimeout(300);
}

const looks = [
  { name: 'wide-light', width: 1280, height: 800, colorScheme: 'light', locale: 'fr-FR' },
  { name: 'wide-dark', width: 1280, height: 800, colorScheme: 'dark', locale: 'en-GB' },
  { name: 'narrow-light', width: 390, height: 844, colorScheme: 'light', locale: 'fr-FR' },
  { name: 'narrow-dark', width: 390, height: 844, colorScheme: 'dark', locale: 'en-GB' },
];

const server = await serveMock();
const browser = await launch();
for (const { name, width, height, locale, colorScheme } of looks) {
  for (const [title, { path, before }] of Object.entries(pages)) {
    if (only.length > 0 && !only.includes(title)) continue;
    const { context, page, complaints } = await open(browser, {
      viewport: { width, height },
      locale,
      colorScheme: colorScheme === 'dark' ? 'dark' : 'light',
    });
    await page.goto(server.url + path);
    await page.waitForTimeout(350);
    if (before) await before(page).catch((error) => console.log(`${title} ${name}: ${error.message}`));
    await page.waitForTimeout(250);
    await page.screenshot({ path: `${folder}/${title}-${name}.png`, fullPage: !['call', 'trace', 'credentials', 'device', 'sound', 'route', 'menu'].includes(title) });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (overflow > 0) console.log(`${title} ${name}: ${overflow} px wider than the window`);
    for (const complaint of complaints) console.log(`${title} ${name}: ${complaint}`);
    await context.close();
  }
}
await browser.close();
await server.close();
