// Signing in, as a viewer and as an owner, against a daemon that others can reach. It has the users `anna`,
// an owner, and `ben`, a viewer; PASSWORD is that of both. See browser.mjs for how to run it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, close, fits, open, picture } from './browser.mjs';

async function enter(page, name, password) {
  await page.getByTestId('login').waitFor();
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** A browser notes each answer that is no success; those here are meant. */
const forgive = ({ complaints }) =>
  complaints.splice(0, complaints.length, ...complaints.filter((c) => !/status of 40[13]/.test(c)));

test('a viewer looks and changes nothing', async () => {
  const opened = await open('phone', 'light');
  const { page } = opened;
  await page.getByTestId('login').waitFor();
  await fits(page);
  await accessible(page, 'signing in');
  await picture(page, 'login-phone');
  await enter(page, 'ben', 'not the password');
  await page.getByRole('alert').getByText(/wrong/).waitFor();
  await enter(page, 'ben', process.env.PASSWORD ?? '');
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
  await enter(page, 'anna', process.env.PASSWORD ?? '');
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
