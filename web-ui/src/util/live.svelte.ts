import { eventsUrl } from '../api/site';
import type { LiveCall, LiveEvent, Resource } from '../api/types';
import { reduce, type LiveState } from './live-reduce';

/** Pause before a refused stream is opened again, in milliseconds. */
const retryDelay = 2000;

const state = $state<LiveState & { connected: boolean; everConnected: boolean }>({
  calls: [],
  lines: {},
  registrations: {},
  changes: {},
  begun: false,
  connected: false,
  everConnected: false,
});

let source: EventSource | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;

/** What is going on right now, from the one event stream. Reactive. */
export const live = {
  get calls(): LiveCall[] {
    return state.calls;
  },
  /** The stream was up and is lost. */
  get lost(): boolean {
    return state.everConnected && !state.connected;
  },
  get connected(): boolean {
    return state.connected;
  },
  /** State of an analog line, if it changed since the page was opened. */
  line(id: string): string | undefined {
    return state.lines[id];
  },
  /** Registrations of an extension, if they changed since the page was opened. */
  registrations(id: string): number | undefined {
    return state.registrations[id];
  },
  /** Grows each time the configuration of this kind was changed by anybody. */
  changes(resource: Resource): number {
    return state.changes[resource] ?? 0;
  },
};

/** Opens the stream; it reopens by itself. */
export function startLive(): void {
  stopLive();
  open();
}

/** Closes the stream. */
export function stopLive(): void {
  clearTimeout(retry);
  source?.close();
  source = undefined;
  Object.assign(state, { calls: [], lines: {}, registrations: {}, changes: {}, begun: false, connected: false, everConnected: false });
}

function open(): void {
  const stream = new EventSource(eventsUrl);
  source = stream;
  const take = (event: MessageEvent<string>) => {
    let parsed: LiveEvent;
    try {
      parsed = JSON.parse(event.data) as LiveEvent;
    } catch {
      return; // An event this page does not know is skipped.
    }
    Object.assign(state, reduce(state, parsed));
  };
  const kinds: LiveEvent['type'][] = ['snapshot', 'call', 'call_ended', 'leg_ended', 'registered', 'line', 'changed'];
  for (const kind of kinds) stream.addEventListener(kind, take);
  stream.onopen = () => {
    state.connected = true;
    state.everConnected = true;
  };
  stream.onerror = () => {
    state.connected = false;
    // The browser reopens a broken stream, but gives up on one that was refused.
    if (stream.readyState === EventSource.CLOSED && source === stream) {
      clearTimeout(retry);
      retry = setTimeout(open, retryDelay);
    }
  };
}
