// The outside line: a trunk, a rule each way, a call in and a call out, on a running box with a simulated outside line;
// it comes after the first call, whose extensions it uses.
import assert from 'node:assert/strict';
import { open } from './browser.mjs';
import { enter } from './first-call.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** @type {Record<string, (base: string, browser: import('playwright-core').Browser) => Promise<void>>} */
export const tests = {
  'calls go out and come in over the outside line': async (base, browser) => {
    const { context, page, complaints } = await open(browser);
    await page.goto(base);
    await enter(page);
    const menu = page.getByRole('navigation', { name: 'Main menu' });

    await menu.getByRole('link', { name: 'Trunks' }).click();
    await page.getByRole('link', { name: 'Add a trunk' }).first().click();
    await page.getByLabel('Name', { exact: true }).fill('The telephone company');
    await page.getByLabel('Kind').selectOption('line');
    await page.getByLabel('Line', { exact: true }).selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Add a trunk' }).click();
    await page.getByRole('heading', { name: 'The telephone company' }).waitFor();
    await page.getByText('No incoming rule takes its calls').waitFor();

    await menu.getByRole('link', { name: 'Call routing' }).click();
    await page.getByRole('button', { name: 'Add an outgoing rule' }).click();
    await page.getByRole('dialog').getByLabel('Trunks, in the order to try').selectOption({ label: 'The telephone company' });
    await save(page);
    await page.getByRole('button', { name: 'Add an incoming rule' }).click();
    await page.getByRole('dialog').getByLabel('Goes to').selectOption('8101');
    await save(page);

    await menu.getByRole('link', { name: 'Analog lines' }).click();
    await page.getByRole('article').filter({ hasText: '8101 ·' }).getByRole('link', { name: /^Edit/ }).click();
    await page.getByLabel('Label').fill('Hall');
    await page.getByRole('button', { name: 'Save' }).click();
    const company = page.getByRole('article', { name: /Telephone company/ });
    const phone = page.getByRole('article').filter({ hasText: '8101 ·' });
    const down = phone.getByRole('button', { name: 'Put the receiver down' });
    await phone.getByRole('button', { name: /^(Put|Lift) the receiver/ }).waitFor();
    if (await down.isVisible()) await down.click();
    await phone.getByText('On hook').first().waitFor();
    await company.getByLabel('Caller’s number').fill('0612345678');
    await company.getByRole('button', { name: 'Ring the box' }).click();
    await phone.getByText('Ringing').first().waitFor();
    await phone.getByText('0612345678').waitFor();
    await phone.getByRole('button', { name: 'Lift the receiver' }).click();
    await company.getByText('In conversation').first().waitFor();
    await company.getByRole('button', { name: 'Hang up' }).click();
    await phone.getByText('The other side hung up').first().waitFor();
    await down.click();
    // Lifted again at once it would be a hook flash.
    await phone.getByText('On hook').first().waitFor();

    await phone.getByRole('button', { name: 'Lift the receiver' }).click();
    await phone.getByText('Off hook').first().waitFor();
    for (const key of '0142685300#') await phone.getByRole('button', { name: key === '#' ? 'Key hash' : `Key ${key}`, exact: true }).click();
    await company.getByText('0142685300').waitFor();
    await company.getByRole('button', { name: 'Answer' }).click();
    await phone.getByText('In conversation').first().waitFor();
    await phone.getByRole('button', { name: 'Put the receiver down' }).click();
    await company.getByText('The line is free').waitFor();

    await menu.getByRole('link', { name: 'Call list' }).click();
    await page.getByRole('link', { name: /Details of the call from .*8101 to 0142685300/ }).first().waitFor();
    await page.getByRole('link', { name: /Details of the call from .*0612345678/ }).first().waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  },
};

/** @param {Page} page */
async function save(page) {
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}
