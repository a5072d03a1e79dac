// Every page: that it is there, accessible and fits, by day and night, on a phone and a desktop; and its
// main task, done as a person would. See browser.mjs for how to run it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, base, browserContext, close, fits, get, open, picture, sizes } from './browser.mjs';

const newest = (await get('api/live')).tick ?? 1;

/** Each with a mark that is there once it is complete. */
const pages = {
  now: ['#/', 'now-state'],
  plan: ['#/plan', 'slots-ahead'],
  strategies: ['#/strategies', 'group-active'],
  history: ['#/history', 'decision-link'],
  decision: [`#/history/${newest}`, 'decision'],
  lab: ['#/lab', 'lab-form'],
  setup: ['#/setup', 'targets-setup'],
};

for (const [name, [place, mark]] of Object.entries(pages)) {
  for (const size of Object.keys(sizes)) {
    for (const scheme of ['light', 'dark']) {
      test(`${name} on a ${size}, ${scheme}`, async () => {
        const opened = await open(size, scheme, { place });
        const { page } = opened;
        await page.getByTestId(mark).first().waitFor();
        await fits(page);
        await picture(page, `${name}-${size}-${scheme}`);
        await page.evaluate(() => {
          for (const details of document.querySelectorAll('main details')) details.open = true;
        });
        await fits(page);
        await accessible(page, name);
        await close(opened);
      });
    }
  }
}

test('the keyboard leads through the pages', async () => {
  const opened = await open('desktop', 'light');
  const { page } = opened;
  await page.getByTestId('now-state').waitFor();
  await page.keyboard.press('Tab');
  assert.match(await page.evaluate(() => document.activeElement?.className ?? ''), /skip/);
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'MAIN');
  for (const name of ['plan', 'strategies', 'history', 'lab', 'setup', 'now']) {
    await page.getByTestId(`nav-${name}`).focus();
    await page.keyboard.press('Enter');
    await page.getByTestId(`page-${name}`).waitFor();
    assert.equal(await page.getByTestId(`nav-${name}`).getAttribute('aria-current'), 'page');
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'MAIN');
  }
  await page.getByTestId('nav-plan').click();
  await page.goBack();
  await page.getByTestId('page-now').waitFor();
  await close(opened);
});

test('a German reader gets German, and may choose English', async () => {
  const opened = await open('phone', 'light', { locale: 'de-DE', place: '#/history' });
  const { page } = opened;
  await page.getByTestId('decision-link').first().waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
  assert.match(await page.getByTestId('nav-history').innerText(), /Verlauf/);
  await picture(page, 'german-phone');
  await accessible(page, 'German');
  await page.getByTestId('language').selectOption('en');
  await page.locator('html[lang=en]').waitFor();
  assert.match(await page.getByTestId('nav-history').innerText(), /History/);
  await close(opened);
});

test('the plan shows past and future, and a past slot leads to its decision', async () => {
  const opened = await open('desktop', 'light', { place: '#/plan' });
  const { page } = opened;
  await page.locator('[data-testid=chart] canvas').first().waitFor();
  await page.getByTestId('chart').focus();
  await page.keyboard.press('Home');
  assert.match(await page.getByTestId('readout').innerText(), /Measured/);
  await page.keyboard.press('End');
  assert.match(await page.getByTestId('readout').innerText(), /Planned/);
  const slots = page.locator('[data-testid=slots-ahead] [data-testid=slot]');
  assert.ok((await slots.count()) > 20);
  const some = await slots.count();
  if (await page.getByTestId('all-ahead').count()) {
    await page.getByTestId('all-ahead').click();
    assert.ok((await slots.count()) > some);
  }
  assert.equal(await page.locator('[data-testid=slots-ahead] tr.current').count(), 1);
  const past = page.getByTestId('slots-past');
  if (await past.count()) {
    await past.locator('summary').click();
    const decided = past.locator('a').first();
    if (await decided.count()) {
      await decided.click();
      await page.getByTestId('decision').waitFor();
    }
  }
  await close(opened);
});

test('energy comes by day, week and month', async () => {
  const opened = await open('desktop', 'light', { place: '#/history' });
  const { page } = opened;
  for (const by of ['week', 'month', 'day']) {
    await page.getByTestId(`by-${by}`).click();
    const table = page.locator(`[data-testid=energy][data-by=${by}] tbody tr`);
    await table.first().waitFor();
    const rows = await get(`api/energy?by=${by}`);
    await page.waitForFunction(
      (n) => document.querySelectorAll('[data-testid=energy] tbody tr').length === n,
      rows.length,
    );
  }
  await close(opened);
});

for (const size of Object.keys(sizes)) {
  test(`yesterday's decision is looked up, opened and replayed on a ${size}`, async () => {
    const { at, home } = await get('api/live');
    const day = (ms) => new Intl.DateTimeFormat('sv-SE', { timeZone: home.timezone }).format(ms);
    const yesterday = day(Date.parse(at) - 86_400_000);
    const opened = await open(size, 'light', { place: '#/history' });
    const { page } = opened;
    const links = page.getByTestId('decision-link');
    await links.first().waitFor();
    const newest = await links.first().getAttribute('data-tick');
    await page.getByLabel('Up to').fill(`${yesterday}T23:59`);
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.waitForFunction(
      (newest) => document.querySelector('[data-testid=decision-link]')?.getAttribute('data-tick') !== newest,
      newest,
    );
    const tick = await get(`api/ticks/${await links.first().getAttribute('data-tick')}`);
    assert.equal(day(Date.parse(tick.at)), yesterday);
    await links.first().click();
    await page.getByTestId('decision').waitFor();
    assert.equal(await page.getByTestId('decision').getAttribute('data-tick'), String(tick.id));
    // Inputs, plan, verdicts and outcomes, as they were recorded.
    const [{ id }] = tick.input.snapshot.batteries;
    const decided = page.getByTestId(`decided-${id}`);
    const { reason } = tick.plan.actions.find((action) => action.target === id);
    assert.ok((await decided.innerText()).includes(reason.text));
    assert.ok(await page.getByTestId(`outcome-${id}`).isVisible());
    assert.ok((await page.locator('[data-testid^=plan-table-] tbody tr').count()) > 0);
    await page.getByTestId('replay').click();
    await page.getByTestId('replayed').waitFor();
    assert.equal(await page.getByTestId('replayed').getAttribute('data-same'), 'true');
    await fits(page);
    await picture(page, `decision-yesterday-${size}`);
    await accessible(page, 'a replayed decision');
    await close(opened);
  });
}

