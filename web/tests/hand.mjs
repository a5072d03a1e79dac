// What a member of the household does by hand: a command for an hour, ended before its time; a pause, and on again.
// See browser.mjs for how to run it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, close, fits, get, open, picture } from './browser.mjs';

const HOUR_MS = 3_600_000;
const hand = async () => (await get('api/live')).hand;

for (const [size, scheme] of [
  ['phone', 'dark'],
  ['desktop', 'light'],
]) {
  test(`a command by hand for an hour, and its end, on ${size}`, async () => {
    const opened = await open(size, scheme);
    const { page } = opened;
    const [{ id }] = (await get('api/live')).home.batteries;
    const card = page.getByTestId('hand');
    const choose = (name) => card.getByRole('combobox', { name, exact: true });
    await card.getByText('Command something yourself').click();
    await choose('What').selectOption(id);
    await choose('Do').selectOption('charge');
    await card.getByRole('spinbutton').fill('200');
    await choose('For').selectOption({ label: '1 hour' });
    await fits(page);
    await accessible(page, 'by hand');
    const before = Date.now();
    await card.getByRole('button', { name: 'Do it' }).click();
    const given = page.getByTestId(`hand-override-${id}`);
    await given.waitFor();
    const { overrides } = await hand();
    assert.deepEqual(overrides[id].command, { kind: 'charge', power_w: 200 });
    const lasts = Date.parse(overrides[id].until) - before;
    assert.ok(Math.abs(lasts - HOUR_MS) < 120_000, `it lasts ${lasts} ms`);
    await picture(page, `hand-${size}`);
    await accessible(page, 'a command by hand');
    await given.getByRole('button').click();
    await given.waitFor({ state: 'detached' });
    assert.equal((await hand()).overrides?.[id], undefined);
    await close(opened);
  });
}

test('a pause, and on again, with the keyboard alone', async () => {
  const opened = await open('desktop', 'dark');
  const { page } = opened;
  const card = page.getByTestId('hand');
  await card.locator('summary').focus();
  await page.keyboard.press('Enter');
  await card.getByRole('button', { name: 'Pause everything' }).focus();
  await page.keyboard.press('Enter');
  const paused = page.getByTestId('hand-paused');
  await paused.waitFor();
  assert.ok((await hand()).pause);
  await picture(page, 'hand-paused');
  await accessible(page, 'a pause');
  await paused.getByRole('button', { name: 'Go on' }).focus();
  await page.keyboard.press('Enter');
  await paused.waitFor({ state: 'detached' });
  assert.equal((await hand()).pause ?? null, null);
  await close(opened);
});
