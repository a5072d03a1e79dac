// What the scripts of this folder share: a real Chromium against a running daemon (or the mock).
//   BASE_URL=http://127.0.0.1:8420 SCREENSHOT_DIR=/tmp/pictures node tests/page.mjs
// A first argument stands in for BASE_URL; CHROMIUM names another browser than /usr/bin/chromium. With BELOW=/some/path
// the page is asked for below that path of a proxy.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { below } from './proxy.mjs';

const daemon = new URL(process.argv[2] ?? process.env.BASE_URL ?? 'http://127.0.0.1:8420');
if (!daemon.pathname.endsWith('/')) daemon.pathname += '/';
const proxy = process.env.BELOW ? await below(process.env.BELOW, daemon) : null;
/** Where the page is. */
export const base = proxy?.url ?? daemon;
export const pictures = process.env.SCREENSHOT_DIR;
/** Time enough for a slow machine; nothing is expected to need it. */
export const PATIENCE_MS = 30_000;

export const sizes = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  desktop: { viewport: { width: 1280, height: 900 } },
};

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});
after(async () => {
  await browser?.close();
  proxy?.close();
});

/** A browser that has never been here. */
export const browserContext = () => browser.newContext(sizes.desktop);

/** Opens the page at a place such as `#/plan` and keeps what should never happen on it. */
export async function open(size, colorScheme, { place = '', locale = 'en-GB' } = {}) {
  const context = await browser.newContext({ ...sizes[size], colorScheme, locale });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(base.href)) complaints.push(`request to ${request.url()}`);
  });
  await page.addInitScript(() => {
    globalThis.violations = [];
    addEventListener('securitypolicyviolation', (event) =>
      globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  await page.goto(base.href + place);
  await page.locator(MAIN).waitFor();
  return { context, page, complaints };
}

const MAIN = 'main[data-testid^=page-], [data-testid=login]';

/** Closes a page that nothing bad may have happened on. */
export async function close({ context, page, complaints }) {
  complaints.push(...(await page.evaluate(() => globalThis.violations)));
  assert.deepEqual(complaints, []);
  await context.close();
}

export async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

/** The page fits its window: nothing is to be moved sideways. */
export async function fits(page) {
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= room, `the page is ${wide} px wide in a window of ${room} px`);
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** axe finds nothing by WCAG 2.2 AA and its own good practice. */
export async function accessible(page, name) {
  // Through the browser's own tools, since the page's policy allows no script but the page's.
  await page.evaluate(readFileSync(axe, 'utf8'));
  const found = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run();
    return violations.map(
      (v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join('; ')}`,
    );
  });
  assert.deepEqual(found, [], name);
}

export const get = async (path) => (await fetch(new URL(path, base))).json();
