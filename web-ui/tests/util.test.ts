import { describe, expect, it } from 'vitest';
import { dateOf, dayStart, readFilters, startOf, toQuery } from '../src/util/call-filters';
import { splitServer } from '../src/util/credentials';
import { applyRule, exampleOf, isAddress, isDialable, isExtension, isPattern, splitList } from '../src/util/dial';
import { clock, span } from '../src/util/format';
import { reduce, type LiveState } from '../src/util/live-reduce';
import { matchPath } from '../src/util/match';
import type { LiveCall } from '../src/api/types';

describe('addresses of pages', () => {
  it('fit their patterns', () => {
    expect(matchPath('/extensions/:id', '/extensions/12')).toEqual({ id: '12' });
    expect(matchPath('/extensions/:id', '/extensions')).toBeUndefined();
    expect(matchPath('/', '/')).toEqual({});
    expect(matchPath('/calls/:id', '/calls/%E0%A4%A')).toBeUndefined();
  });
});

describe('numbers', () => {
  it('are checked', () => {
    expect(['10', '12345678'].every(isExtension)).toBe(true);
    expect(['1', '123456789', '12a', ''].some(isExtension)).toBe(false);
    expect(['0142685300', '+33142685300', '*21#'].every(isDialable)).toBe(true);
    expect(['', '+', '12 34', 'sip:x'].some(isDialable)).toBe(false);
    expect(['0X.', '.', '12XX', '+33X.'].every(isPattern)).toBe(true);
    expect(['', '0.X', '0x', 'abc', '..'].some(isPattern)).toBe(false);
  });

  it('are changed by a rule as it says', () => {
    expect(applyRule('0142685300', 1, '+33')).toBe('+33142685300');
    expect(exampleOf('0X.')).toMatch(/^0\d{5}$/);
  });

  it('and addresses come in lists', () => {
    expect(splitList(' 112, 15;17  18 ')).toEqual(['112', '15', '17', '18']);
    expect(['203.0.113.5', '2001:db8::1'].every(isAddress)).toBe(true);
    expect(['203.0.113.256', 'carrier.example', ''].some(isAddress)).toBe(false);
  });
});

describe('lengths of time', () => {
  it('read as clocks', () => {
    expect([0, 61_000, 3_725_900, -5].map(clock)).toEqual(['0:00', '1:01', '1:02:05', '0:00']);
  });

  it('read as words', () => {
    expect(span(3 * 86_400_000 + 4 * 3_600_000 + 5, 'en')).toBe('3 days 4 hr');
    expect(span(0, 'en')).toBe('0 sec');
  });
});

describe('the filters of the call list', () => {
  const noon = Date.UTC(2026, 2, 29, 10, 0, 0); // The day France goes to summer time.

  it('begin days at the site’s midnight, also when the clocks change', () => {
    expect(startOf('today', noon, 'Europe/Paris')).toBe(Date.UTC(2026, 2, 28, 23, 0, 0));
    expect(startOf('today', noon, 'America/New_York')).toBe(Date.UTC(2026, 2, 29, 4, 0, 0));
    expect(startOf('week', noon, 'Europe/Paris')).toBe(Date.UTC(2026, 2, 22, 23, 0, 0));
    expect(startOf('week', noon + 3 * 86_400_000, 'Europe/Paris')).toBe(Date.UTC(2026, 2, 25, 23, 0, 0));
    expect(startOf('all', noon, 'Europe/Paris')).toBeUndefined();
  });

  it('take whole days of the site, on both sides of the world', () => {
    for (const [zone, from, to] of [
      ['Europe/Paris', Date.UTC(2026, 2, 28, 23), Date.UTC(2026, 2, 29, 22)], // 23 hours long
      ['Pacific/Auckland', Date.UTC(2026, 2, 28, 11), Date.UTC(2026, 2, 29, 11)],
      ['America/Los_Angeles', Date.UTC(2026, 2, 29, 7), Date.UTC(2026, 2, 30, 7)],
    ] as const) {
      const filters = readFilters(new URLSearchParams('period=days&from=2026-03-29&to=2026-03-29'));
      expect(toQuery(filters, noon, zone, undefined)).toEqual({ limit: 25, from, to });
      expect(dateOf(from, zone)).toBe('2026-03-29');
      expect(dateOf(from - 1, zone)).toBe('2026-03-28');
    }
    expect(dayStart('', 'Europe/Paris')).toBeUndefined();
    expect(readFilters(new URLSearchParams('period=days&from=2026-13-40')).from).toBe('');
  });

  it('come from the address and never trust it', () => {
    const filters = readFilters(new URLSearchParams('period=ever&direction=up&result=missed&extension=me&search=12'));
    expect(filters).toEqual({ period: 'week', from: '', to: '', direction: '', result: 'missed', extension: '', search: '12' });
    expect(toQuery({ ...filters, period: 'all' }, noon, undefined, 'x')).toEqual({ limit: 25, result: 'missed', search: '12', after: 'x' });
  });
});

describe('the box’s address', () => {
  it('splits into host and port', () => {
    expect(splitServer('192.168.1.10:5062')).toEqual({ host: '192.168.1.10', port: '5062' });
    expect(splitServer('[2001:db8::1]:5060')).toEqual({ host: '2001:db8::1', port: '5060' });
    expect(splitServer('pbx.example')).toEqual({ host: 'pbx.example', port: '5060' });
  });
});

describe('live events', () => {
  const empty: LiveState = { calls: [], lines: {}, registrations: {}, changes: {}, begun: false };
  const call = (id: string): LiveCall => ({ id, started: 1, answered: null, called: '1001', legs: [], recording: false });

  it('add up to the calls that are up', () => {
    let state = { ...empty, ...reduce(empty, { type: 'snapshot', calls: [call('a')] }) };
    state = { ...state, ...reduce(state, { type: 'call', call: call('b') }) };
    state = { ...state, ...reduce(state, { type: 'call', call: { ...call('a'), answered: 5 } }) };
    expect(state.calls.map((item) => [item.id, item.answered])).toEqual([['a', 5], ['b', null]]);
    state = { ...state, ...reduce(state, { type: 'call_ended', id: 'a' }) };
    state = { ...state, ...reduce(state, { type: 'call_ended', id: 'unknown' }) };
    expect(state.calls.map((item) => item.id)).toEqual(['b']);
  });

  it('tell what to fetch again, and all of it when some were missed', () => {
    let state: LiveState = { ...empty, ...reduce(empty, { type: 'snapshot', calls: [] }) };
    expect(state.changes).toEqual({});
    state = { ...state, ...reduce(state, { type: 'changed', resource: 'trunks' }) };
    state = { ...state, ...reduce(state, { type: 'registered', extension_id: 'e', registrations: 2 }) };
    expect([state.changes.trunks, state.registrations]).toEqual([1, { e: 2 }]);
    state = { ...state, ...reduce(state, { type: 'snapshot', calls: [] }) };
    expect([state.changes.trunks, state.changes.site, state.registrations]).toEqual([2, 1, {}]);
  });

  it('leave alone what they do not concern', () => {
    expect(reduce(empty, { type: 'leg_ended', call: 'a', extension_id: null, status: 'NO_ANSWER' })).toEqual({});
  });
});
