// The page without a mouse.
import assert from 'node:assert/strict';
import { open } from './browser.mjs';

/** @type {Record<string, (base: string, browser: import('playwright-core').Browser) => Promise<void>>} */
export const tests = {
  'the keyboard reaches everything, sees where it is, and is put back': async (base, browser) => {
    const { context, page } = await open(browser);
    await page.goto(`${base}/extensions?mock=office`);
    await page.getByRole('row', { name: /1001 Accueil/ }).waitFor();
    await page.evaluate(() => (document.activeElement instanceof HTMLElement ? document.activeElement.blur() : undefined));
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent?.trim()), 'Add an extension');
    const outline = await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement ?? document.body);
      return `${style.outlineStyle} ${style.outlineWidth}`;
    });
    assert.equal(outline, 'solid 3px');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'New extension' }).waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1');

    // A dialog takes the focus and gives it back.
    await page.goto(`${base}/announcements`);
    const add = page.getByRole('button', { name: 'Add an announcement' });
    await add.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    assert.ok(await page.evaluate(() => document.activeElement?.closest('dialog') !== null));
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.ok(await add.evaluate((element) => element === document.activeElement));

    // A telephone takes digits typed while the focus is on it.
    await page.goto(`${base}/lines`);
    const phone = page.getByRole('article', { name: 'Telephone on analog line 1' });
    await phone.getByRole('button', { name: 'Lift the receiver' }).focus();
    await page.keyboard.press('Enter');
    await phone.getByText('Off hook').first().waitFor();
    await page.keyboard.type('1002');
    await page.getByRole('article', { name: 'Telephone on analog line 2' }).getByText('Ringing').first().waitFor();
    await context.close();
  },
};
