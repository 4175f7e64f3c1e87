// The console as an officer meets it: the real program, a real browser, a sea of made-up vessels.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { difference, onScreen, openBrowser, openPage, readChart, signIn } from './browser.mjs';
import { startWatch } from './daemon.mjs';
import { HOSTILE_NAMES, openSea } from './sea.mjs';

// Cardamom mountains and open gulf, both far from any coast line.
const LAND = { lat: 11.6, lon: 103.6 };
const SEA = { lat: 9.75, lon: 102.15 };
const CAMERA = { lat: 10.5, lon: 103, zoom: 7.5 };
const AT = `?at=${CAMERA.lat},${CAMERA.lon},${CAMERA.zoom}`;
// An officer decides by keyboard in this time; claimed for the console, so held to it here.
const DECIDE_MAX_MS = 10_000;

const near = (one, other) => one.every((value, i) => Math.abs(value - other[i]) <= 6);

/** Tries until it holds: the picture comes over the network and takes as long as it takes. */
async function eventually(claim, check, withinMs = 30_000) {
  const until = Date.now() + withinMs;
  for (;;) {
    if (await check()) return;
    if (Date.now() > until) assert.fail(`${claim}: not within ${withinMs / 1000} s`);
    await new Promise((done) => setTimeout(done, 250));
  }
}

