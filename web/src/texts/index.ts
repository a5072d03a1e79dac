/** The texts in the reader's language. */
import { de } from './de';
import { en, type Texts } from './en';

export const languages = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;

const KEY = 'language';

/** What the reader chose, else what the browser asks for, else English. */
export function languageOf(chosen: string | null, asked: readonly string[]): Language {
  const known = [chosen ?? '', ...asked].map((tag) => tag.slice(0, 2).toLowerCase());
  return known.find((tag): tag is Language => tag in languages) ?? 'en';
}

/** A browser may refuse to keep anything. */
function chosen(): string | null {
  try {
    return globalThis.localStorage?.getItem(KEY) ?? null;
  } catch {
    return null;
  }
}

const asked = globalThis.navigator?.languages ?? [];

export const language = languageOf(chosen(), asked);

/** For numbers and times; undefined: the browser's own. */
export const locale: string | undefined =
  chosen() === null ? undefined : (asked.find((tag) => tag.toLowerCase().startsWith(language)) ?? language);

export const texts: Texts = { en, de }[language];

/** All texts are read once, so the page is loaded anew. */
export function choose(language: Language): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    return;
  }
  location.reload();
}
