/** The texts of the set-up page in the reader's language. */
import { language } from '..';
import { de } from './de';
import { en, type SetupTexts } from './en';

export const setupTexts: SetupTexts = { en, de }[language];
