import type { LiveCall, LiveEvent, Resource } from '../api/types';

/** What the live events add up to. */
export interface LiveState {
  /** Oldest first. */
  calls: LiveCall[];
  lines: Record<string, string>;
  registrations: Record<string, number>;
  changes: Partial<Record<Resource, number>>;
}

/** The parts of the state that an event changes. */
export function reduce(state: LiveState, event: LiveEvent): Partial<LiveState> {
  switch (event.type) {
    case 'snapshot':
      // Events may have been missed: everything fetched is fetched again.
      return { calls: event.calls, changes: bumpAll(state.changes) };
    case 'call': {
      const known = state.calls.some((call) => call.id === event.call.id);
      return {
        calls: known
          ? state.calls.map((call) => (call.id === event.call.id ? event.call : call))
          : [...state.calls, event.call],
      };
    }
    case 'call_ended':
      return { calls: state.calls.filter((call) => call.id !== event.id) };
    case 'registered':
      return { registrations: { ...state.registrations, [event.extension_id]: event.registrations } };
    case 'line':
      return { lines: { ...state.lines, [event.line]: event.state } };
    case 'changed':
      return { changes: { ...state.changes, [event.resource]: (state.changes[event.resource] ?? 0) + 1 } };
    default:
      return {};
  }
}

function bumpAll(changes: LiveState['changes']): LiveState['changes'] {
  const next: LiveState['changes'] = {};
  for (const key of Object.keys(changes) as Resource[]) next[key] = (changes[key] ?? 0) + 1;
  return next;
}
