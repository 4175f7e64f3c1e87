// A headless Chromium that can reach nothing but this machine, and remembers all it asked for and complained of.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from './daemon.mjs';

const require = createRequire(join(ROOT, 'console/package.json'));
const { chromium } = require('playwright-core');

// Software WebGL, and no name resolves but our own address: the proof that the page works offline.
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
];

export const openBrowser = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });

/** A page of its own session, with what it asked for and what went wrong in it. */
export async function openPage(browser, { width = 1440, height = 900 } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, timezoneId: 'Asia/Phnom_Penh', locale: 'en-GB' });
  const page = await context.newPage();
  const asked = [];
  const wrong = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('websocket', (socket) => asked.push(socket.url()));
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('pageerror', (error) => wrong.push(String(error)));
  return { page, asked, wrong };
}

export async function signIn(page, { url, password }, address = '') {
  await page.goto(`${url}/${address}`);
  await page.fill('input[name=password]', password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#tab-open');
}

const TILE_PX = 512;

/** Where a place is drawn, CSS pixels from the chart's left top. Web Mercator, north up. */
export function onScreen(camera, size, { lat, lon }) {
  const y = (latitude) => 0.5 - Math.asinh(Math.tan((latitude * Math.PI) / 180)) / (2 * Math.PI);
  const scale = TILE_PX * 2 ** camera.zoom;
  return [((lon - camera.lon) / 360) * scale + size.width / 2, (y(lat) - y(camera.lat)) * scale + size.height / 2];
}

/** The chart's pixels as it is drawn now: its size and the colour at a place. */
export async function readChart(page) {
  const picture = await page.evaluate(() => {
    const canvas = document.querySelector('.maplibregl-canvas, .chart-canvas');
    const copy = document.createElement('canvas');
    copy.width = canvas.clientWidth;
    copy.height = canvas.clientHeight;
    const ctx = copy.getContext('2d');
    ctx.drawImage(canvas, 0, 0, copy.width, copy.height);
    const { data } = ctx.getImageData(0, 0, copy.width, copy.height);
    let binary = '';
    for (let i = 0; i < data.length; i += 32_768) binary += String.fromCharCode(...data.subarray(i, i + 32_768));
    return { width: copy.width, height: copy.height, base64: btoa(binary) };
  });
  const pixels = Buffer.from(picture.base64, 'base64');
  const { width, height } = picture;
  return {
    width,
    height,
    pixels,
    at([x, y]) {
      const from = (Math.round(y) * width + Math.round(x)) * 4;
      return [...pixels.subarray(from, from + 3)];
    },
  };
}

/** How many pixels differ between two readings of the same chart. */
export function difference(one, other) {
  let count = 0;
  for (let i = 0; i < one.pixels.length; i += 4) {
    const far = Math.abs(one.pixels[i] - other.pixels[i]) + Math.abs(one.pixels[i + 1] - other.pixels[i + 1]);
    if (far > 24) count += 1;
  }
  return count;
}
