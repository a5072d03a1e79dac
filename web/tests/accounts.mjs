// Signing in, as a viewer and as an owner, against a daemon that others can reach. It has the users `anna`,
// an owner, and `ben`, a viewer; PASSWORD is that of both. See browser.mjs for how to run it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, base, close, fits, open, picture, sizes } from './browser.mjs';

const PASSWORD = process.env.PASSWORD ?? '';

async function enter(page, name, password) {
  await page.getByTestId('login').waitFor();
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** A browser notes each answer that is no success; those here are meant. */
const forgive = ({ complaints }) =>
  complaints.splice(0, complaints.length, ...complaints.filter((c) => !/status of 40[13]/.test(c)));

for (const size of Object.keys(sizes)) {
  for (const scheme of ['light', 'dark']) {
    test(`signing in on a ${size}, ${scheme}`, async () => {
      const opened = await open(size, scheme);
      const { page } = opened;
      await page.getByTestId('login').waitFor();
      await fits(page);
      await picture(page, `login-${size}-${scheme}`);
      await accessible(page, 'signing in');
      forgive(opened);
      await close(opened);
    });
  }
}

for (const size of Object.keys(sizes))
  test(`a viewer looks and changes nothing on a ${size}`, async () => {
    const opened = await open(size, 'light');
    const { page } = opened;
    await enter(page, 'ben', 'not the password');
    await page.getByRole('alert').getByText(/wrong/).waitFor();
    await enter(page, 'ben', PASSWORD);
    await page.getByTestId('now-state').waitFor();
    assert.equal(await page.getByTestId('user').getAttribute('data-role'), 'viewer');
    await page.locator('[data-testid=hearing][data-state=live]').waitFor();
    await fits(page);
    await page.getByTestId('nav-strategies').click();
    await page.getByTestId('card-rule-based').waitFor();
    assert.equal(await page.getByTestId('drop').count(), 0);
    assert.equal(await page.getByTestId('disable-rule-based').count(), 0);
    await accessible(page, 'strategies of a viewer');
    const answer = await page.evaluate(async () => {
      const { word } = await (await fetch('api/session')).json();
      const headers = { 'x-wattwright': word, 'content-type': 'application/json' };
      const asked = await fetch('api/strategies/rule-based/role', {
        method: 'PUT',
        headers,
        body: '{"role":"off"}',
      });
      return { status: asked.status, code: (await asked.json()).error.code };
    });
    assert.deepEqual(answer, { status: 403, code: 'not-allowed' });
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByTestId('login').waitFor();
    forgive(opened);
    await close(opened);
  });

test('an owner changes settings, and stays signed in', async () => {
  const opened = await open('desktop', 'dark', { place: '#/strategies' });
  const { page } = opened;
  await enter(page, 'anna', PASSWORD);
  const card = page.getByTestId('card-rule-based');
  await card.getByText('Settings', { exact: true }).click();
  await card.getByLabel('Reserve for outages').fill('12');
  await card.getByRole('button', { name: 'Save' }).click();
  await page.getByTestId('told').getByText(/Saved/).waitFor();
  await page.reload();
  await page.getByTestId('card-rule-based').waitFor();
  assert.equal(await page.getByTestId('user').getAttribute('data-role'), 'owner');
  forgive(opened);
  await close(opened);
});

/** The set-up page of somebody who has signed in. */
async function setup(size, scheme, name, password) {
  const opened = await open(size, scheme, { place: '#/setup' });
  opened.page.on('dialog', (dialog) => void dialog.accept());
  await enter(opened.page, name, password);
  await opened.page.getByTestId('people').waitFor();
  return opened;
}

const withToken = (path, secret, options = {}) =>
  fetch(new URL(path, base), { ...options, headers: { authorization: `Bearer ${secret}` } });

for (const size of Object.keys(sizes))
  test(`an owner adds a user on a ${size}, who is refused what is not theirs and changes their password`, async () => {
    const owner = await setup(size, 'light', 'anna', PASSWORD);
    const form = owner.page.getByTestId('add-user');
    await form.getByLabel('Name').fill('carl');
    await form.getByRole('button', { name: 'Add user' }).click();
    const made = await owner.page.getByTestId('people').getByTestId('secret').innerText();
    await owner.page.getByTestId('user-carl').waitFor();
    await form.getByLabel('Name').fill('carl');
    await form.getByRole('button', { name: 'Add user' }).click();
    await owner.page
      .getByTestId('people')
      .getByRole('alert')
      .getByText(/already/)
      .waitFor();

    const carl = await setup('phone', 'light', 'carl', made);
    assert.equal(await carl.page.getByTestId('users').count(), 0);
    await carl.page
      .getByTestId('people')
      .getByText(/for an owner/)
      .waitFor();
    for (const absent of ['tokens', 'record', 'log'])
      assert.equal(await carl.page.getByTestId(absent).count(), 0);
    const said = await carl.page.evaluate(async () => {
      const asked = await fetch('api/users');
      return { status: asked.status, ...(await asked.json()).error };
    });
    assert.deepEqual([said.status, said.code], [403, 'not-allowed']);
    assert.match(said.message, /carl is a viewer/);
    const password = carl.page.getByTestId('password');
    const fill = async (old, next, again) => {
      await password.getByLabel('Password until now').fill(old);
      await password.getByLabel('New password', { exact: true }).fill(next);
      await password.getByLabel('New password again').fill(again);
      await password.getByRole('button', { name: 'Change password' }).click();
    };
    await fill(made, 'one for carl alone', 'another one');
    await password
      .getByRole('alert')
      .getByText(/not the same/)
      .waitFor();
    await fill('not the old one', 'one for carl alone', 'one for carl alone');
    await password.getByRole('alert').getByText(/wrong/).waitFor();
    await fill(made, 'one for carl alone', 'one for carl alone');
    await carl.page
      .getByTestId('password-told')
      .getByText(/is changed/)
      .waitFor();
    await accessible(carl.page, 'set-up of a viewer');
    await fits(carl.page);
    await carl.page.getByRole('button', { name: 'Sign out' }).click();
    await enter(carl.page, 'carl', made);
    await carl.page.getByRole('alert').getByText(/wrong/).waitFor();
    await enter(carl.page, 'carl', 'one for carl alone');
    await carl.page.getByTestId('people').waitFor();

    await owner.page.getByLabel('Role of carl').selectOption('member');
    await owner.page
      .getByTestId('people-told')
      .getByText(/carl is now member/)
      .waitFor();
    await owner.page.getByRole('button', { name: 'Remove carl' }).click();
    await owner.page
      .getByTestId('people-told')
      .getByText(/was removed/)
      .waitFor();
    await carl.page.getByTestId('nav-strategies').click();
    await carl.page.getByTestId('login').waitFor();
    await owner.page.reload();
    await owner.page.getByTestId('notes').getByText('anna, owner: removed the user carl').first().waitFor();
    for (const opened of [owner, carl]) {
      opened.complaints.splice(
        0,
        opened.complaints.length,
        ...opened.complaints.filter((c) => !/status of 4(01|03|22)/.test(c)),
      );
      await close(opened);
    }
  });

test('an owner makes a token, uses it and revokes it', async () => {
  const opened = await setup('desktop', 'dark', 'anna', PASSWORD);
  const { page } = opened;
  const card = page.getByTestId('tokens');
  await card.getByLabel('Name').fill('panel');
  await card.getByRole('button', { name: 'Make token' }).click();
  const secret = await card.getByTestId('secret').innerText();
  assert.match(secret, /^wattwright_[0-9a-f]{64}$/);
  await accessible(page, 'a token');
  assert.equal((await withToken('api/live', secret)).status, 200);
  const refused = await withToken('api/pause', secret, { method: 'DELETE' });
  assert.deepEqual([refused.status, (await refused.json()).error.code], [403, 'not-allowed']);
  await page.reload();
  await page.getByTestId('token-panel').waitFor();
  assert.equal(await card.getByTestId('secret').count(), 0);
  await page.getByRole('button', { name: 'Revoke panel' }).click();
  await page
    .getByTestId('tokens-told')
    .getByText(/is revoked/)
    .waitFor();
  assert.equal((await withToken('api/live', secret)).status, 401);
  forgive(opened);
  await close(opened);
});

test('a second tab signs in, and the first goes on without being loaded again', async () => {
  const opened = await setup('desktop', 'light', 'anna', PASSWORD);
  const { page, context } = opened;
  const second = await context.newPage();
  await second.goto(base.href);
  await second.getByTestId('now-state').waitFor();
  await second.getByRole('button', { name: 'Sign out' }).click();
  await enter(second, 'anna', PASSWORD);
  await second.getByTestId('now-state').waitFor();
  const form = page.getByTestId('add-user');
  await form.getByLabel('Name').fill('dora');
  await form.getByRole('button', { name: 'Add user' }).click();
  await page.getByTestId('user-dora').waitFor();
  await page.getByRole('button', { name: 'Remove dora' }).click();
  await page
    .getByTestId('people-told')
    .getByText(/was removed/)
    .waitFor();
  forgive(opened);
  await close(opened);
});

for (const size of Object.keys(sizes)) {
  for (const scheme of ['light', 'dark']) {
    test(`the set-up of an owner on a ${size}, ${scheme}`, async () => {
      const opened = await setup(size, scheme, 'anna', PASSWORD);
      const { page } = opened;
      for (const card of ['sources', 'targets-setup', 'people', 'tokens', 'password', 'record', 'log']) {
        await page.getByTestId(card).waitFor();
      }
      await page
        .getByTestId('notes')
        .getByText(/signed in/)
        .first()
        .waitFor();
      await page.getByTestId('log-lines').getByText(/audit/).first().waitFor();
      await fits(page);
      await picture(page, `accounts-${size}-${scheme}`);
      await accessible(page, 'set-up');
      forgive(opened);
      await close(opened);
    });
  }
}

test('a copy of the journal is downloaded', async () => {
  const opened = await setup('desktop', 'light', 'anna', PASSWORD);
  const { page } = opened;
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('backup').click()]);
  assert.match(download.suggestedFilename(), /^wattwright-.*\.db$/);
  const stream = await download.createReadStream();
  const [first] = await stream.take(1).toArray();
  assert.equal(first.subarray(0, 15).toString(), 'SQLite format 3');
  forgive(opened);
  await close(opened);
});
