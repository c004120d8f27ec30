import { client, take } from './client';
import type { CallQuery } from './types';

const at = (id: string) => ({ params: { path: { id } } });

export const listCalls = (query: CallQuery) => take(client.GET('/api/v1/calls', { params: { query } }));
export const getCall = (id: string) => take(client.GET('/api/v1/calls/{id}', at(id)));
export const hangUp = (id: string) => take(client.DELETE('/api/v1/live/calls/{id}', at(id)));

export const getTrace = (id: string) => take(client.GET('/api/v1/calls/{id}/trace', at(id)));
/** The ladder as text, each message whole. */
export const getTraceText = (id: string) =>
  take(client.GET('/api/v1/calls/{id}/trace.txt', { params: { path: { id }, query: { messages: true } }, parseAs: 'text' }));

/** Address of the ladder as text, for saving. */
export function traceUrl(id: string): string {
  return `/api/v1/calls/${encodeURIComponent(id)}/trace.txt?messages=true&download=true`;
}

/** Address of a call's recording, for a player or (with `download`) for saving. */
export function recordingUrl(id: string, download = false): string {
  return `/api/v1/calls/${encodeURIComponent(id)}/recording${download ? '?download=true' : ''}`;
}