test('set-up has each target with its limits and writes, and each source with its age and unit', async () => {
  const opened = await open('desktop', 'light', { place: '#/setup' });
  const { page } = opened;
  await page.getByTestId('targets-setup').waitFor();
  const setup = await get('api/setup');
  const live = await get('api/live');
  const step = (name) => page.locator(`[data-step="${name}"]`).getAttribute('data-done');
  assert.equal(await page.getByTestId('steps').locator('li').count(), 6);
  assert.equal(await step('home'), String(live.home.link.state === 'up'));
  assert.equal(await step('meter'), String(live.home.grid_power_w.value != null));
  assert.equal(await step('control'), String(setup.targets.some((target) => target.mode === 'control')));
  for (const target of setup.targets) {
    const shown = await page.getByTestId(`target-${target.id}`).innerText();
    assert.ok(shown.includes(target.name), shown);
    const { used, limit } = target.turns;
    if (limit != null) assert.match(shown, new RegExp(`\\d+ of ${limit}`), `${used} of ${limit} turns`);
    if (target.battery) {
      assert.ok(shown.includes(`${(target.battery.capacity_wh / 1000).toFixed(2)} kWh`), shown);
      assert.match(shown, new RegExp(`${target.battery.max_discharge_w} W`));
    }
  }
  const rows = page.locator('[data-testid=columns] tbody tr');
  assert.equal(await rows.count(), setup.columns.length);
  for (const row of await rows.allInnerTexts()) assert.match(row, /€\/kWh|\bW\b|°C|%/);
  const measured = page.locator('[data-testid=sources] table').first().locator('tbody tr');
  for (const row of await measured.allInnerTexts()) assert.match(row, /(W|%|°C)\s+\d+ (s|min|h)$/);
  await close(opened);
});

test('today shows what was paid, against doing without', async () => {
  const opened = await open('desktop', 'light');
  const { page } = opened;
  const money = page.getByTestId('money');
  await money.waitFor();
  // As the page asks: in the first quarter-hour of a day the newest day with anything in it is yesterday.
  const quarter = new Date(Math.floor(Date.now() / 900_000) * 900_000).toISOString();
  const [today] = (await get(`api/energy?by=day&from=${encodeURIComponent(quarter)}`)).slice(-1);
  if (today?.cost.slots > 0) {
    const cost = page.getByTestId('money-cost');
    await cost.waitFor();
    assert.ok(Number.isFinite(Number(await cost.getAttribute('data-value'))));
    for (const key of ['money-none', 'money-plain'])
      assert.match(await page.getByTestId(key).innerText(), /less|more|unknown/);
  }
  await close(opened);
});

test('a decision is opened, replayed and exported', async () => {
  const opened = await open('desktop', 'light', { place: '#/history' });
  const { page } = opened;
  await page.getByTestId('decision-link').first().click();
  await page.getByTestId('decision').waitFor();
  await page.getByTestId('replay').click();
  await page.getByTestId('replayed').waitFor();
  assert.equal(await page.getByTestId('replayed').getAttribute('data-same'), 'true');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export').click()]);
  assert.match(download.url(), /\/api\/ticks\/\d+\/export$/);
  await close(opened);
});

test('a page that is left open asks for the decisions once', async () => {
  const opened = await open('desktop', 'light');
  const { page } = opened;
  const asked = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.endsWith('/api/ticks')) asked.push(request.url());
  });
  await page.getByTestId('nav-history').click();
  await page.getByTestId('decision-link').first().waitFor();
  await page.waitForTimeout(2_000);
  // A new decision in between is a reason to ask again.
  assert.ok(asked.length <= 3, `${asked.length} times`);
  await close(opened);
});

test('a decision that is left open is asked for once, and its replay stays', async () => {
  const opened = await open('desktop', 'light', { place: `#/history/${newest}` });
  const { page } = opened;
  await page.getByTestId('replay').click();
  await page.getByTestId('replayed').waitFor();
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  // Long enough for several live states.
  await page.waitForTimeout(2_000);
  assert.ok(await page.getByTestId('replayed').isVisible());
  assert.deepEqual(
    asked.filter((url) => new URL(url).pathname.includes('/api/ticks/')),
    [],
  );
  await close(opened);
});

test('the first load is small, and asks for little', async () => {
  const context = await browserContext();
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  let [bytes, requests] = [0, 0];
  devtools.on('Network.requestWillBeSent', () => (requests += 1));
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto(base.href);
  await page.getByTestId('now-state').waitFor();
  await page.waitForLoadState('load');
  console.log(`the first load: ${requests} requests, ${bytes} bytes`);
  assert.ok(bytes < 150_000, `${bytes} bytes`);
  assert.ok(requests <= 15, `${requests} requests`);
  await context.close();
});
