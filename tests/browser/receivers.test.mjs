// The receivers' page and the coverage layer, as a technician meets them: the real program, a real browser, one mast.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { onScreen, openBrowser, openPage, signIn } from './browser.mjs';
import { startWatch } from './daemon.mjs';
import { checksum, position } from './nmea.mjs';

const MAST = { lat: 10, lon: 103 };
const CAMERA = { lat: 10.1, lon: 103.1, zoom: 9.5 };
const AT = `?at=${CAMERA.lat},${CAMERA.lon},${CAMERA.zoom}`;
const MINUTES = 45;
// Three vessels to a cell of three miles; they are heard in four, three or one of four minutes.
const CELLS = [4, 3, 1].flatMap((heard, row) => [0, 1, 2].map((column) => ({ heard, lat: 10 + 0.05 * row, lon: 103 + 0.05 * column })));
const QUARTER_S = 6 * 3_600;

/** What the mast held back for hours: lines with their own time, all of one quarter of the day. */
function past() {
  const begin = Math.floor(Date.now() / 1000 / QUARTER_S) * QUARTER_S - QUARTER_S;
  const lines = [];
  for (let minute = 0; minute < MINUTES; minute++) {
    for (const [i, { heard, lat, lon }] of CELLS.entries()) {
      if (minute % 4 >= heard) continue;
      for (let n = 0; n < 3; n++) {
        const time = begin + 60 * minute + 3 * i + n;
        const place = { lat: lat + 0.001 + 0.0009 * minute, lon: lon + 0.01 + 0.01 * n, speed: 3.5, course: 0 };
        const [sentence] = position({ mmsi: 567_000_000 + 10 * i + n, ...place, second: time % 60 });
        const tag = `c:${time}`;
        lines.push(`\\${tag}*${checksum(tag)}\\${sentence}\r\n`);
      }
    }
  }
  return lines;
}

describe("the receivers' page", { concurrency: false }, () => {
  let server, link, watch, browser, officer;

  before(async () => {
    server = createServer((socket) => {
      link = socket;
      socket.on('error', () => {});
      socket.write(past().join(''));
      socket.write('!AIVDM,1,1,,A,17b<4q@P1@WG2O05oGL3Q?vj0000,0*00\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    watch = await startWatch(`
listen = "127.0.0.1:0"
exercise = true

[[receiver]]
name = "TEST MAST"
latitude = ${MAST.lat}
longitude = ${MAST.lon}
connect = "tcp://127.0.0.1:${server.address().port}"
rate_limit = "off"
`);
    browser = await openBrowser();
    officer = await openPage(browser);
    await signIn(officer.page, watch, AT);
  });

  after(async () => {
    await browser?.close();
    await watch?.stop();
    link?.destroy();
    server?.close();
  });

  test('opens by key, says how the mast hears, and closes by key', async () => {
    const { page } = officer;
    await page.waitForSelector('[data-renderer]');
    await page.keyboard.press('r');
    const body = page.locator('aside section', { hasText: 'TEST MAST' });
    await body.waitFor();
    await page.locator('aside', { hasText: 'wrong checksum' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'panel-title', 'a screen reader is taken there');
    const text = await body.innerText();
    assert.match(text, /Cannot tell yet/);
    assert.match(text, /Too little to compare with/);
    assert.match(text, /Furthest vessel\s+\d/);
    assert.match(text, /1 · wrong checksum/);
    await keepPicture(page, 'receivers');
    await page.keyboard.press('Escape');
    await body.waitFor({ state: 'detached' });
    await page.locator('footer button', { hasText: 'Receivers' }).click();
    await body.waitFor();
    await page.reload();
    await body.waitFor();
    await page.keyboard.press('r');
    await body.waitFor({ state: 'detached' });
  });

  for (const renderer of ['webgl', 'canvas']) {
    test(`draws what is heard, and what is not known, with ${renderer}`, async () => {
      const { page } = officer;
      await page.goto(`${watch.url}/${AT}&renderer=${renderer}`);
      await page.waitForSelector(`[data-renderer=${renderer}]`);
      await page.keyboard.press('c');
      const box = page.locator('section[aria-label=Coverage]');
      await box.waitFor();
      await box.getByLabel('Hours').selectOption('all');
      await box.getByText(`${CELLS.length} places`).waitFor();
      const colours = await Promise.all(CELLS.map(({ lat, lon }) => overlayAt(page, { lat: lat + 0.025, lon: lon + 0.025 })));
      const [well, , , mostly, , , seldom] = colours.map(String);
      assert.notEqual(well, mostly);
      assert.notEqual(mostly, seldom);
      assert.ok(colours.every(([, , , alpha]) => alpha > 0), 'every cell is drawn');

      const heard = await pointAt(page, { lat: 10.025, lon: 103.025 });
      assert.match(heard, /Here: 9\d % likely, 9\d % at least/);
      assert.match(await pointAt(page, { lat: 10.3, lon: 103.3 }), /Here: not known/);
      await box.getByLabel('Sender').selectOption('b');
      await box.getByText('Nothing is known yet').waitFor();
      await box.getByLabel('Sender').selectOption('a');
      await box.getByLabel('Receiver').selectOption('TEST MAST');
      await box.getByText(`${CELLS.length} places`).waitFor();
      await keepPicture(page, `coverage-${renderer}`);
      await page.reload();
      await box.getByText(`${CELLS.length} places`).waitFor();
      assert.equal(await box.getByLabel('Receiver').inputValue(), 'TEST MAST', 'the address holds what was chosen');
      await page.keyboard.press('c');
      await box.waitFor({ state: 'detached' });
    });
  }

  test('nothing was complained of', () => assert.deepEqual(officer.wrong, []));
});

/** The colour that lies over the chart at a place. */
async function overlayAt(page, place) {
  const size = await page.locator('canvas.over').evaluate((canvas) => ({ width: canvas.clientWidth, height: canvas.clientHeight }));
  const at = onScreen(CAMERA, size, place);
  return page.locator('canvas.over').evaluate((canvas, [x, y]) => {
    const ratio = canvas.width / canvas.clientWidth;
    return [...canvas.getContext('2d').getImageData(Math.round(x * ratio), Math.round(y * ratio), 1, 1).data];
  }, at);
}

/** What the layer says of the place under the pointer. */
async function pointAt(page, place) {
  const chart = await page.locator('canvas.over').boundingBox();
  const [x, y] = onScreen(CAMERA, chart, place);
  await page.mouse.move(chart.x + x, chart.y + y);
  return page.locator('section[aria-label=Coverage] p', { hasText: 'Here:' }).innerText();
}

/** Keeps a picture where SCREENSHOTS says; tests don't need it. */
async function keepPicture(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  await page.waitForTimeout(800);
  await page.screenshot({ path: `${folder}/${name}.png` });
}
