// Strategies managed as a person would: a file that is none, one that is dropped, tried, kept, enabled, moved, set,
// made a shadow and removed, and a second version of it that is taken back. STRATEGY and STRATEGY_AGAIN name the
// files. See browser.mjs for how to run it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { accessible, base, close, fits, get, open, picture, sizes } from './browser.mjs';

const file = process.env.STRATEGY;
const again = process.env.STRATEGY_AGAIN;
const detail = async (name) => (await get('api/strategies')).find((s) => s.name === name);

const upload = (page, name, bytes) =>
  page.getByTestId('upload').setInputFiles({ name, mimeType: 'application/wasm', buffer: bytes });

/** Drops a file where files are dropped, with all that a browser makes of it. */
async function drop(page, path) {
  const transfer = await page.evaluateHandle(
    ({ name, bytes }) => {
      const data = new DataTransfer();
      const raw = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
      data.items.add(new File([raw], name, { type: 'application/wasm' }));
      return data;
    },
    { name: basename(path), bytes: readFileSync(path).toString('base64') },
  );
  const place = page.getByTestId('drop');
  for (const event of ['dragenter', 'dragover']) await place.dispatchEvent(event, { dataTransfer: transfer });
  assert.match(await place.getAttribute('class'), /over/, 'it shows where to let go');
  await place.dispatchEvent('drop', { dataTransfer: transfer });
}

test('a file that is no strategy is told to be none, and nothing is kept', async () => {
  const opened = await open('phone', 'dark', { place: '#/strategies' });
  const { page } = opened;
  const before = (await get('api/strategies')).length;
  await upload(page, 'holiday.wasm', Buffer.from('not a strategy'));
  const trial = page.getByTestId('trial');
  await trial.waitFor();
  assert.equal(await trial.getAttribute('data-ok'), 'false');
  assert.equal(await page.getByTestId('keep').count(), 0);
  await fits(page);
  await accessible(page, 'a failed trial');
  assert.equal((await get('api/strategies')).length, before);
  await close(opened);
});

for (const size of Object.keys(sizes)) {
  test(`settings are checked by the host, saved, and taken back on a ${size}`, async () => {
    const opened = await open(size, 'light', { place: '#/strategies' });
    const { page } = opened;
    const card = page.getByTestId('card-rule-based');
    await card.getByText('Settings', { exact: true }).click();
    const reserve = card.getByLabel('Reserve for outages');
    const before = await detail('rule-based');
    await reserve.fill('140');
    await card.getByRole('button', { name: 'Save' }).click();
    await card.getByText(/140/).first().waitFor();
    assert.deepEqual((await detail('rule-based')).own_settings, before.own_settings);
    // The browser itself notes an answer that is no success.
    opened.complaints.length = 0;
    await accessible(page, 'a setting that does not fit');
    await reserve.fill('25');
    await card.getByRole('button', { name: 'Save' }).click();
    await page.getByTestId('told').getByText(/Saved/).waitFor();
    assert.equal((await detail('rule-based')).own_settings.reserve_pct, 25);
    await card.getByRole('button', { name: /configured/ }).click();
    await page
      .waitForFunction(async () => {
        const all = await (await fetch('api/strategies')).json();
        return all.find((s) => s.name === 'rule-based').settings.reserve_pct !== 25 || all === null;
      })
      .catch(() => {});
    await close(opened);
  });
}

