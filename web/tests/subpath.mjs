// The page below a path that it does not know beforehand, as behind a reverse proxy or Home Assistant's
// ingress: the proxy takes the path away, as those do. See browser.mjs for how to run it.
import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { after, before, test } from 'node:test';
import { base, close, open } from './browser.mjs';

const PREFIX = '/api/hassio_ingress/a1b2c3';
let proxy;

before(async () => {
  proxy = createServer((from, to) => {
    if (!from.url?.startsWith(`${PREFIX}/`)) {
      to.writeHead(404).end();
      return;
    }
    const passed = request(
      new URL(from.url.slice(PREFIX.length), base),
      // As a proxy does that names itself to neither side.
      { method: from.method, headers: { ...from.headers, host: base.host, origin: base.origin } },
      (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(to);
      },
    );
    passed.on('error', () => to.destroy());
    to.on('close', () => passed.destroy());
    from.pipe(passed);
  });
  await new Promise((listening) => proxy.listen(0, '127.0.0.1', listening));
});
after(() => {
  proxy.closeAllConnections();
  proxy.close();
});

test('every page works below a path, and asks nothing outside of it', async () => {
  const at = new URL(`http://127.0.0.1:${proxy.address().port}${PREFIX}/`);
  const opened = await open('desktop', 'light', { at });
  const { page } = opened;
  await page.locator('[data-testid=hearing][data-state=live]').waitFor();
  for (const [name, mark] of [
    ['plan', 'slots-ahead'],
    ['strategies', 'card-rule-based'],
    ['history', 'decision-link'],
  ]) {
    await page.getByTestId(`nav-${name}`).click();
    await page.getByTestId(mark).first().waitFor();
  }
  await page.getByTestId('decision-link').first().click();
  await page.getByTestId('replay').click();
  await page.getByTestId('replayed').waitFor();
  assert.ok((await page.getByTestId('export').evaluate((link) => link.href)).startsWith(at.href));
  await page.reload();
  await page.getByTestId('decision').waitFor();

  await page.getByTestId('nav-plan').click();
  await page.getByTestId('what-if-ask').click();
  await page.getByTestId('what-if-found').waitFor();
  await page.getByTestId('nav-lab').click();
  await page.getByTestId('lab-form').waitFor();

  await page.getByTestId('nav-now').click();
  const hand = page.getByTestId('hand');
  await hand.locator('summary').click();
  await hand.getByRole('button', { name: 'Pause everything' }).click();
  await page.getByTestId('hand-paused').getByRole('button', { name: 'Go on' }).click();
  await page.getByTestId('hand-paused').waitFor({ state: 'detached' });

  await page.getByTestId('nav-strategies').click();
  const card = page.getByTestId('card-rule-based');
  await card.getByText('Settings', { exact: true }).click();
  await card.getByRole('button', { name: /configured/ }).click();
  await page.getByTestId('told').getByText(/Saved/).waitFor();
  await close(opened);
});
