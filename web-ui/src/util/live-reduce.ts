import type { LiveCall, LiveEvent, Resource } from '../api/types';

/** What the live events add up to. */
export interface LiveState {
  /** Oldest first. */
  calls: LiveCall[];
  lines: Record<string, string>;
  registrations: Record<string, number>;
  changes: Partial<Record<Resource, number>>;
  /** A snapshot has come: the next one means that events were missed. */
  begun: boolean;
}

const resources: Resource[] = [
  'site', 'extensions', 'lines', 'trunks', 'outbound_routes', 'inbound_routes', 'announcements', 'recording_rules',
];

/** The parts of the state that an event changes. */
export function reduce(state: LiveState, event: LiveEvent): Partial<LiveState> {
  switch (event.type) {
    case 'snapshot':
      return { calls: event.calls, begun: true, ...(state.begun ? missed(state) : {}) };
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

/** Events were missed: everything fetched is fetched again, and what only events told is forgotten. */
function missed(state: LiveState): Partial<LiveState> {
  const changes: LiveState['changes'] = {};
  for (const key of resources) changes[key] = (state.changes[key] ?? 0) + 1;
  return { changes, lines: {}, registrations: {} };
}
