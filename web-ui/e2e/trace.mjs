// The SIP messages of a real call: out to a provider that this test plays. It comes after the first call, whose extensions it uses.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { open } from './browser.mjs';
import { enter } from './first-call.mjs';
import { sipPeer } from './sip-peer.mjs';

/** @type {Record<string, (base: string, browser: import('playwright-core').Browser) => Promise<void>>} */
export const tests = {
  'the SIP messages of a call to a provider are drawn and saved': async (base, browser) => {
    const peer = await sipPeer();
    const { context, page, complaints } = await open(browser);
    await page.goto(`${base}/trunks/new`);
    await enter(page);
    await page.getByLabel('Name', { exact: true }).fill('Test provider');
    await page.getByLabel('Address', { exact: true }).fill(`sip:127.0.0.1:${peer.port}`);
    await page.getByText('Register with the provider').click();
    await page.getByRole('button', { name: 'Add a trunk' }).click();
    await page.getByRole('heading', { name: 'Test provider' }).waitFor();
    await page.goto(`${base}/routes`);
    await page.getByRole('button', { name: 'Add an outgoing rule' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Number dialled').fill('77XX');
    await dialog.getByLabel('Trunks, in the order to try').selectOption({ label: 'Test provider' });
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    // First match wins, and there may be a rule for everything.
    const raise = page.getByRole('button', { name: /^Move up/ }).last();
    if ((await raise.count()) > 0 && (await raise.isEnabled())) await raise.click();

    await page.goto(`${base}/lines`);
    const phone = page.getByRole('article').filter({ hasText: '8101 ·' });
    const down = phone.getByRole('button', { name: 'Put the receiver down' });
    await phone.getByRole('button', { name: /^(Put|Lift) the receiver/ }).waitFor();
    if (await down.isVisible()) await down.click();
    await phone.getByText('On hook').first().waitFor();
    await phone.getByRole('button', { name: 'Lift the receiver' }).click();
    await phone.getByText('Off hook').first().waitFor();
    for (const key of '7701') await phone.getByRole('button', { name: `Key ${key}`, exact: true }).click();
    await phone.getByText('In conversation').first().waitFor();
    await down.click();
    await phone.getByText('On hook').first().waitFor();

    await page.goto(`${base}/calls`);
    await page.getByRole('link', { name: /8101 to 7701/ }).first().click();
    await page.getByRole('button', { name: 'Show the SIP messages' }).click();
    const from = `udp 127.0.0.1:${peer.port}`;
    await page.getByText('Test carrier 1.0').first().waitFor();
    await page.getByRole('button', { name: new RegExp(`^180 Ringing, from ${from} to Box`) }).waitFor();
    await page.getByRole('button', { name: new RegExp(`^BYE, from Box to ${from}`) }).waitFor();
    await page.getByRole('button', { name: new RegExp(`^INVITE, from Box to ${from}`) }).click();
    const text = page.getByRole('region', { name: 'Message INVITE' });
    await text.getByText('sip:7701@').first().waitFor();
    await text.getByText('m=audio').waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download as text' }).click()]);
    const saved = await readFile(await download.path(), 'utf8');
    assert.match(saved, /BYE \[\d+\]/);
    assert.match(saved, /Server: Test carrier 1\.0/);
    assert.deepEqual(complaints, []);
    await context.close();
    peer.close();
  },
};
