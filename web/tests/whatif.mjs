// What if: the plan with something changed, beside the real one. See browser.mjs for how to run it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, base, close, fits, get, open, picture } from './browser.mjs';

for (const [size, scheme] of [
  ['phone', 'dark'],
  ['desktop', 'light'],
]) {
  test(`another plan is shown beside the real one on ${size}, ${scheme}`, async () => {
    const opened = await open(size, scheme, { place: '#/plan' });
    const { page } = opened;
    const card = page.getByTestId('what-if');
    await card.waitFor();
    const tick = (await get('api/live')).tick;
    // An empty battery that is to be charged for an evening that is dear.
    await card.getByLabel('Charged now').fill('12');
    await card.getByLabel('Size of the battery').fill('200');
    await page.getByTestId('what-if-ask').click();
    const found = page.getByTestId('what-if-found');
    await found.waitFor();
    assert.ok(Number(await found.getAttribute('data-changed')) > 0, await found.innerText());
    assert.match(await page.getByTestId('what-if-verdict').innerText(), /cheaper|dearer|the same/);
    await found.locator('canvas').first().waitFor();
    await fits(page);
    await picture(page, `what-if-${size}-${scheme}`);
    await accessible(page, 'what if');
    // Nothing was recorded by asking: a new decision in between has a reason of its own.
    const newer = (await get('api/ticks?limit=5')).filter((one) => one.id > tick);
    assert.ok(
      newer.every((one) => one.cause.kind !== 'owner'),
      JSON.stringify(newer),
    );
    await close(opened);
  });
}

test('a tariff by the time of day is compared with the real one', async () => {
  const opened = await open('phone', 'light', { place: '#/plan' });
  const { page } = opened;
  const card = page.getByTestId('what-if');
  await card.waitFor();
  await card.getByLabel('Import price').selectOption('hours');
  await card.getByLabel('From').fill('00:00');
  await card.getByLabel('Until').fill('06:00');
  await card.getByLabel('Price between them').fill('0.05');
  await card.getByLabel('Price otherwise').fill('0.50');
  await fits(page);
  const [request] = await Promise.all([
    page.waitForRequest((one) => one.url().endsWith('/api/what-if')),
    page.getByTestId('what-if-ask').click(),
  ]);
  await page.getByTestId('what-if-found').waitFor();
  const { ahead } = await (await request.response()).json().then(({ other }) => other);
  const { timezone } = (await get('api/live')).home;
  const hour = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit' });
  for (const slot of ahead.filter((one) => one.import_price != null)) {
    assert.equal(slot.import_price, Number(hour.format(Date.parse(slot.start))) < 6 ? 0.05 : 0.5, slot.start);
  }
  await picture(page, 'what-if-hours-phone');
  await accessible(page, 'what if, by the time of day');
  await close(opened);
});

test('without a change the plan stays as it is, and what no home can have is refused in words', async () => {
  const opened = await open('desktop', 'dark', { place: '#/plan' });
  const { page } = opened;
  const card = page.getByTestId('what-if');
  await card.waitFor();
  await page.getByTestId('what-if-ask').click();
  await page.getByTestId('what-if-found').waitFor();
  assert.equal(await page.getByTestId('what-if-found').getAttribute('data-changed'), '0');
  const answer = await fetch(new URL('api/what-if', base), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-wattwright': '1' },
    body: JSON.stringify({ changes: { soc_pct: 140 } }),
  });
  assert.equal(answer.status, 422);
  assert.match((await answer.json()).error.message, /soc_pct is 140, expected 0 to 100/);
  await close(opened);
});
