// Makes the pictures of the README, of the mock's made-up home:
//   npm run build && npm run mock &   BASE_URL=http://127.0.0.1:8421 node scripts/pictures.mjs
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const base = process.env.BASE_URL ?? 'http://127.0.0.1:8421';
const folder = fileURLToPath(new URL('../pictures/', import.meta.url));
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5 };
const desktop = { viewport: { width: 1120, height: 760 } };

const pictures = [
  { name: 'plan', place: '#/plan', look: desktop, colorScheme: 'light', mark: 'slots-ahead' },
  { name: 'now', place: '#/', look: phone, colorScheme: 'dark', mark: 'now-state' },
  { name: 'history', place: '#/history', look: phone, colorScheme: 'light', mark: 'energy' },
];

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});
for (const { name, place, look, colorScheme, mark } of pictures) {
  const context = await browser.newContext({ ...look, colorScheme, locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(`${base}/${place}`);
  await page.getByTestId(mark).waitFor();
  // The chart is drawn in the frames after.
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${folder}${name}.png` });
  await context.close();
}
await browser.close();