describe('the console', { concurrency: false }, () => {
  let sea, watch, browser, officer;

  before(async () => {
    sea = await openSea();
    watch = await startWatch(`
listen = "127.0.0.1:0"
exercise = true

[[receiver]]
name = "TEST MAST"
latitude = 10.6
longitude = 103.5
connect = "tcp://127.0.0.1:${sea.port}"
rate_limit = "off"
`);
    browser = await openBrowser();
    officer = await openPage(browser);
    await signIn(officer.page, watch, AT);
  });

  after(async () => {
    await browser?.close();
    await watch?.stop();
    sea?.close();
  });

  for (const renderer of ['webgl', 'canvas']) {
    test(`draws land, sea and moving vessels with ${renderer}`, async () => {
      const { page } = officer;
      if (renderer === 'canvas') await page.goto(`${watch.url}/${AT}&renderer=canvas`);
      await page.waitForSelector(`[data-renderer=${renderer}]`);
      let chart;
      await eventually('land and sea differ', async () => {
        chart = await readChart(page);
        return !near(chart.at(onScreen(CAMERA, chart, LAND)), chart.at(onScreen(CAMERA, chart, SEA)));
      });
      const colours = await page.evaluate(() => {
        const style = getComputedStyle(document.documentElement);
        return ['--land', '--sea'].map((name) => style.getPropertyValue(name).trim().slice(1).match(/../g).map((hex) => Number.parseInt(hex, 16)));
      });
      assert.ok(near(chart.at(onScreen(CAMERA, chart, LAND)), colours[0]), 'land has the land colour');
      assert.ok(near(chart.at(onScreen(CAMERA, chart, SEA)), colours[1]), 'sea has the sea colour');
      await eventually('vessels are drawn', async () => {
        chart = await readChart(page);
        const drawn = sea.vessels.filter((vessel) => !near(chart.at(onScreen(CAMERA, chart, vessel)), colours[1]));
        return drawn.length > sea.vessels.length / 2;
      });
      await page.goto(`${watch.url}/?at=${sea.middle.lat},${sea.middle.lon},11.5${renderer === 'canvas' ? '&renderer=canvas' : ''}`);
      await page.waitForSelector(`[data-renderer=${renderer}]`);
      await new Promise((done) => setTimeout(done, 4_000));
      const before = await readChart(page);
      await eventually('vessels move', async () => difference(before, await readChart(page)) > 30);
    });
  }

  test('an alert arrives without reload, and the keyboard claims and decides it', async () => {
    const { page } = officer;
    await page.goto(`${watch.url}/${AT}`);
    await page.waitForSelector('#tab-open');
    await eventually('the events are connected', () => page.locator('footer b', { hasText: 'TEST MAST' }).isVisible());
    await page.evaluate(() => (window.sameAsBefore = true));
    sea.callForHelp();
    const row = page.locator('#queue-list [role=option]', { hasText: '970514032' });
    await row.waitFor({ timeout: 20_000 });
    assert.equal(await page.evaluate(() => window.sameAsBefore), true, 'the page was not loaded again');
    await page.locator('button.distress').waitFor();
    assert.match(await page.locator('[aria-live=assertive]').innerText(), /distress/i, 'it is said aloud');
    await keepPicture(page, 'distress');

    const began = Date.now();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.locator('aside h2').waitFor();
    await page.keyboard.press('m');
    await page.locator('aside').getByText('Claimed by you').first().waitFor();
    await keepPicture(page, 'alert');
    await page.keyboard.press('d');
    await page.keyboard.press('4');
    await page.keyboard.press('4');
    await page.locator('aside input[name=reason]:checked').waitFor({ state: 'attached' });
    await page.waitForFunction(() => document.activeElement?.matches('aside form input:not([type=radio])'));
    await page.keyboard.type('made up for a test');
    await page.keyboard.press('Enter');
    await page.locator('aside .decided').waitFor();
    assert.ok(Date.now() - began < DECIDE_MAX_MS, 'a decision takes less than ten seconds');
    await row.waitFor({ state: 'detached' });
    assert.equal(await page.locator('button.distress').count(), 0, 'a decided call no longer shouts');
  });

  test('a decision is remembered, with who and why', async () => {
    const { page } = officer;
    await page.reload();
    const box = page.locator('aside .decided');
    await box.waitFor();
    assert.match(await box.innerText(), /Data error: Test transmission/);
    assert.match(await box.innerText(), /watch/);
    await page.locator('aside ol').getByText('made up for a test').waitFor();
    await page.locator('#tab-decided').click();
    await page.locator('#queue-list [role=option]', { hasText: '970514032' }).waitFor();
  });

  test('a decision has a way back', async () => {
    const { page } = officer;
    await page.keyboard.press('u');
    await page.locator('aside textarea').fill('decided too soon');
    await page.keyboard.press('Enter');
    await page.locator('aside .decided').waitFor({ state: 'detached' });
    await page.locator('aside ol').getByText('decided too soon').waitFor();
    await page.locator('button.distress').waitFor();
  });

  for (const name of HOSTILE_NAMES) {
    test(`the name ${name} is text`, async () => {
      const { page } = officer;
      await page.keyboard.press('Escape');
      await page.keyboard.press('/');
      await page.keyboard.press('Control+A');
      await page.keyboard.type(name);
      await page.locator('#search-hits [role=option]', { hasText: name }).waitFor();
      await page.keyboard.press('Enter');
      await page.locator('aside h2', { hasText: name }).waitFor();
      assert.equal(await page.locator('aside h2').innerText(), name);
      assert.equal(await page.locator('script[src*="X.YZ" i]').count(), 0);
      await keepPicture(page, 'vessel');
    });
  }

  test('palettes change by key and are remembered', async () => {
    const { page } = officer;
    await page.keyboard.press('Escape');
    for (const palette of ['dusk', 'night']) {
      await page.keyboard.press('l');
      await page.locator(`html[data-palette=${palette}]`).waitFor();
      await keepPicture(page, palette);
    }
    await page.reload();
    await page.locator('html[data-palette=night]').waitFor();
    await page.waitForSelector('#tab-open');
    await page.keyboard.press('l');
    await page.locator('html[data-palette=day]').waitFor();
  });

  test('nothing left the machine and nothing was complained of', () => {
    const foreign = officer.asked.filter((address) => {
      const { protocol, host } = new URL(address);
      return !['data:', 'blob:'].includes(protocol) && host !== new URL(watch.url).host;
    });
    assert.deepEqual(foreign, []);
    assert.deepEqual(officer.wrong, []);
  });
});

/** Keeps a picture where SCREENSHOTS says; tests don't need it. */
async function keepPicture(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  await page.waitForTimeout(800);
  await page.screenshot({ path: `${folder}/${name}.png` });
}
