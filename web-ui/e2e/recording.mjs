// A recording on a running box: made by a rule, heard, sought in, saved, and missed when its file is gone. It comes after the
// first call, whose extensions it uses. OFFHOOK_DATA is the data directory of the box.
import assert from 'node:assert/strict';
import { readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { open } from './browser.mjs';
import { enter, hears, wav } from './first-call.mjs';

/** @type {Record<string, (base: string, browser: import('playwright-core').Browser) => Promise<void>>} */
export const tests = {
  'a recorded call is heard, sought in and saved, and one whose file is gone says so': async (base, browser) => {
    const { context, page, complaints } = await open(browser);
    await page.goto(`${base}/recording`);
    await enter(page);
    await page.getByRole('button', { name: 'Add a recording rule' }).click();
    await page.getByRole('dialog').getByLabel('Caller’s extension').fill('8101');
    await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('Calls from 8101 to all').waitFor();

    await page.goto(`${base}/lines`);
    const caller = page.getByRole('article').filter({ hasText: '8101 ·' });
    const callee = page.getByRole('article').filter({ hasText: '8102 ·' });
    for (const phone of [caller, callee]) {
      const down = phone.getByRole('button', { name: 'Put the receiver down' });
      await phone.getByRole('button', { name: /^(Put|Lift) the receiver/ }).waitFor();
      if (await down.isVisible()) await down.click();
      await phone.getByText('On hook').first().waitFor();
    }
    await caller.getByRole('button', { name: 'Lift the receiver' }).click();
    await caller.getByText('Off hook').first().waitFor();
    for (const key of '8102') await caller.getByRole('button', { name: `Key ${key}`, exact: true }).click();
    await callee.getByText('Ringing').first().waitFor();
    await callee.getByRole('button', { name: 'Lift the receiver' }).click();
    await callee.getByText('In conversation').first().waitFor();
    await caller.locator('input[type=file]').setInputFiles({ name: 'voice.wav', mimeType: 'audio/wav', buffer: wav(440, 1) });
    await hears(callee, 'the caller’s sound file');

    // A second page watches: leaving the first one would turn its sound off.
    const watcher = await context.newPage();
    await watcher.goto(`${base}/live`);
    const live = watcher.getByRole('article');
    await live.getByText('Recorded', { exact: true }).waitFor();
    await live.getByText(/0:(0[3-9]|[1-5])/).waitFor();
    await live.getByRole('button', { name: 'Hang up' }).click();
    await watcher.getByRole('dialog').getByRole('button', { name: 'Hang up' }).click();
    await watcher.getByText('All quiet').waitFor();
    await watcher.close();

    await page.goto(`${base}/calls`);
    const row = page.getByRole('row').filter({ hasText: '8102' }).filter({ hasText: 'Recording' }).first();
    await row.getByRole('link').click();
    const player = page.getByLabel('Recording', { exact: true });
    const sound = await player.elementHandle();
    assert.ok(sound);
    const seconds = /** @type {number} */ (await (await page.waitForFunction((audio) => audio instanceof HTMLAudioElement && audio.duration > 2 && audio.duration, sound)).jsonValue());
    await player.evaluate((audio) => (audio instanceof HTMLAudioElement ? audio.play() : undefined));
    await page.waitForFunction((audio) => audio instanceof HTMLAudioElement && audio.currentTime > 0.2, sound);
    const place = seconds - 0.5;
    await player.evaluate((audio, at) => {
      if (audio instanceof HTMLAudioElement) audio.currentTime = at;
    }, place);
    await page.waitForFunction(([audio, at]) => audio instanceof HTMLAudioElement && !audio.seeking && audio.currentTime >= Number(at), /** @type {const} */ ([sound, place]));
    await page.waitForFunction((audio) => audio instanceof HTMLAudioElement && audio.ended, sound);

    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download the recording' }).click()]);
    assert.match(download.suggestedFilename(), /\.wav$/);
    const saved = await readFile(await download.path());
    assert.equal(saved.subarray(0, 4).toString('latin1'), 'RIFF');
    assert.equal(saved.subarray(8, 12).toString('latin1'), 'WAVE');
    assert.ok(saved.length >= seconds * 8000, `${saved.length} bytes for ${seconds} s`);
    assert.ok(loudness(saved) > 300, `a loudness of ${loudness(saved)}`);

    const data = process.env.OFFHOOK_DATA;
    if (data) {
      const folder = path.join(data, 'recordings');
      for (const name of await readdir(folder)) await rm(path.join(folder, name));
      const expected = complaints.length;
      await page.reload();
      await page.getByText('The recording cannot be played').waitFor();
      assert.equal(await page.getByLabel('Recording', { exact: true }).count(), 0);
      assert.deepEqual(complaints.slice(expected), []);
    }
    assert.deepEqual(complaints, []);
    await context.close();
  },
};

/** Root mean square of 16-bit samples after the header. @param {Buffer} file */
function loudness(file) {
  const count = Math.floor((file.length - 44) / 2);
  let sum = 0;
  for (let n = 0; n < count; n++) sum += file.readInt16LE(44 + n * 2) ** 2;
  return Math.round(Math.sqrt(sum / Math.max(1, count)));
}
