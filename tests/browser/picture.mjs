// Makes the README's picture from a watch that runs: node tests/browser/picture.mjs URL PASSWORD FILE

import { openBrowser, openPage, signIn } from './browser.mjs';

const [url, password, file] = process.argv.slice(2);
if (!file) {
  console.error('usage: node tests/browser/picture.mjs URL PASSWORD FILE');
  process.exit(2);
}

const browser = await openBrowser();
try {
  const { page } = await openPage(browser);
  await signIn(page, { url, password });
  const rows = page.locator('#queue-list [role=option]');
  // A meeting shows most; any alert will do where there is none.
  const meeting = rows.filter({ hasText: 'meeting' });
  await rows.first().waitFor({ timeout: 120_000 });
  await page.waitForSelector('[data-renderer]');
  await ((await meeting.count()) > 0 ? meeting : rows).first().click();
  await page.locator('#panel-title').waitFor();
  await page.mouse.move(720, 880);
  await page.waitForTimeout(2_000);
  // Far enough out to see the coast.
  await page.keyboard.press('-');
  await page.waitForTimeout(4_000);
  await page.screenshot({ path: file });
} finally {
  await browser.close();
}
