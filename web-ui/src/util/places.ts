/** Countries by their usual time zone, to guess the country of a browser. */
const zoneOf: Record<string, string> = {
  AT: 'Europe/Vienna', AU: 'Australia/Sydney', BE: 'Europe/Brussels', CA: 'America/Toronto', CH: 'Europe/Zurich',
  CZ: 'Europe/Prague', DE: 'Europe/Berlin', DK: 'Europe/Copenhagen', ES: 'Europe/Madrid', FI: 'Europe/Helsinki',
  FR: 'Europe/Paris', GB: 'Europe/London', GR: 'Europe/Athens', HU: 'Europe/Budapest', IE: 'Europe/Dublin',
  IT: 'Europe/Rome', JP: 'Asia/Tokyo', LU: 'Europe/Luxembourg', MX: 'America/Mexico_City', NL: 'Europe/Amsterdam',
  NO: 'Europe/Oslo', NZ: 'Pacific/Auckland', PL: 'Europe/Warsaw', PT: 'Europe/Lisbon', SE: 'Europe/Stockholm',
  US: 'America/New_York',
};

/** The browser's time zone. */
export function ownTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** The usual time zone of a country. */
export function usualTimeZone(country: string): string | undefined {
  return zoneOf[country];
}

/** The browser's time zone; a browser that knows none says UTC, then the country's. */
export function guessTimeZone(country: string): string {
  const own = ownTimeZone();
  return /^(UTC|Etc\/.*|GMT)$/.test(own) ? (usualTimeZone(country) ?? own) : own;
}

/** The likeliest country: by the browser's time zone, then its language. */
export function guessCountry(known: string[]): string {
  const zone = ownTimeZone();
  const byZone = Object.entries(zoneOf).find(([code, name]) => name === zone && known.includes(code))?.[0];
  const byLanguage = new Intl.Locale(navigator.language).maximize().region;
  return byZone ?? (byLanguage && known.includes(byLanguage) ? byLanguage : (known.find((code) => code === 'FR') ?? known[0] ?? 'FR'));
}

/** Countries with their names, sorted by name in that language. */
export function namedCountries(codes: string[], locale: string): { value: string; label: string }[] {
  const names = new Intl.DisplayNames(locale, { type: 'region', fallback: 'code' });
  const label = (code: string) => {
    try {
      return names.of(code) ?? code;
    } catch {
      return code; // Not an ISO code: shown as it is.
    }
  };
  return codes
    .map((value) => ({ value, label: label(value) }))
    .sort((a, b) => a.label.localeCompare(b.label, locale));
}

/** All time zones this browser knows, with `current` in any case. */
export function timeZones(current: string): string[] {
  const zones = Intl.supportedValuesOf('timeZone');
  return zones.includes(current) ? zones : [current, ...zones];
}
