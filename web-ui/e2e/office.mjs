// Everyday work in the mock's office.
import assert from 'node:assert/strict';
import { audit } from './audit.mjs';
import { open } from './browser.mjs';
import { rules } from './looks.mjs';

/** @typedef {import('playwright-core').Browser} Browser */

/** @param {Browser} browser @param {string} base @param {string} path @param {(page: import('playwright-core').Page) => Promise<void>} work */
async function inOffice(browser, base, path, work) {
  const { context, page, complaints } = await open(browser);
  await page.goto(`${base}${path}${path.includes('?') ? '&' : '?'}mock=office`);
  await page.getByRole('button', { name: 'Log out' }).waitFor();
  await work(page);
  assert.deepEqual(complaints, []);
  await context.close();
}

/** @type {Record<string, (base: string, browser: Browser) => Promise<void>>} */
export const tests = {
  'an extension is deleted and taken back': (base, browser) =>
    inOffice(browser, base, '/extensions', async (page) => {
      const row = page.getByRole('row', { name: /1003/ });
      await row.getByRole('button', { name: /Delete/ }).click();
      await row.waitFor({ state: 'detached' });
      await page.getByText('1003 · Dr Paul Leroy deleted').waitFor();
      await page.getByRole('button', { name: 'Undo' }).click();
      await row.waitFor();
      await row.getByText('Reachable').waitFor();
    }),

  'an extension is edited, and leaving without saving is asked about': (base, browser) =>
    inOffice(browser, base, '/extensions/01900000-0000-7000-8000-000000000002', async (page) => {
      await page.getByLabel('Do not disturb').check({ force: true });
      await page.getByRole('link', { name: 'Call list' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Stay here' }).click();
      await page.getByLabel('Internal number').fill('1001');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('This number is used already').waitFor();
      await page.getByLabel('Internal number').fill('1002');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved').waitFor();
      await page.getByRole('link', { name: 'Extensions', exact: true }).first().click();
      await page.getByRole('row', { name: /1002/ }).getByText('Do not disturb').waitFor();
    }),

  'a telephone gets its codecs in order, and its encryption': (base, browser) =>
    inOffice(browser, base, '/extensions/01900000-0000-7000-8000-000000000002', async (page) => {
      await page.getByRole('button', { name: /^Settings –/ }).first().click();
      await page.getByLabel('Encryption of the voice').selectOption('offered');
      await page.getByLabel('Codecs', { exact: true }).selectOption({ label: 'Chosen by you' });
      await page.getByRole('button', { name: 'Remove Opus' }).click();
      await page.getByRole('button', { name: 'Move up – G.711 A-law' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: /^Settings –/ }).first().click();
      const order = await page.getByRole('dialog').locator('ol li').allInnerTexts();
      assert.deepEqual(order.map((text) => text.slice(0, 8)), ['1. G.711', '2. G.722', '3. G.711']);
      assert.equal(await page.getByLabel('Encryption of the voice').inputValue(), 'offered');
    }),

  'a SIP telephone shows its settings, and a new secret replaces the old': (base, browser) =>
    inOffice(browser, base, '/extensions/01900000-0000-7000-8000-000000000003', async (page) => {
      await page.getByRole('button', { name: 'Add a SIP telephone' }).click();
      const dialog = page.getByRole('dialog', { name: 'How to connect it' });
      await dialog.getByRole('img', { name: /QR code/ }).waitFor();
      const secret = dialog.locator('dd').last().locator('code');
      const before = await secret.textContent();
      await dialog.getByRole('button', { name: 'New secret' }).click();
      await page.getByRole('dialog', { name: 'Make a new secret?' }).getByRole('button', { name: 'Make a new secret' }).click();
      await page.waitForFunction((old) => document.querySelector('dialog dd:last-of-type code')?.textContent !== old, before);
      await dialog.getByRole('button', { name: 'Close' }).click();
      await page.getByText('1003-2', { exact: true }).waitFor();
    }),

  'the call list filters, turns pages and keeps its filters in the address': (base, browser) =>
    inOffice(browser, base, '/calls?period=all', async (page) => {
      const rows = page.locator('tbody tr');
      await rows.nth(24).waitFor();
      const first = await rows.first().textContent();
      await page.getByRole('button', { name: 'Older calls' }).click();
      await page.getByText('Page 2').waitFor();
      await page.waitForFunction((text) => document.querySelector('tbody tr')?.textContent !== text, first);
      await page.getByRole('button', { name: 'Newer calls' }).click();
      await page.getByLabel('Result').selectOption('missed');
      await page.waitForFunction(() => [...document.querySelectorAll('tbody tr')].every((row) => row.textContent?.includes('Missed')));
      await page.getByLabel('Direction').selectOption('inbound');
      await page.getByLabel('Number or name').fill('nobody has this');
      await page.getByText('No call matches').waitFor();
      assert.match(page.url(), /direction=inbound/);
      assert.match(page.url(), /result=missed/);
      await page.getByRole('button', { name: 'Remove the filters' }).click();
      await rows.nth(24).waitFor();

      // One extension, and days of the site: the filters are in the address, so that a reload keeps them.
      await page.getByLabel('Extension').selectOption({ label: '1004 · Infirmière' });
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length < 25);
      await page.getByLabel('Period').selectOption('days');
      const today = await page.getByLabel('First day').inputValue();
      assert.equal(today, new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Paris' }).format(Date.now()));
      await page.getByLabel('Last day').fill('2020-01-31');
      await page.getByLabel('First day').fill('2020-01-01');
      await page.getByText('No call matches').waitFor();
      await page.reload();
      await page.getByText('No call matches').waitFor();
      assert.equal(await page.getByLabel('First day').inputValue(), '2020-01-01');
      assert.equal(await page.getByLabel('Extension').locator('option:checked').textContent(), '1004 · Infirmière');
    }),

  'times are those of the site, wherever the browser is': async (base, browser) => {
    const { context, page } = await open(browser, { timezoneId: 'Pacific/Auckland' });
    await page.goto(`${base}/calls?period=all&mock=office`);
    const when = page.locator('tbody tr').first().locator('td').last();
    const shown = (await when.textContent())?.trim();
    const started = await page.evaluate(async () => (await (await fetch('/api/v1/calls?limit=1')).json()).calls[0].started);
    const expected = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Paris', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(started);
    assert.equal(shown, expected);
    await context.close();
  },

  'the SIP messages of a call are drawn, read and copied': (base, browser) =>
    inOffice(browser, base, '/calls/01900000-0000-7000-8000-000000009002', async (page) => {
      const details = page.getByRole('dialog');
      await details.getByRole('button', { name: 'Show the SIP messages' }).click();
      await details.getByText('Yealink SIP-T31P 124.86').first().waitFor();
      const ringing = details.getByRole('button', { name: '180 Ringing, from udp 203.0.113.5:5060 to Box, after 0.240 s' });
      await ringing.click();
      await details.getByRole('region', { name: 'Message 180 Ringing' }).getByText('Call-ID: 01900000').waitFor();
      assert.deepEqual([...(await audit(page)), ...(await rules(page))], []);
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await details.getByRole('button', { name: 'Copy as text' }).click();
      await details.getByRole('button', { name: 'Copied' }).waitFor();
      assert.match(await page.evaluate(() => navigator.clipboard.readText()), /407 Proxy Authentication Required/);
      // Between analog lines nothing is said in SIP.
      await page.goto(`${base}/calls/01900000-0000-7000-8000-000000009001`);
      await details.getByRole('button', { name: 'Show the SIP messages' }).click();
      await details.getByText('No SIP message of this call is kept.').waitFor();
    }),

  'the outside world rings in and is dialled': (base, browser) =>
    inOffice(browser, base, '/lines', async (page) => {
      const company = page.getByRole('article', { name: /Telephone company/ });
      const reception = page.getByRole('article').filter({ hasText: '1001 · Accueil' });
      await company.getByLabel('Caller’s name').fill('Mme Bertrand');
      await company.getByRole('button', { name: 'Ring the box' }).click();
      await reception.getByText('Mme Bertrand').waitFor();
      await reception.getByRole('button', { name: 'Lift the receiver' }).click();
      await company.getByText('In conversation').first().waitFor();
      await company.getByRole('button', { name: 'Hang up' }).click();
      await reception.getByText('The other side hung up').first().waitFor();
      await reception.getByRole('button', { name: 'Put the receiver down' }).click();
      await reception.getByRole('button', { name: 'Lift the receiver' }).click();
      for (const key of '0142685300') await reception.getByRole('button', { name: `Key ${key}`, exact: true }).click();
      await company.getByText('0142685300').waitFor();
      await company.getByRole('button', { name: 'Answer' }).click();
      await reception.getByText('In conversation').first().waitFor();
    }),

  'trunks and rules are added, put in order and deleted': (base, browser) =>
    inOffice(browser, base, '/trunks', async (page) => {
      await page.getByRole('link', { name: 'Add a trunk' }).click();
      await page.getByLabel('Name', { exact: true }).fill('Second carrier');
      await page.getByLabel('Address', { exact: true }).fill('carrier.example');
      await page.getByRole('button', { name: 'Add a trunk' }).click();
      await page.getByText('Begin with sip:').waitFor();
      await page.getByLabel('Address', { exact: true }).fill('sip:carrier.example');
      await page.getByRole('button', { name: 'Add a trunk' }).click();
      await page.getByText('Registering needs a user name').waitFor();
      await page.getByLabel('User name').fill('office');
      await page.getByRole('button', { name: 'Add a trunk' }).click();
      await page.getByRole('heading', { name: 'Second carrier' }).waitFor();
      await page.getByText('No outgoing rule uses it').waitFor();
      await page.getByRole('link', { name: 'Call routing' }).click();
      await page.getByRole('button', { name: 'Add an outgoing rule' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Number dialled').fill('9X.');
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
      await dialog.getByText('Choose at least one trunk.').waitFor();
      await dialog.getByLabel('Trunks, in the order to try').selectOption({ label: 'Second carrier' });
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Move up – Rule 3' }).click();
      await page.waitForFunction(() => document.querySelectorAll('ol li')[1]?.textContent?.includes('9X.'));
      await page.getByRole('button', { name: 'Delete – Rule 2' }).click();
      await page.getByText('9X.').waitFor({ state: 'detached' });
    }),

  'an analog line is added, named, given to an extension, deleted and taken back': (base, browser) =>
    inOffice(browser, base, '/lines', async (page) => {
      await page.getByRole('link', { name: 'Add a line' }).click();
      await page.getByLabel('Socket').fill('2');
      await page.getByRole('button', { name: 'Add a line' }).click();
      await page.getByText('Another line has this port already.').waitFor();
      await page.getByLabel('Socket').fill('0');
      await page.getByText('Choose a number from 1 to 1024.').waitFor();
      await page.getByLabel('Socket').fill('9');
      await page.getByLabel('Label').fill('Hall');
      await page.getByLabel('Rings for').selectOption({ label: '1005 · Comptabilité' });
      await page.getByRole('button', { name: 'Add a line' }).click();
      const line = page.getByRole('listitem').filter({ hasText: 'Analog line 9 · Hall' });
      await line.getByText('1005 · Comptabilité').waitFor();

      // In use, it stays; free, it goes and comes back.
      await line.getByRole('link').click();
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByText('This telephone rings for an extension.').waitFor();
      await page.getByLabel('Rings for').selectOption({ label: 'None' });
      await page.getByText('no longer rings for 1005 · Comptabilité').waitFor();
      await page.getByRole('button', { name: 'Save' }).click();
      await line.getByText('Not connected to an extension').waitFor();
      await line.getByRole('link').click();
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('heading', { name: 'Analog lines' }).waitFor();
      await line.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Undo' }).click();
      await line.waitFor();

      // An outside line says how an answer is known, and what goes through it.
      await page.getByRole('article', { name: /Telephone company/ }).getByRole('link', { name: /^Edit/ }).click();
      await page.getByLabel('Sign of an answer').selectOption('delay');
      await page.getByText('Right for most lines').waitFor();
      await page.getByRole('link', { name: 'Ligne de secours' }).waitFor();
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('heading', { name: 'Analog lines' }).waitFor();
    }),

  'announcements, recording rules and settings are changed': (base, browser) =>
    inOffice(browser, base, '/announcements', async (page) => {
      await page.getByRole('button', { name: 'Add an announcement' }).click();
      await page.getByRole('dialog').getByLabel('Number').fill('7001');
      await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Closed today');
      await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByRole('row', { name: /Closed today/ }).waitFor();
      await page.getByRole('link', { name: 'Recording' }).click();
      await page.getByRole('button', { name: 'Add a recording rule' }).click();
      await page.getByLabel('Number called').fill('00x.');
      await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByText('Calls from all to 00X.').waitFor();
      await page.getByRole('link', { name: 'Site settings' }).click();
      await page.getByLabel('Emergency numbers').fill('abc');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Write 2 to 6 digits each').waitFor();
      await page.getByLabel('Emergency numbers').fill('112, 18');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved').last().waitFor();
      await page.getByRole('link', { name: 'Box status' }).click();
      await page.getByText('udp 192.168.1.10:5060').waitFor();
    }),

  'the language changes at once and stays': (base, browser) =>
    inOffice(browser, base, '/', async (page) => {
      await page.getByRole('button', { name: 'Français' }).click();
      await page.getByRole('link', { name: 'Journal d’appels' }).click();
      await page.getByRole('heading', { name: 'Journal d’appels' }).waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.lang), 'fr');
      await page.reload();
      await page.getByRole('heading', { name: 'Journal d’appels' }).waitFor();
    }),

  'a page that is not there says so': (base, browser) =>
    inOffice(browser, base, '/nowhere', async (page) => {
      await page.getByRole('heading', { name: 'There is no page here' }).first().waitFor();
      await page.getByRole('link', { name: 'Go to the home page' }).click();
      await page.getByRole('heading', { name: 'Cabinet Martin & Leroy' }).waitFor();
    }),
};