for (const size of Object.keys(sizes)) {
  test(`a strategy is dropped, tried, kept, enabled, moved, made a shadow, disabled and removed on a ${size}`, async (t) => {
    if (!file || !again) {
      t.skip('STRATEGY and STRATEGY_AGAIN name no files');
      return;
    }
    const opened = await open(size, 'light', { place: '#/strategies' });
    const { page } = opened;
    page.on('dialog', (dialog) => dialog.accept());
    await page.getByTestId('drop').waitFor();
    await drop(page, file);
    const trial = page.getByTestId('trial');
    await trial.waitFor();
    assert.equal(await trial.getAttribute('data-ok'), 'true', await trial.innerText());
    await picture(page, `strategies-trial-${size}`);
    await accessible(page, 'a trial');
    const known = new Set((await get('api/strategies')).map((s) => s.name));
    await page.getByTestId('keep').click();
    await page.getByTestId('upload-kept').waitFor();
    const name = (await get('api/strategies')).map((s) => s.name).find((n) => !known.has(n));
    assert.ok(name, 'nothing was kept');
    const first = await detail(name);
    assert.equal(first.role, 'off');

    await page.getByTestId(`enable-${name}`).click();
    await page.getByTestId('grant').waitFor();
    await picture(page, `strategies-grant-${size}`);
    await accessible(page, 'grants');
    await page.getByTestId('grant').getByLabel('Charge from the grid').uncheck();
    await page.getByTestId('grant-confirm').click();
    const card = page.getByTestId(`card-${name}`);
    await page.locator(`[data-testid=card-${name}][data-role=active]`).waitFor();
    assert.equal((await detail(name)).grant.grid_charging, false);

    // Last, and first again.
    const place = async (position) => {
      await page.waitForFunction(
        async ([name, position]) => {
          const all = await (await fetch('api/strategies')).json();
          return all.find((s) => s.name === name).position === position;
        },
        [name, position],
      );
    };
    await place(0);
    await card.getByRole('button', { name: `Move ${name} down` }).click();
    await place(1);
    await card.getByRole('button', { name: `Move ${name} up` }).click();
    await place(0);

    // A second version, and back.
    await drop(page, again);
    await trial.waitFor();
    await page.getByTestId('keep').click();
    await page.getByTestId('upload-kept').waitFor();
    const second = await detail(name);
    assert.notEqual(second.version.hash, first.version.hash);
    assert.equal(second.role, 'active', 'a new version keeps its place');
    const details = page.getByTestId(`details-${name}`);
    await details.locator('summary').click();
    // Its version by its hash, its own log, and how fast it is.
    assert.ok((await details.innerText()).includes(second.version.hash.slice(0, 8)));
    await page.getByTestId(`rollback-${name}`).click();
    await page
      .getByTestId('told')
      .getByText(/version before/)
      .waitFor();
    assert.equal((await detail(name)).version.hash, first.version.hash);

    await page.getByTestId(`shadow-${name}`).click();
    await page.locator(`[data-testid=card-${name}][data-role=shadow]`).waitFor();
    await page.getByTestId(`disable-${name}`).click();
    await page.locator(`[data-testid=card-${name}][data-role=off]`).waitFor();
    await page.getByTestId(`remove-${name}`).click();
    await page.getByTestId(`card-${name}`).waitFor({ state: 'detached' });
    assert.equal(await detail(name), undefined);
    await close(opened);
  });
}

test('the scoreboard tells what each would have cost, and who should be promoted', async (t) => {
  const { days } = await get('api/scores');
  if (days.length === 0) {
    t.skip('no day was scored');
    return;
  }
  const become = async (role) => {
    const headers = { 'content-type': 'application/json', 'x-wattwright': '1' };
    const url = new URL('api/strategies/linear/role', base);
    const answer = await fetch(url, { method: 'PUT', headers, body: JSON.stringify({ role }) });
    assert.equal(answer.status, 200, await answer.text());
  };
  await become('shadow');
  for (const [size, scheme] of [
    ['desktop', 'light'],
    ['phone', 'dark'],
  ]) {
    const opened = await open(size, scheme, { place: '#/strategies' });
    const { page } = opened;
    const board = page.getByTestId('scoreboard');
    await board.waitFor();
    for (const kind of ['no_battery', 'self_consumption', 'perfect_foresight', 'active', 'shadow']) {
      assert.equal(await board.locator(`tr[data-kind=${kind}]`).count(), 1, kind);
    }
    await page.getByTestId('proposal-linear').waitFor();
    await page.getByTestId('scores').locator('summary').last().click();
    const byDay = page.getByTestId('scores-by-day').locator('tbody tr');
    assert.equal(await byDay.count(), days.length);
    await fits(page);
    await accessible(page, `the scoreboard, ${size}`);
    await picture(page, `strategies-scores-${size}`);
    await page.getByTestId('proposal-linear').getByRole('button').click();
    await page.getByTestId('card-linear').waitFor();
    await close(opened);
  }
  await become('off');
});
