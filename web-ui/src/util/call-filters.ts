import type { CallQuery, Direction } from '../api/types';

export type Period = 'today' | 'week' | 'month' | 'days' | 'all';
export type Result = 'answered' | 'missed';

/** The filters of the call list, as they are in the address. */
export interface CallFilters {
  period: Period;
  /** Of the period `days`: first and last day, `2026-03-29`; empty is open. */
  from: string;
  to: string;
  direction: Direction | '';
  result: Result | '';
  /** Identifier of an extension that made the call or was offered it. */
  extension: string;
  search: string;
}

export const periods: Period[] = ['today', 'week', 'month', 'days', 'all'];
export const directions: Direction[] = ['internal', 'inbound', 'outbound'];
export const results: Result[] = ['answered', 'missed'];
const day = 86_400_000;

/** Calls on a page. */
export const pageSize = 25;

export function readFilters(query: URLSearchParams): CallFilters {
  const date = (name: string) => (isDate(query.get(name)) ? (query.get(name) ?? '') : '');
  const extension = query.get('extension') ?? '';
  return {
    period: periods.find((value) => value === query.get('period')) ?? 'week',
    direction: directions.find((value) => value === query.get('direction')) ?? '',
    from: date('from'),
    to: date('to'),
    result: results.find((value) => value === query.get('result')) ?? '',
    extension: /^[0-9a-f-]{36}$/i.test(extension) ? extension : '',
    search: query.get('search') ?? '',
  };
}

/** Anything but what is shown at first. */
export function isFiltered(filters: CallFilters): boolean {
  return filters.direction !== '' || filters.result !== '' || filters.extension !== '' || filters.search !== '' || filters.period !== 'all';
}

/** What to ask the box. `after` continues a page. */
export function toQuery(filters: CallFilters, now: number, timeZone: string | undefined, after: string | undefined): CallQuery {
  const query: CallQuery = { limit: pageSize };
  const from = filters.period === 'days' ? dayStart(filters.from, timeZone) : startOf(filters.period, now, timeZone);
  const to = filters.period === 'days' ? dayStart(filters.to, timeZone, 1) : undefined;
  if (from !== undefined) query.from = from;
  if (to !== undefined) query.to = to;
  if (filters.direction) query.direction = filters.direction;
  if (filters.result) query.result = filters.result;
  if (filters.extension) query.extension_id = filters.extension;
  if (filters.search.trim()) query.search = filters.search.trim();
  if (after) query.after = after;
  return query;
}

/** When a period begins; days begin at the site's midnight. */
export function startOf(period: Exclude<Period, 'days'>, now: number, timeZone: string | undefined): number | undefined {
  if (period === 'all') return undefined;
  const midnight = startOfDay(now, timeZone);
  if (period === 'today') return midnight;
  // Back from noon, so that a day of 23 or 25 hours does not land on the wrong one.
  return startOfDay(midnight + day / 2 - (period === 'week' ? 6 : 29) * day, timeZone);
}

/** When a day begins at the site, or one some days later; nothing for what is no date. */
export function dayStart(date: string, timeZone: string | undefined, later = 0): number | undefined {
  if (!isDate(date)) return undefined;
  return atWall(Date.parse(`${date}T00:00:00Z`) + later * day, wallClock(timeZone));
}

/** The day a moment is in at the site: `2026-03-29`. */
export function dateOf(moment: number, timeZone: string | undefined): string {
  return new Date(wallClock(timeZone)(moment)).toISOString().slice(0, 10);
}

function isDate(text: string | null): boolean {
  return text !== null && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

function startOfDay(moment: number, timeZone: string | undefined): number {
  const wall = wallClock(timeZone);
  return atWall(Math.floor(wall(moment) / day) * day, wall);
}

/** What the clock on the wall shows at a moment, as if it were UTC. */
type WallClock = (moment: number) => number;

function wallClock(timeZone: string | undefined): WallClock {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...(timeZone ? { timeZone } : {}),
    hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  });
  return (moment) => {
    const parts = Object.fromEntries(format.formatToParts(moment).map((part) => [part.type, Number(part.value)]));
    return Date.UTC(parts.year ?? 0, (parts.month ?? 1) - 1, parts.day ?? 1, parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0);
  };
}

/** When the wall shows this. The offset may change on the way: corrected twice. */
function atWall(wanted: number, wall: WallClock): number {
  let guess = wanted;
  for (let n = 0; n < 2; n++) guess += wanted - wall(guess);
  return guess;
}
