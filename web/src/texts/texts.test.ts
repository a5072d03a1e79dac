import { expect, it } from 'vitest';
import { languageOf } from '.';
import { de } from './de';
import { en } from './en';
import { de as setupDe } from './setup/de';
import { en as setupEn } from './setup/en';

/** Paths of all texts; those of a table by rule or state included, which the type leaves open. */
function paths(texts: object, at = ''): string[] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null ? paths(value, `${at}${key}.`) : [`${at}${key}`],
  );
}

it('has every text in every language', () => {
  expect(paths(de).sort()).toEqual(paths(en).sort());
  expect(paths(setupDe).sort()).toEqual(paths(setupEn).sort());
});

it('takes the chosen language before that of the browser, and English for all others', () => {
  expect(languageOf('de', ['en-GB'])).toBe('de');
  expect(languageOf(null, ['de-AT', 'en'])).toBe('de');
  expect(languageOf(null, ['fr-FR', 'de'])).toBe('de');
  expect(languageOf(null, ['fr-FR'])).toBe('en');
  expect(languageOf('xx', [])).toBe('en');
});
