import { expect, it } from 'vitest';
import { pageHref, PAGES, placeOf, tickHref } from './route.svelte';

it('finds each page again by its own address', () => {
  for (const page of PAGES) expect(placeOf(pageHref(page))).toEqual({ page, tick: null });
  expect(placeOf(tickHref(4711))).toEqual({ page: 'history', tick: 4711 });
});

it('shows what is now for an address that it does not know', () => {
  for (const hash of ['', '#', '#/', '#/nothing', '#plan?x', '#/NOW', '#/__proto__'])
    expect(placeOf(hash).page, hash).toBe('now');
});

it('takes only whole positive numbers for decisions', () => {
  for (const id of ['', '0', '-1', '1e3', '1.5', 'x', '99999999999999999999'])
    expect(placeOf(`#/history/${id}`), id).toEqual({ page: 'history', tick: null });
});
