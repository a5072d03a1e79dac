// A backtest from the page: begun, watched, cancelled, made, compared and forgotten. See browser.mjs for how to run it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, close, fits, get, open, picture } from './browser.mjs';

const state = () => get('api/lab');

/** Chooses the sample's newest week, and one strategy. */
async function choose(page, days) {
  await page.getByTestId('lab-form').waitFor();
  await page.getByTestId('lab-data').selectOption('sample');
  await page.getByTestId('lab-days').selectOption(days);
  const others = page.locator('[data-testid^=run-] > .head button');
  while ((await others.count()) > 1) await others.last().click();
  await page.getByTestId('run-0').getByRole('combobox').first().selectOption('rule-based');
}

for (const [size, scheme, days] of [
  ['desktop', 'light', '7'],
  ['phone', 'dark', '30'],
]) {
  test(`a backtest is made and shown on ${size}, ${scheme}`, async () => {
    const opened = await open(size, scheme, { place: '#/lab' });
    const { page } = opened;
    await choose(page, days);
    await fits(page);
    await accessible(page, 'a new backtest');
    const before = (await state()).results[0]?.id ?? 0;
    await page.getByTestId('lab-start').click();
    await page.waitForFunction(
      (before) =>
        Number(document.querySelector('[data-testid=backtest]')?.getAttribute('data-id') ?? 0) > before,
      before,
      { timeout: 300_000 },
    );
    await page.locator('[data-testid=backtest] canvas').nth(1).waitFor();
    const lines = page.getByTestId('backtest-line');
    const kinds = await lines.evaluateAll((all) => all.map((one) => one.getAttribute('data-kind')));
    assert.deepEqual(kinds.slice(0, 3), ['no_battery', 'self_consumption', 'perfect_foresight']);
    assert.ok(kinds.includes('strategy'));
    const { results } = await state();
    const [newest] = results;
    const of = (kind) => newest.lines.find((line) => line.kind === kind).cost_adjusted;
    assert.ok(of('perfect_foresight') <= of('self_consumption'), 'nothing is cheaper than foresight');
    await fits(page);
    await picture(page, `lab-result-${size}-${scheme}`);
    await accessible(page, 'a backtest');

    const kept = page.getByTestId('lab-result');
    const count = await kept.count();
    await kept.first().getByRole('button').last().click();
    await page.waitForFunction(
      (n) => document.querySelectorAll('[data-testid=lab-result]').length === n,
      count - 1,
    );
    assert.ok(!(await state()).results.some((one) => one.id === newest.id));
    await close(opened);
  });
}

test('a backtest that takes long is cancelled', async () => {
  const opened = await open('desktop', 'dark', { place: '#/lab' });
  const { page } = opened;
  await choose(page, '365');
  const before = (await state()).results.length;
  await page.getByTestId('lab-start').click();
  await page.getByTestId('lab-running').waitFor();
  await picture(page, 'lab-running');
  await accessible(page, 'a backtest under way');
  assert.ok(await page.getByTestId('lab-start').isDisabled(), 'one at a time');
  await page.getByTestId('lab-cancel').click();
  await page.getByTestId('lab-running').waitFor({ state: 'detached' });
  const after = await state();
  assert.equal(after.running, null);
  assert.equal(after.results.length, before);
  await close(opened);
});
