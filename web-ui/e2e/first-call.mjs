// What a newcomer does: first run, two extensions, a call from one simulated telephone to another, the call in the list.
import assert from 'node:assert/strict';
import { open } from './browser.mjs';

const password = process.env.OFFHOOK_PASSWORD ?? 'le chat dort enfin';

/** @type {Record<string, (base: string, browser: import('playwright-core').Browser) => Promise<void>>} */
export const tests = {
  'the first run leads to the first call': async (base, browser) => {
    const { context, page, complaints } = await open(browser);
    await page.goto(`${base}/?mock=empty`);
    await enter(page);

    const [one, two] = ['8101', '8102'];
    for (const [index, number] of [one, two].entries()) await addExtension(page, number, `Newcomer ${index + 1}`, index);
    await page.getByRole('navigation').getByRole('link', { name: 'Extensions', exact: true }).click();
    await page.getByRole('row', { name: /8101/ }).getByText('Reachable').waitFor();

    await page.getByRole('link', { name: 'Analog lines' }).click();
    const caller = page.getByRole('article').filter({ hasText: `${one} ·` });
    const callee = page.getByRole('article').filter({ hasText: `${two} ·` });
    await caller.getByRole('button', { name: 'Lift the receiver' }).click();
    await caller.getByText('Off hook').first().waitFor();
    await hears(caller, 'the dial tone');
    for (const key of two) await caller.getByRole('button', { name: `Key ${key}`, exact: true }).click();
    await callee.getByText('Ringing').first().waitFor();
    await callee.getByRole('status').getByText(one).waitFor();
    await callee.getByRole('button', { name: 'Lift the receiver' }).click();
    await caller.getByText('In conversation').first().waitFor();
    await callee.getByText('In conversation').first().waitFor();

    // The fake microphone beeps: the other side hears it.
    await caller.getByRole('button', { name: 'Mic' }).click();
    await hears(callee, 'the caller’s microphone');
    await caller.getByRole('button', { name: 'Silent' }).click();
    await caller.locator('input[type=file]').setInputFiles({ name: 'voice.wav', mimeType: 'audio/wav', buffer: wav(440, 1) });
    await caller.getByText('voice.wav').waitFor();
    await hears(callee, 'the caller’s sound file');

    await page.getByRole('link', { name: /Live calls/ }).click();
    const live = page.getByRole('article');
    await live.getByText('In conversation').first().waitFor();
    await live.getByText(/0:0[1-9]/).waitFor();
    await live.getByRole('button', { name: 'Hang up' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Hang up' }).click();
    await page.getByText('All quiet').waitFor();

    await page.getByRole('link', { name: 'Call list' }).click();
    await page.getByRole('link', { name: /Details of the call from .*8101 to 8102/ }).first().click();
    const details = page.getByRole('dialog');
    await details.getByText('Made the call', { exact: true }).waitFor();
    await details.getByText('This person answered.').waitFor();
    await page.keyboard.press('Escape');
    await details.waitFor({ state: 'detached' });
    assert.match(page.url(), /\/calls$/);

    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('The user name or the password is wrong.').waitFor();
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('button', { name: 'Log out' }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  },
};

/** Makes the first run, or logs in where it was made. @param {import('playwright-core').Page} page */
export async function enter(page) {
  const finish = page.getByRole('button', { name: 'Start the exchange' });
  const logIn = page.getByRole('button', { name: 'Log in' });
  await finish.or(logIn).or(page.getByRole('button', { name: 'Log out' })).waitFor();
  if (await finish.isVisible()) {
    await page.getByLabel('Name of the office').fill('Test office');
    await page.getByLabel('Choose a password').fill('short');
    await page.getByText(/more characters needed/).waitFor();
    await page.getByLabel('Choose a password').fill('password1234');
    await page.getByText('Too easy to guess').waitFor();
    await page.getByLabel('Choose a password').fill(password);
    await page.getByText('Strong.').waitFor();
    await page.getByLabel('Repeat the password').fill(`${password}?`);
    await finish.click();
    await page.getByText('The two passwords are not the same.').waitFor();
    await page.getByLabel('Repeat the password').fill(password);
    await finish.click();
    await page.getByRole('heading', { name: 'Make your first call' }).waitFor();
    // A new box says that there is no call yet, not that the filters are wrong.
    await page.getByRole('link', { name: 'Call list', exact: true }).click();
    await page.getByRole('heading', { name: 'No call yet' }).waitFor();
  } else if (await logIn.isVisible()) {
    await page.getByLabel('Password', { exact: true }).fill(password);
    await logIn.click();
  }
  await page.getByRole('button', { name: 'Log out' }).waitFor();
}

/** @param {import('playwright-core').Page} page @param {string} number @param {string} name @param {number} line */
async function addExtension(page, number, name, line) {
  await page.getByRole('navigation').getByRole('link', { name: 'Extensions', exact: true }).click();
  await page.getByRole('heading', { name: 'Extensions' }).waitFor();
  await page.getByText(/No extension yet|Internal number/).first().waitFor();
  if (await page.getByRole('row', { name: new RegExp(number) }).isVisible()) return;
  await page.getByRole('link', { name: 'Add an extension' }).first().click();
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Internal number').fill('1');
  await page.getByRole('button', { name: 'Add an extension' }).click();
  await page.getByText('Use 2 to 8 digits.').waitFor();
  await page.getByLabel('Internal number').fill(number);
  await page.getByLabel('First telephone').locator('option', { hasText: 'Analog line' }).first().waitFor({ state: 'attached' });
  const wanted = await page.getByLabel('First telephone').locator('option', { hasText: 'Analog line' }).first().getAttribute('value');
  assert.ok(wanted, `a free analog line for extension ${line + 1}`);
  await page.getByLabel('First telephone').selectOption(wanted);
  await page.getByRole('button', { name: 'Add an extension' }).click();
  await page.getByRole('heading', { name: `${number} · ${name}` }).waitFor();
}

/** Waits for sound on a line's meter. @param {import('playwright-core').Locator} line @param {string} what */
export async function hears(line, what) {
  const meter = line.getByRole('meter');
  for (let n = 0; n < 100; n++) {
    if (Number(await meter.getAttribute('aria-valuenow')) > -45) return;
    await line.page().waitForTimeout(50);
  }
  assert.fail(`nothing was heard of ${what}`);
}

/** A tone as a WAV file, 16 bits, 8 kHz. @param {number} hz @param {number} seconds */
export function wav(hz, seconds) {
  const samples = 8000 * seconds;
  const file = Buffer.alloc(44 + samples * 2);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + samples * 2, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(8000, 24);
  file.writeUInt32LE(16000, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(samples * 2, 40);
  for (let n = 0; n < samples; n++) file.writeInt16LE(Math.round(9000 * Math.sin((2 * Math.PI * hz * n) / 8000)), 44 + n * 2);
  return file;
}
