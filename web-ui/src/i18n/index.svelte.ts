import { en } from './en';
import { fr } from './fr';
import type { Messages } from './messages';

export type Locale = 'fr' | 'en';

export const localeNames: Record<Locale, string> = { fr: 'Français', en: 'English' };

const storageKey = 'offhook.language';
const catalogues: Record<Locale, Messages> = { en, fr };

function isLocale(value: unknown): value is Locale {
  return value === 'fr' || value === 'en';
}

function stored(): Locale | undefined {
  try {
    const value = localStorage.getItem(storageKey);
    return isLocale(value) ? value : undefined;
  } catch {
    return undefined; // Storage may be blocked; the browser's language is used then.
  }
}

const state = $state<{ locale: Locale }>({
  locale: stored() ?? (navigator.language.toLowerCase().startsWith('fr') ? 'fr' : 'en'),
});

/** The language shown. Reactive. */
export function locale(): Locale {
  return state.locale;
}

/** The language shown, with the region of this browser when it has one: for dates and numbers. Reactive. */
export function formatLocale(): string {
  const own = navigator.languages.find((value) => value.toLowerCase().startsWith(`${state.locale}-`));
  return own ?? (state.locale === 'en' ? 'en-GB' : 'fr-FR');
}

/** The texts in the language shown. Reactive: `t().calls.title`. */
export function t(): Messages {
  return catalogues[state.locale];
}

/** Changes the language, for this browser. */
export function setLocale(value: Locale): void {
  state.locale = value;
  document.documentElement.lang = value;
  try {
    localStorage.setItem(storageKey, value);
  } catch {
    // Not kept for the next visit; nothing else is lost.
  }
}

/** Uses the box's language unless this browser has chosen one. */
export function suggestLocale(value: string): void {
  if (!stored() && isLocale(value)) {
    state.locale = value;
    document.documentElement.lang = value;
  }
}
