// What is shown now, compared with what the API tells. See browser.mjs for how to run it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { close, fits, get, open, PATIENCE_MS, picture, sizes } from './browser.mjs';

const live = () => get('api/live');

/** Words of the page that a command must show, by its kind. */
const words = {
  charge: /charg/i,
  discharge: /discharg/i,
  hold: /hold/i,
  balance: /follow the meter|following the meter|take surplus|cover use/i,
};

/** Compares the page with a state; throws where they differ. */
async function compare(page, state) {
  const text = (id) => page.getByTestId(id).innerText();
  const attribute = (id, name) => page.getByTestId(id).getAttribute(name);
  assert.match(await page.locator('h1').innerText(), new RegExp(escape(state.home_name)));

  const battery = state.home.batteries[0];
  const doing = state.doing.find((d) => d.target === battery?.id);
  const verdict = doing?.verdict;
  if (verdict) {
    const { kind } = verdict.approved ?? verdict.proposed;
    assert.equal(await attribute('now-state', 'data-kind'), kind);
    assert.match(await text('now-state'), words[kind] ?? /./);
    assert.equal(await attribute('now-state', 'data-decision'), verdict.decision);
    assert.equal(
      await page.getByTestId(`verdict-${battery.id}`).first().getAttribute('data-decision'),
      verdict.decision,
    );
    for (const finding of verdict.findings)
      assert.ok(await page.locator(`[data-rule="${finding.rule}"]`).first().isVisible());
  }
  if (doing?.reason?.text) {
    // Not innerText, which has the capital that the style gives it.
    const reason = await page.getByTestId('now-reason').textContent();
    assert.equal(spaces(reason).trim(), spaces(doing.reason.text).trim());
  }
  if (doing?.since) assert.match(await text('now-since'), /since .*\d\d:\d\d/);
  if (state.tick != null) assert.ok(await attribute('flow', 'aria-label'));
  if (doing?.outcome) assert.equal(await attribute('now-outcome', 'data-stage'), doing.outcome.stage);

  const available = state.available.find((a) => a.battery === battery?.id);
  if (available?.energy_wh != null) {
    assert.equal(await text('available-energy'), `${(available.energy_wh / 1000).toFixed(2)} kWh`);
  }
  if (available?.hours != null) {
    assert.equal(Number(await attribute('available-hours', 'data-value')), available.hours);
    assert.match(await text('available-hours'), /h|days/);
  }
  assert.equal(await attribute('link', 'data-state'), state.home.link.state);
  const modes = new Set(state.doing.map((d) => d.mode));
  const mode = modes.size > 1 ? 'mixed' : ([...modes][0] ?? 'advise');
  if (mode === 'advise' || mode === 'control') assert.equal(await attribute('mode', 'data-mode'), mode);
  const { problems } = (await get('api/ticks/latest')).input.snapshot;
  const named = problems.length > 0 ? spaces(await text('problems')) : '';
  for (const problem of problems) assert.ok(named.includes(spaces(problem.text)), problem.text);
  if (state.strategy) assert.match(await text('strategy-active'), new RegExp(escape(state.strategy.name)));
}

/**
 * The page shows the state that the API tells. Readings move on between asking and looking, so a
 * difference counts only when it stays.
 */
async function agrees(page) {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const state = await live();
    try {
      await compare(page, state);
      return state;
    } catch (difference) {
      if (Date.now() > until) throw difference;
      await page.waitForTimeout(200);
    }
  }
}

const spaces = (text) => text.replace(/\s+/g, ' ').trim();
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

for (const size of Object.keys(sizes)) {
  for (const scheme of ['light', 'dark']) {
    test(`the page agrees with the API on a ${size}, ${scheme}`, async () => {
      const opened = await open(size, scheme);
      const { page } = opened;
      const state = await agrees(page);
      if (state.tick != null) await page.locator('[data-testid=chart] canvas').first().waitFor();

      await fits(page);
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const brightness = ground.match(/\d+/g).slice(0, 3).map(Number)[1];
      assert.equal(brightness > 128, scheme === 'light', `background is ${ground}`);

      await picture(page, `${size}-${scheme}`);
      await close(opened);
    });
  }
}

test('the chart is read with the keyboard, the table opens', async (t) => {
  const opened = await open('desktop', 'light');
  const { page } = opened;
  if ((await agrees(page)).tick == null) {
    t.skip('no tick yet');
    return;
  }
  const chart = page.getByTestId('chart');
  await chart.waitFor();
  const before = await page.getByTestId('readout').innerText();
  await chart.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((b) => document.querySelector('[data-testid=readout]')?.innerText !== b, before);
  assert.ok(await chart.getAttribute('aria-valuetext'));
  await page.keyboard.press('Home');
  await page.keyboard.press('End');
  await page.getByText('The plan as a table').click();
  if (await page.locator('[data-testid^=plan-table-]').count())
    assert.ok((await page.locator('[data-testid^=plan-table-] tbody tr').count()) > 0);
  await close(opened);
});

test('the ages of the readings move on and the page is live', async (t) => {
  const { context, page } = await open('desktop', 'light');
  const { home } = await agrees(page);
  await page.locator('[data-testid=hearing][data-state=live]').waitFor();
  if (!home.grid_power_w.at) {
    t.skip('no reading yet');
    return;
  }
  const readings = page.getByTestId('readings');
  const before = await readings.innerText();
  await page.waitForFunction(
    (b) => document.querySelector('[data-testid=readings]')?.innerText !== b,
    before,
  );
  await context.close();
});
