// A walk through the page below a path that it does not know beforehand (BELOW). See browser.mjs for how to run it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base, close, open } from './browser.mjs';

test('every page works below a path, and asks nothing outside of it', async () => {
  assert.notEqual(base.pathname, '/');
  const opened = await open('desktop', 'light');
  const { page } = opened;
  await page.locator('[data-testid=hearing][data-state=live]').waitFor();
  for (const [name, mark] of [
    ['plan', 'slots-ahead'],
    ['strategies', 'card-rule-based'],
    ['lab', 'lab-form'],
    ['setup', 'targets-setup'],
    ['history', 'decision-link'],
  ]) {
    await page.getByTestId(`nav-${name}`).click();
    await page.getByTestId(mark).first().waitFor();
  }
  await page.getByTestId('decision-link').first().click();
  await page.getByTestId('replay').click();
  await page.getByTestId('replayed').waitFor();
  assert.ok((await page.getByTestId('export').evaluate((link) => link.href)).startsWith(base.href));
  await page.reload();
  await page.getByTestId('decision').waitFor();

  await close(opened);
});
