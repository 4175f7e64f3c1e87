// The night that `make run` plays, as an officer sees it. README_PICTURE=FILE keeps the README's picture of it.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openBrowser, openPage, signIn } from './browser.mjs';
import { ROOT, command, startWatch } from './daemon.mjs';

// The call for help comes after 90 minutes of the night: that is within 20 seconds.
const SPEED = 300;
// The first two hours hold the meeting, the waiting coaster and the call for help.
const HOURS = '2';
const CAME_MAX_MS = 60_000;
const PICTURE_BYTES_MAX = 400_000;

describe('the night', { concurrency: false }, () => {
  let folder, watch, browser, officer;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'watchkeeper-night-'));
    const recording = join(folder, 'night.nmea');
    await command('exercise', join(ROOT, 'fixtures/exercises/night-gulf-of-thailand.toml'), '--hours', HOURS, '-o', recording);
    const settings = await readFile(join(ROOT, 'deploy/exercise.toml'), 'utf8');
    const zones = await readFile(join(ROOT, 'fixtures/zones/gulf-of-thailand.toml'), 'utf8');
    watch = await startWatch(
      settings
        .replace('127.0.0.1:8080', '127.0.0.1:0')
        .replace('"../', `"${ROOT}/`)
        .replace('file://night.nmea', `file://${recording}`)
        .replace('speed = 60', `speed = ${SPEED}`) + zones,
    );
    browser = await openBrowser();
    officer = await openPage(browser);
    await signIn(officer.page, watch);
  });

  after(async () => {
    await browser?.close();
    await watch?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('brings the meeting, the waiting coaster and the call for help to the queue', async () => {
    const { page } = officer;
    const row = (text) => page.locator('#queue-list [role=option]', { hasText: text });
    for (const text of ['HARIN SIAM', 'ASIA MERIT', 'SOS']) await row(text).first().waitFor({ timeout: CAME_MAX_MS });
    assert.match(await page.locator('#queue-list [role=option]').first().innerText(), /SOS/, 'a call for help stands first');
    assert.equal(await page.locator('footer li.silent').count(), 0, 'a recording that plays is not silent');
    assert.equal(await page.locator('p.exercise').isVisible(), true, 'the page says that it is an exercise');
  });

  test('explains the meeting and shows it on the chart', async () => {
    const { page } = officer;
    await page.waitForSelector('[data-renderer]');
    await page.locator('#queue-list [role=option]', { hasText: 'HARIN SIAM' }).first().click();
    await page.locator('aside h2').waitFor();
    assert.match(await page.locator('aside').innerText(), /SOK SAN 9/);
    assert.match(await page.locator('aside').innerText(), /Why it may be innocent/i);
    await page.mouse.move(720, 880);
    await page.waitForTimeout(2_000);
    // Far enough out to see the coast.
    await page.keyboard.press('-');
    await page.waitForTimeout(1_000);
    await page.keyboard.press('-');
    await page.waitForTimeout(4_000);
    const picture = await page.screenshot({ path: process.env.README_PICTURE });
    assert.ok(picture.length < PICTURE_BYTES_MAX, `the picture has ${picture.length} bytes`);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, 'night-meeting.png') });
  });

  test('nothing was complained of', () => assert.deepEqual(officer.wrong, []));
});
