import type { CallQuery, Direction } from '../api/types';

export type Period = 'today' | 'week' | 'month' | 'all';

/** The filters of the call list, as they are in the address. */
export interface CallFilters {
  period: Period;
  direction: Direction | '';
  missed: boolean;
  search: string;
}

const periods: Period[] = ['today', 'week', 'month', 'all'];
const directions: Direction[] = ['internal', 'inbound', 'outbound'];
const day = 86_400_000;

/** Calls on a page. */
export const pageSize = 25;

export function readFilters(query: URLSearchParams): CallFilters {
  return {
    period: periods.find((value) => value === query.get('period')) ?? 'week',
    direction: directions.find((value) => value === query.get('direction')) ?? '',
    missed: query.get('missed') === '1',
    search: query.get('search') ?? '',
  };
}

/** Anything but what is shown at first. */
export function isFiltered(filters: CallFilters): boolean {
  return filters.direction !== '' || filters.missed || filters.search !== '' || filters.period !== 'all';
}

/** What to ask the box. `after` continues a page. */
export function toQuery(filters: CallFilters, now: number, timeZone: string | undefined, after: string | undefined): CallQuery {
  const query: CallQuery = { limit: pageSize };
  const from = startOf(filters.period, now, timeZone);
  if (from !== undefined) query.from = from;
  if (filters.direction) query.direction = filters.direction;
  if (filters.missed) query.result = 'missed';
  if (filters.search.trim()) query.search = filters.search.trim();
  if (after) query.after = after;
  return query;
}

/** When a period begins; days begin at the site's midnight. */
export function startOf(period: Period, now: number, timeZone: string | undefined): number | undefined {
  if (period === 'all') return undefined;
  const midnight = startOfDay(now, timeZone);
  if (period === 'today') return midnight;
  // Back from noon, so that a day of 23 or 25 hours does not land on the wrong one.
  return startOfDay(midnight + day / 2 - (period === 'week' ? 6 : 29) * day, timeZone);
}

function startOfDay(moment: number, timeZone: string | undefined): number {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...(timeZone ? { timeZone } : {}),
    hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  });
  const wall = (at: number) => {
    const parts = Object.fromEntries(format.formatToParts(at).map((part) => [part.type, Number(part.value)]));
    return Date.UTC(parts.year ?? 0, (parts.month ?? 1) - 1, parts.day ?? 1, parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0);
  };
  const wanted = Math.floor(wall(moment) / day) * day;
  // The offset may change between midnight and now: correct twice.
  let guess = wanted - (wall(moment) - Math.floor(moment / 1000) * 1000);
  guess += wanted - wall(guess);
  return guess;
}
